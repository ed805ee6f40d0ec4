"""`paper serve` as a process over real sockets, and `paper reset`: what a script that drives them relies on."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from marginbot.domain.amounts import Symbol
from marginbot.domain.situation import RuleMemory
from marginbot.engine.journal.journal import Journal
from marginbot.engine.journal.notebook import Notebook
from marginbot.paper.books.scenarios import DEFAULT_UID

WORDS = [sys.executable, "-c", "import sys; from marginbot.cli.main import main; sys.exit(main())", "paper"]
Serve = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def serve() -> Iterator[Serve]:
    running: list[subprocess.Popen[str]] = []

    def start(*flags: str) -> "subprocess.Popen[str]":
        process = subprocess.Popen([*WORDS, "serve", *flags], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        running.append(process)
        return process

    yield start
    for process in running:
        process.kill()
        process.communicate()


def test_serve_says_in_one_line_where_it_listens_and_ends_with_0_on_sigterm(serve: Serve, marginbot, capsys, folder: Path):
    public = Ed25519PrivateKey.generate().public_key()
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    (folder / "pub.pem").write_bytes(pem)
    process = serve("--json", "--public-key", "pub.pem")
    assert process.stdout is not None
    ready = json.loads(process.stdout.readline())
    assert set(ready) == {"rest_url", "stream_url", "ws_api_url", "api_key", "api_secret", "keys"}
    assert [key["type"] for key in ready["keys"]] == ["HMAC", "ED25519"]
    with urlopen(ready["rest_url"] + "/api/v3/time", timeout=10) as answer:  # noqa: S310 - our own server
        assert "serverTime" in json.load(answer)

    # One world, one holder: a second server and a reset are refused while it runs.
    for words in (("serve",), ("reset",)):
        assert marginbot("paper", *words) == 3
        assert ready["rest_url"] in capsys.readouterr().err

    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=15)
    assert (process.returncode, out, err) == (0, "", "")


def test_the_table_for_people_shows_whole_keys_on_a_narrow_terminal(serve: Serve, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COLUMNS", "40")
    process = serve()
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(7)]
    shown = dict(line.rsplit(None, 1) for line in lines[1:])
    assert shown["rest_url"].startswith("http://127.0.0.1:")
    assert shown["accepts HMAC"] == shown["api_key"]
    assert len(shown["api_key"]) == len(shown["api_secret"]) == 64
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=15) == 0


def test_reset_begins_the_named_scenario(marginbot, capsys):
    assert marginbot("paper", "reset") == 0
    assert capsys.readouterr().out == "The paper world is back at the beginning of scenario default.\n"
    assert marginbot("paper", "reset", "--scenario", "empty") == 0
    assert "scenario empty" in capsys.readouterr().out


def test_after_a_reset_no_rule_has_fired_yet(marginbot, folder: Path):
    assert marginbot("paper", "reset") == 0
    journal = Journal.in_file(folder / "state" / "marginbot" / "journal.sqlite")
    notebook = Notebook(journal.file, str(DEFAULT_UID))
    notebook.remember(Symbol("BTCUSDT"), "warn", RuleMemory(armed=False))
    assert marginbot("paper", "reset") == 0
    assert notebook.memories(Symbol("BTCUSDT")) == {}
    journal.close()


@pytest.mark.parametrize(
    ("words", "key"),
    [
        (("serve", "--json", "--scenario", "nope"), "--scenario"),
        (("serve", "--json", "--public-key", "none.pem"), "--public-key"),
        (("serve", "--json", "--public-key", __file__), "--public-key"),
        (("serve", "--json", "--host", "example.com"), "--host"),
        (("serve", "--json", "--token-file", "none"), "--token-file"),
    ],
)
def test_a_wrong_flag_is_exit_2_and_makes_no_world(marginbot, capsys, folder: Path, words: tuple[str, ...], key: str):
    assert marginbot("paper", *words) == 2
    assert json.loads(capsys.readouterr().out)["key"] == key
    assert not list(folder.glob("state/**/paper-world*.json"))


@pytest.mark.parametrize(
    ("mode", "content", "says"),
    [
        (0o640, "a" * 32, "chmod 600"),
        (0o604, "a" * 32, "chmod 600"),
        (0o600, "short", "16"),
        (0o600, "two words" * 4, "one word"),
    ],
)
def test_a_token_file_is_a_secret_file(marginbot, capsys, folder: Path, mode: int, content: str, says: str):
    file = folder / "token"
    file.write_text(content)
    file.chmod(mode)
    code = marginbot("paper", "serve", "--json", "--host", "0.0.0.0", "--token-file", "token")  # noqa: S104
    out, err = capsys.readouterr()
    assert (code, json.loads(out)["key"]) == (2, "--token-file")
    assert says in out
    assert content not in out + err
