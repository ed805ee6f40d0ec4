"""Every client signs in with every kind of key it knows: a shared secret, Ed25519, RSA."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from tests.conformance.clients import a_ccxt, official, python_binance
from tests.sockets.server import Server, served

KINDS = ("Ed25519", "RSA")


class Signed(NamedTuple):
    server: Server
    pems: dict[str, str]


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Signed]:
    """A testnet that knows the public halves of two key pairs."""
    folder: Path = tmp_path_factory.mktemp("keys")
    pairs = dict(zip(KINDS, (ed25519.Ed25519PrivateKey.generate(), rsa.generate_private_key(65537, 2048)), strict=True))
    flags: list[str] = []
    for kind, pair in pairs.items():
        public = pair.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        (folder / kind).write_bytes(public)
        flags += ["--public-key", str(folder / kind)]
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    pems = {kind: pair.private_bytes(*form).decode() for kind, pair in pairs.items()}
    with served(tmp_path_factory.mktemp("exchange"), "--scenario", "empty", *flags) as server:
        yield Signed(server, pems)


@pytest.mark.parametrize("kind", KINDS)
def test_python_binance_signs_with_a_private_key(signed: Signed, kind: str):
    with python_binance(signed.server.url, _key(signed, kind), pem=signed.pems[kind]) as client:
        assert client.get_isolated_margin_account(symbols="BTCUSDT")["assets"][0]["symbol"] == "BTCUSDT"


@pytest.mark.parametrize("kind", KINDS)
def test_ccxt_signs_with_a_private_key(signed: Signed, kind: str):
    with a_ccxt(signed.server.url, _key(signed, kind), signed.pems[kind]) as client:
        assert client.fetch_balance({"marginMode": "isolated", "symbols": ["BTC/USDT"]})["USDT"]["debt"] == 0


@pytest.mark.parametrize("kind", KINDS)
def test_the_official_sdk_signs_with_a_private_key(signed: Signed, kind: str):
    with official(signed.server.url, _key(signed, kind), pem=signed.pems[kind]) as client:
        assert client.query_isolated_margin_account_info(symbols="BTCUSDT").data().assets[0].symbol == "BTCUSDT"


def _key(signed: Signed, kind: str) -> str:
    return signed.server.key(kind.upper())
