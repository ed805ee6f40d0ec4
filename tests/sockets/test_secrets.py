"""Every command at the highest verbosity, with every library's log at DEBUG and faults on the way: no secret comes out.

Secrets are the keys the bot was given, whatever is signed with them, and the token of the controls. The one place that may
hold keys is the world file of the testnet: it is that exchange's own book, and the keys in it are good nowhere else.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from websockets.sync.client import connect

from tests.sockets.bot import Bot, Ended, a_bot
from tests.sockets.raw import dial
from tests.sockets.server import ACCOUNT, LOAN, Server, served
from tests.sockets.warm import EVERYTHING

SIGNED = re.compile(r"signature=(?!\[)|\b[0-9a-f]{64}\b", re.IGNORECASE)
UNWIND = ("unwind", "BTCUSDT", "--yes", "--deadline", "20", "--json")
JOURNAL = ("journal", "--json")
FAULTS: dict[str, dict[str, Any]] = {
    "disconnect": {"kind": "disconnect"},
    "a 403 page": {"kind": "answer", "canned": "html_403"},
    "a 500": {"kind": "answer", "canned": "-1000"},
    "a wrong signature": {"kind": "answer", "status": 400, "body": '{"code": -1022, "msg": "Signature is not valid."}'},
    "half an answer": {"kind": "truncated"},
}

# Each fault meets an unwind, and one of the commands that only read.
MEETINGS = [
    ("disconnect", "HMAC", ("record", "BTCUSDT", "--out", "cassettes", "--force")),
    ("a 403 page", "ED25519", ("plan", "BTCUSDT", "--json")),
    ("a 500", "HMAC", ("doctor", "--json")),
    ("a wrong signature", "HMAC", ("status", "--json")),
    ("half an answer", "ED25519", ("record", "BTCUSDT", "--out", "cassettes", "--force")),
]


def keep(server: Server, home: Path, kind: str, private_key_file: Path) -> tuple[Bot, list[str]]:
    """A bot with a key of that kind, and the texts nobody may see."""
    if kind == "ED25519":
        pem = private_key_file.read_text()
        key = server.key("ED25519")
        bot = a_bot(home, server, API_KEY=key, PRIVATE_KEY_FILE=str(private_key_file))
        return bot, [key, *(line for line in pem.splitlines() if line and "-----" not in line), "PRIVATE KEY"]
    pair = server.control("POST", "keys", {"rights": {}})
    return a_bot(home, server, API_KEY=pair["api_key"], API_SECRET=pair["api_secret"]), list(pair.values())


def leaks(ended: Ended, home: Path, hidden: list[str]) -> list[str]:
    """Where a hidden text is to be read: what the command said, and every file it left behind."""
    kept = {str(file): file.read_bytes().decode("latin-1") for file in home.rglob("*") if file.is_file()}
    places = {"stdout": ended.out, "stderr": ended.err, **kept}
    return [place for place, text in places.items() if any(word in text for word in hidden) or SIGNED.search(text)]


@pytest.mark.parametrize(("name", "kind", "reads"), MEETINGS, ids=lambda value: value if isinstance(value, str) else value[0])
def test_nothing_a_command_says_or_keeps_holds_a_secret(
    server: Server, tmp_path: Path, private_key_file: Path, name: str, kind: str, reads: tuple[str, ...]
):
    bot, hidden = keep(server, tmp_path, kind, private_key_file)
    bot.env[EVERYTHING] = "1"
    server.a_long()
    for number, words in enumerate((reads, UNWIND, JOURNAL)):
        server.control("DELETE", "faults")
        server.fault(**FAULTS[name], path="/sapi/*", skip=number, count=2)
        ended = bot.run(*words, "-vv")
        assert "level='debug'" in ended.err or words == JOURNAL, "there are logs to look into"
        assert leaks(ended, tmp_path, hidden) == [], (words, ended)
    server.control("DELETE", "faults")
    assert bot.unwind("BTCUSDT").unwound()["outcome"] == "flat"


@pytest.mark.parametrize("words", [("status",), ("doctor",), ("unwind", "BTCUSDT", "--yes")])
def test_a_secret_that_is_wrong_or_malformed_is_not_shown_to_say_so(server: Server, tmp_path: Path, words: tuple[str, ...]):
    bot = a_bot(tmp_path, server)
    bot.env[EVERYTHING] = "1"
    for secret in ("not-the-secret-" + "5" * 20, "two words " * 3, "ünïcode-secret"):
        ended = bot.run(*words, "-vv", EXCHANGE__API_SECRET=secret)
        assert ended.code in (1, 2, 3, 4)
        assert leaks(ended, tmp_path, [secret, secret.split()[0]]) == [], ended


def test_a_private_key_that_cannot_be_used_is_not_shown_to_say_so(server: Server, tmp_path: Path):
    whole = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"pass")
    )
    (home := tmp_path / "home").mkdir()
    for number, pem in enumerate(
        (whole, whole[:60], b"-----BEGIN PRIVATE KEY-----\nnot/base64/hunter2hunter2\n-----END PRIVATE KEY-----")
    ):
        file = tmp_path / f"{number}.pem"
        file.touch(0o600)
        file.write_bytes(pem)
        ended = a_bot(home, server, API_KEY=server.key(), PRIVATE_KEY_FILE=str(file)).run("status", "-vv")
        assert ended.code == 2
        assert leaks(ended, home, [*pem.decode().splitlines()[1:2], "BEGIN"]) == [], ended


@pytest.fixture(scope="module")
def loud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that logs all there is, and demands a token."""
    state = tmp_path_factory.mktemp("loud")
    (state / "token").touch(0o600)
    (state / "token").write_text("token-of-the-controls-0123")
    (state / "sitecustomize.py").write_text(
        "import logging\n"
        "set_level = logging.Logger.setLevel\n"
        "logging.Logger.setLevel = lambda logger, level: set_level(logger, logging.DEBUG)\n"
    )
    path = os.pathsep.join([str(state), *filter(None, [os.environ.get("PYTHONPATH")])])
    with served(state, "-vv", "--token-file", "token", silent=False, cold=True, PYTHONPATH=path) as server:
        server.http.headers["Authorization"] = "Bearer token-of-the-controls-0123"
        yield server


def test_the_testnet_logs_and_keeps_no_secret_of_its_clients(loud: Server):
    secret = "token-of-the-controls-0123"
    pair = loud.control("POST", "keys", {"rights": {}})
    loud.a_long()
    token = loud.call("POST", "/sapi/v1/userListenToken", isIsolated="TRUE", symbol="BTCUSDT")["token"]
    for name, path in zip(FAULTS, (ACCOUNT, LOAN, "*", "*", "*"), strict=True):
        loud.fault(**FAULTS[name], path=path)
    headers = {"X-MBX-APIKEY": pair["api_key"], "Authorization": f"Bearer {secret}"}
    with connect(loud.ready["ws_api_url"], proxy=None, additional_headers=headers) as api:
        api.send(json.dumps({"id": 1, "method": "userDataStream.subscribe.listenToken", "params": {"listenToken": token}}))
        assert json.loads(api.recv(timeout=5))["status"] == 200
    for request in (
        b"GET /paper/log HTTP/1.1\r\nAuthorization: Bearer " + secret.encode() + b"\r\n\xff\r\n\r\n",
        b"\x00" + secret.encode(),
    ):
        with dial(loud.url) as connection:
            connection.sendall(request)
            connection.recv(65536)
    logged = loud.err.read_text()
    assert "level='debug'" in logged
    assert "x-mbx-apikey: " in logged, "headers are logged"
    assert "< TEXT " in logged, "and so are frames"
    world = [file for file in loud.err.parent.rglob("paper-world*.json")]
    others = [file for file in loud.err.parent.rglob("*") if file.is_file() and file.name not in ("token", "sitecustomize.py")]
    for file in {*others} - {*world}:
        text = file.read_bytes().decode("latin-1")
        assert [word for word in (secret, token, *pair.values()) if word in text] == [], file
        assert SIGNED.search(text) is None, (file, SIGNED.search(text))
    assert [file for file in world if secret.encode() in file.read_bytes()] == []
    assert {file.stat().st_mode & 0o077 for file in world} == {0}, "nobody else reads the world"
