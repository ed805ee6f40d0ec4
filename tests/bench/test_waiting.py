"""How long a person waits: for an unwind over a slow line, and for help."""

from __future__ import annotations

import subprocess

from tests.sockets.bot import a_bot
from tests.sockets.process import COMMAND
from tests.sockets.server import clean_environment, served

LATENCY_MS = 200
HELP_S = 0.35


def test_a_plain_long_over_a_line_of_200_ms_takes_seven_round_trips_and_about_a_second_and_a_half(benchmark, tmp_path):
    documents = []
    with served(tmp_path, "--scenario", "empty", "--latency-ms", str(LATENCY_MS)) as server:
        bot = a_bot(tmp_path / "bot", server)
        benchmark.pedantic(lambda: documents.append(bot.unwind("BTCUSDT").unwound()), setup=server.a_long, rounds=3)
        bot.close()
    assert {document["outcome"] for document in documents} == {"flat"}
    assert max(document["round_trips"] for document in documents) <= 7
    fastest = benchmark.extra_info["elapsed_ms"] = min(document["elapsed_ms"] for document in documents)
    assert 7 * LATENCY_MS <= fastest <= 1_800


def test_help_is_there_in_less_than_0_35_s(benchmark, tmp_path):
    def ask_for_help() -> None:
        done = subprocess.run([*COMMAND, "--help"], env=clean_environment(tmp_path), capture_output=True, text=True, check=True)
        assert "unwind" in done.stdout

    benchmark.pedantic(ask_for_help, rounds=7, warmup_rounds=1)
    assert benchmark.stats.stats.min < HELP_S
