"""One server a module, emptied of faults after every test; each test has a bot with a state of its own.

Not one for all: the server counts request weights as the exchange does, and all tests together would spend more than a
minute has.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.sockets.bot import Bot, a_bot
from tests.sockets.server import Server, served


@pytest.fixture(scope="session", autouse=True)
def _a_ctrl_c_is_heard() -> None:
    """Where the tests themselves were started in the background, whoever they start would ignore it as they do."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def private_key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An Ed25519 key as its owner would keep it; the public half lies beside it."""
    folder = tmp_path_factory.mktemp("key")
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    (folder / "public.pem").write_bytes(public)
    file = folder / "private.pem"
    file.touch(mode=0o600)
    plain = serialization.NoEncryption()
    file.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    return file


@pytest.fixture(scope="module")
def the_server(tmp_path_factory: pytest.TempPathFactory, private_key_file: Path) -> Iterator[Server]:
    public = private_key_file.with_name("public.pem")
    with served(tmp_path_factory.mktemp("exchange"), "--scenario", "empty", "--public-key", str(public)) as server:
        yield server


@pytest.fixture
def server(the_server: Server) -> Iterator[Server]:
    yield the_server
    the_server.control("DELETE", "faults")


@pytest.fixture
def bot(server: Server, tmp_path: Path) -> Iterator[Bot]:
    bot = a_bot(tmp_path, server)
    yield bot
    bot.close()


@pytest.fixture
def goes_on(server: Server) -> Iterator[None]:
    """Whatever the test does, the server still answers; that its process said nothing on stderr is seen when it ends."""
    yield
    answer = server.http.get("/api/v3/time")
    assert (answer.status_code, list(answer.json())) == (200, ["serverTime"])
