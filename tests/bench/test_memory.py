"""How much memory a daemon holds that has begun to watch."""

from __future__ import annotations

import threading

from marginbot.paper.books.catalogue import LISTED
from tests.sockets.burst import MIB, resident
from tests.sockets.daemon import Daemon, a_world, watched_from
from tests.sockets.test_many_at_once import POLICY, SYMBOLS, a_long

MOST = 150 * MIB
AFTER_S = 20


def test_a_daemon_that_watches_twenty_pairs_with_streams_holds_less_than_150_mib(benchmark, tmp_path):
    positions = [a_long(number, listing, price) for number, (listing, price, _) in enumerate(LISTED)]
    with a_world(tmp_path, {"spot": {"USDT": "1000"}, "positions": positions}) as server:
        bot = watched_from(server, tmp_path / "bot", POLICY)
        try:
            daemon = Daemon(bot, bot.start("run", cold=True))

            def heard() -> set[str]:
                return {entry["params"]["symbol"] for entry in server.log() if entry["path"] == "/sapi/v1/userListenToken"}

            daemon.until(lambda: bool(daemon.told("watching")), "it never began to watch")
            benchmark.pedantic(threading.Event().wait, (AFTER_S,), rounds=1)
            assert heard() == set(SYMBOLS)
            held = resident(daemon.running.pid)
            daemon.stop()
        finally:
            bot.close()
    benchmark.extra_info["MiB"] = round(held / MIB, 1)
    assert held < MOST
