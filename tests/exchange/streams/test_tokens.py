"""Listen tokens: the request, what is read of the answer, and who may ask."""

from __future__ import annotations

from urllib.parse import parse_qsl

import pytest

from marginbot.errors import ReadFailed, RequestRejected
from marginbot.exchange.messages import Call
from marginbot.exchange.weights import Kind, weight_of
from tests.exchange.conftest import API_KEY, NOW_MS, an_exchange

PATH = "/sapi/v1/userListenToken"


@pytest.mark.parametrize("expiry", [NOW_MS, NOW_MS * 1000], ids=["13 digits", "16 digits"])
async def test_a_token_is_asked_for_one_isolated_pair_signed_and_with_the_key(exchange, binance, expiry):
    route = binance.post(PATH).respond(json={"token": "t" * 64, "expirationTime": expiry})
    token = await exchange.listen_token("BTCUSDT")
    assert (token.token, token.expires_ms) == ("t" * 64, NOW_MS)
    request = route.calls.last.request
    sent = dict(parse_qsl(request.content.decode()))
    assert sent.pop("signature")
    assert sent == {"symbol": "BTCUSDT", "isIsolated": "true", "recvWindow": "5000", "timestamp": str(NOW_MS)}
    assert request.headers["X-MBX-APIKEY"] == API_KEY


async def test_a_token_is_never_shown(exchange, binance):
    binance.post(PATH).respond(json={"token": "t" * 64, "expirationTime": NOW_MS})
    assert "ttt" not in repr(await exchange.listen_token("BTCUSDT"))


@pytest.mark.parametrize(
    "body", [{}, {"token": "t"}, {"token": "t", "expirationTime": "soon"}, {"token": "t", "expirationTime": 10**30}]
)
async def test_an_answer_without_token_and_end_is_a_failed_read(exchange, binance, body):
    binance.post(PATH).respond(json=body)
    with pytest.raises(ReadFailed):
        await exchange.listen_token("BTCUSDT")


async def test_a_lost_answer_is_a_failed_read_since_nothing_was_changed(exchange, binance):
    binance.post(PATH).respond(503)
    with pytest.raises(ReadFailed):
        await exchange.listen_token("BTCUSDT")


async def test_a_refusal_is_one(exchange, binance):
    binance.post(PATH).respond(400, json={"code": -3003, "msg": "Margin account does not exist."})
    with pytest.raises(RequestRejected):
        await exchange.listen_token("BTCUSDT")


async def test_a_dry_run_may_listen(clock, binance):
    binance.post(PATH).respond(json={"token": "t", "expirationTime": NOW_MS})
    async with an_exchange(clock, dry_run=True) as exchange:
        assert (await exchange.listen_token("BTCUSDT")).token == "t"


def test_a_token_costs_next_to_nothing():
    assert weight_of(Call("POST", PATH)) == (Kind.SAPI_UID, 1)
