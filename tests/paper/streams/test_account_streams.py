"""The WebSocket API: requests and answers, listen tokens, and the events of a pair's own account."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from marginbot.paper.weights import Limits, Weights
from tests.paper.streams.wire import SECOND, Stage, Wire

API = "/ws-api/v3"
SUBSCRIBE = "userDataStream.subscribe.listenToken"
ORDER = "/sapi/v1/margin/order"
LOAN = "/sapi/v1/margin/borrow-repay"
TRANSFER = "/sapi/v1/asset/transfer"
PAIR = {"symbol": "BTCUSDT", "isIsolated": "TRUE"}
REPORT = list("eEscSofqpPFgCxXrilzLnNTtIwmMOZYQV")


@pytest.fixture
def stage() -> Stage:
    return Stage()


@asynccontextmanager
async def subscribed(stage: Stage, symbol: str = "BTCUSDT", **token: object) -> AsyncIterator[Wire]:
    async with stage.connected(API) as wire:
        own = {"isIsolated": "true", "symbol": symbol} if symbol else {}
        answer = await wire.ask(SUBSCRIBE, {"listenToken": stage.token(**own, **token)})
        assert answer["result"]["subscriptionId"] == 0
        yield wire


async def told(wire: Wire) -> list[dict[str, object]]:
    frames = await wire.frames()
    assert {frame["subscriptionId"] for frame in frames} <= {0}
    return [frame["event"] for frame in frames]


async def test_answers_carry_the_id_a_status_and_the_limits(stage):
    async with stage.connected(API) as wire:
        first = await wire.ask("ping", id="a")
        assert first == {
            "id": "a",
            "status": 200,
            "result": {},
            "rateLimits": [
                {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 6000, "count": 3}
            ],
        }
        second = await wire.ask("v3/time", {"returnRateLimits": False}, None)
        assert second == {"id": None, "status": 200, "result": {"serverTime": stage.wall.now_ms}}
    async with stage.connected(API, "returnRateLimits=false") as wire:
        assert "rateLimits" not in await wire.ask("ping")


@pytest.mark.parametrize(
    ("text", "code", "id"),
    [
        ("{", -1135, None),
        ("[]", -1135, None),
        ('{"id": 7, "method": "ping", "params": []}', -1135, 7),
        ('{"id": {}, "method": "ping"}', -1135, None),
        ('{"id": 7}', -1135, 7),
        ('{"id": 7, "method": "order.place"}', -1020, 7),
        ('{"id": 7, "method": "ping", "params": {"x": 1}}', -1104, 7),
        ('{"id": 7, "method": "userDataStream.subscribe.listenToken"}', -1102, 7),
        ('{"id": 7, "method": "userDataStream.subscribe.listenToken", "params": {"listenToken": "x"}}', -1209, 7),
        ('{"id": 7, "method": "userDataStream.unsubscribe", "params": {"subscriptionId": 0}}', -2036, 7),
    ],
)
async def test_what_cannot_be_done_is_refused_with_its_code(stage, text, code, id):
    async with stage.connected(API) as wire:
        await wire.say(text)
        answer = await wire.frame()
        assert (answer["id"], answer["status"], answer["error"]["code"]) == (id, 400, code)
        assert "result" not in answer


async def test_a_used_up_budget_says_in_milliseconds_when_to_go_on(stage):
    stage.exchange.weights = Weights(Limits(api=4))
    async with stage.connected(API) as wire:
        assert (await wire.ask("session.subscriptions"))["status"] == 200
        answer = await wire.ask("ping")
        assert (answer["status"], answer["error"]["code"]) == (429, -1003)
        assert answer["error"]["data"] == {"serverTime": stage.wall.now_ms, "retryAfter": stage.wall.now_ms + 60_000}
        for _ in range(10):
            answer = await wire.ask("ping")
        assert answer["status"] == 418
        assert (await wire.message())["type"] == "websocket.close"


async def test_an_order_is_reported_and_then_what_it_did_to_the_balances(stage):
    async with subscribed(stage) as wire:
        answer = stage.call("POST", ORDER, **PAIR, side="SELL", type="MARKET", quantity="0.01", newOrderRespType="FULL")
        new, trade, position = await told(wire)
        assert list(new)[: len(REPORT)] == list(trade)[: len(REPORT)] == REPORT
        assert (new["x"], new["X"], new["N"], new["t"], new["l"]) == ("NEW", "NEW", None, -1, "0")
        fill = answer["fills"][0]
        assert (trade["x"], trade["X"], trade["i"], trade["c"]) == ("TRADE", "FILLED", answer["orderId"], answer["clientOrderId"])
        assert [trade[key] for key in "lLnNt"] == [
            fill[key] for key in ("qty", "price", "commission", "commissionAsset", "tradeId")
        ]
        row = stage.call("GET", "/sapi/v1/margin/isolated/account", symbols="BTCUSDT")["assets"][0]
        sides = [row["baseAsset"], row["quoteAsset"]]
        assert position["B"] == [{"a": side["asset"], "f": side["free"], "l": side["locked"]} for side in sides]
        assert list(position) == ["e", "E", "u", "B"]


async def test_a_cancelled_order_is_named_by_its_cancellation_and_its_money_comes_free(stage):
    async with subscribed(stage) as wire:
        limit = {"type": "LIMIT", "timeInForce": "GTC", "price": "120000", "newClientOrderId": "mine"}
        stage.call("POST", ORDER, **PAIR, side="SELL", quantity="0.01", **limit)
        placed = await told(wire)
        assert [event["e"] for event in placed] == ["executionReport", "outboundAccountPosition"]
        assert (placed[0]["w"], placed[1]["B"][0]["l"]) == (True, "0.01")
        stage.call("DELETE", ORDER, **PAIR, origClientOrderId="mine", newClientOrderId="away")
        report, position = await told(wire)
        assert (report["x"], report["X"], report["c"], report["C"], report["w"]) == (
            "CANCELED",
            "CANCELED",
            "away",
            "mine",
            False,
        )
        assert position["B"][0]["l"] == "0"


async def test_a_list_of_orders_is_told_when_it_begins_and_when_it_is_done(stage):
    async with subscribed(stage) as wire:
        prices = {"price": "120000", "stopPrice": "90000", "stopLimitPrice": "89000", "stopLimitTimeInForce": "GTC"}
        placed = stage.call("POST", f"{ORDER}/oco", **PAIR, side="SELL", quantity="0.01", **prices)
        begun = await told(wire)
        assert [event["e"] for event in begun] == [*["executionReport"] * 2, "listStatus", "outboundAccountPosition"]
        assert (begun[2]["g"], begun[2]["l"], begun[2]["L"]) == (placed["orderListId"], "EXEC_STARTED", "EXECUTING")
        stage.exchange.world.set_price("BTCUSDT", "121000")
        stage.after(0)
        done = await told(wire)
        assert [event.get("x", event.get("l")) for event in done] == ["EXPIRED", "TRADE", "ALL_DONE", None]
        assert done[0]["eR"] == "OCO_TRIGGER"
        assert [leg["i"] for leg in done[2]["O"]] == [event["i"] for event in begun[:2]]


async def test_loans_and_transfers_are_told_as_movements_and_never_as_debt(stage):
    async with subscribed(stage) as wire:
        stage.call("POST", LOAN, **PAIR, asset="USDT", amount="10", type="BORROW")
        stage.call("POST", LOAN, **PAIR, asset="USDT", amount="4", type="REPAY")
        stage.call("POST", TRANSFER, type="MAIN_ISOLATED_MARGIN", asset="USDT", amount="1", toSymbol="BTCUSDT")
        events = await told(wire)
        moves = [event for event in events if event["e"] == "balanceUpdate"]
        assert [(event["a"], event["d"]) for event in moves] == [("USDT", "10"), ("USDT", "-4"), ("USDT", "1")]
        assert {event["e"] for event in events} == {"balanceUpdate", "outboundAccountPosition"}
        assert {key for event in events for row in event.get("B", ()) for key in row} == {"a", "f", "l"}


async def test_a_pair_is_told_of_itself_alone(stage):
    stage.call("POST", TRANSFER, type="MAIN_ISOLATED_MARGIN", asset="USDT", amount="10", toSymbol="ADAUSDT")
    async with subscribed(stage, "ADAUSDT") as ada, subscribed(stage, "") as cross:
        stage.call("POST", ORDER, **PAIR, side="SELL", type="MARKET", quantity="0.01")
        assert (await told(ada), await told(cross)) == ([], [])
        stage.call("POST", TRANSFER, type="MAIN_MARGIN", asset="USDT", amount="1")
        assert await told(ada) == []
        assert [event["e"] for event in await told(cross)] == ["balanceUpdate", "outboundAccountPosition"]


async def test_what_the_exchange_does_by_itself_is_told_too(stage):
    async with subscribed(stage) as wire:
        order = {"type": "STOP_LOSS_LIMIT", "timeInForce": "GTC", "price": "90000", "stopPrice": "95000"}
        stage.call("POST", ORDER, **PAIR, side="SELL", quantity="0.01", **order)
        stage.exchange.world.set_price("BTCUSDT", "94000")
        stage.after(0)
        events = await told(wire)
        reports = [(event["x"], event["w"]) for event in events if event["e"] == "executionReport"]
        assert reports == [("NEW", False), ("NEW", True), ("TRADE", False)]
        stage.exchange.world.set_price("BTCUSDT", "80000")
        stage.after(5 * SECOND)
        closing = [event for event in await told(wire) if event["e"] == "executionReport"]
        assert [(event["x"], event["c"].startswith("autoclose-")) for event in closing] == [("TRADE", True)]


async def test_a_subscription_ends_with_its_token_and_then_there_is_silence(stage):
    async with subscribed(stage, validity=5 * SECOND) as wire:
        stage.after(5 * SECOND - 1)
        assert await told(wire) == []
        stage.after(1)
        assert await told(wire) == [{"e": "eventStreamTerminated", "E": stage.wall.now_ms}]
        stage.call("POST", ORDER, **PAIR, side="SELL", type="MARKET", quantity="0.01")
        assert await told(wire) == []
        assert (await wire.ask("session.subscriptions"))["result"] == []


async def test_an_old_token_is_worth_nothing(stage):
    old = stage.token(isIsolated="true", symbol="BTCUSDT", validity=1000)
    async with stage.connected(API) as wire:
        stage.after(1000)
        assert (await wire.ask(SUBSCRIBE, {"listenToken": old}))["error"]["code"] == -1209


async def test_a_younger_token_prolongs_and_the_same_one_is_refused(stage):
    first = stage.token(isIsolated="true", symbol="BTCUSDT", validity=5 * SECOND)
    async with stage.connected(API) as wire:
        begun = (await wire.ask(SUBSCRIBE, {"listenToken": first}))["result"]
        assert begun == {"subscriptionId": 0, "expirationTime": (stage.wall.now_ms + 5 * SECOND) * 1000}
        assert (await wire.ask(SUBSCRIBE, {"listenToken": first}))["error"]["code"] == -2035
        stage.after(SECOND)
        stage.exchange.world.config.stream_expiry_us = False
        second = stage.token(isIsolated="true", symbol="BTCUSDT", validity=5 * SECOND)
        ends = stage.wall.now_ms + 5 * SECOND
        prolonged = {"subscriptionId": 0, "expirationTime": ends}
        assert (await wire.ask(SUBSCRIBE, {"listenToken": second}))["result"] == prolonged
        assert (await wire.ask("session.subscriptions"))["result"] == [prolonged]
        stage.after(4 * SECOND)
        assert await told(wire) == []


async def test_several_pairs_on_one_connection_are_told_apart_by_number(stage):
    stage.call("POST", TRANSFER, type="MAIN_ISOLATED_MARGIN", asset="USDT", amount="10", toSymbol="ADAUSDT")
    async with subscribed(stage) as wire:
        other = stage.token(isIsolated="true", symbol="ADAUSDT")
        assert (await wire.ask(SUBSCRIBE, {"listenToken": other}))["result"]["subscriptionId"] == 1
        stage.call("POST", TRANSFER, type="ISOLATED_MARGIN_MAIN", asset="USDT", amount="10", fromSymbol="ADAUSDT")
        assert {frame["subscriptionId"] for frame in await wire.frames()} == {1}
        assert (await wire.ask("userDataStream.unsubscribe", {"subscriptionId": 0}, 9))["event"]["e"] == "eventStreamTerminated"
        answer = await wire.frame()
        assert (answer["id"], answer["status"], answer["result"]) == (9, 200, {})
        await wire.say({"method": "userDataStream.unsubscribe", "id": 1})
        assert [frame.get("subscriptionId") for frame in await wire.frames()] == [1, None]


async def test_account_events_fall_silent_on_command_while_requests_are_answered(stage):
    async with subscribed(stage) as wire:
        await stage.control("/paper/streams", do="silence", kind="account")
        stage.call("POST", ORDER, **PAIR, side="SELL", type="MARKET", quantity="0.01")
        assert await told(wire) == []
        assert (await wire.ask("ping"))["status"] == 200
        await stage.control("/paper/streams", do="announce")
        assert (await wire.frame())["event"]["e"] == "serverShutdown"


def test_while_nobody_listens_no_news_are_kept(stage):
    stage.call("POST", ORDER, **PAIR, side="SELL", type="MARKET", quantity="0.01")
    assert stage.exchange.world.news is None


async def test_a_pulse_that_fails_lets_nobody_go_on_as_if_nothing_were_lost(stage, monkeypatch, caplog):
    async with subscribed(stage) as wire:
        monkeypatch.setattr(stage.app.streams, "accounts", None)
        stage.after(0)
        closed = await wire.message()
    assert (closed["type"], closed["code"]) == ("websocket.close", 1011)
    assert "the streams of the paper exchange failed" in caplog.text


async def test_a_connection_after_idle_minutes_counts_in_the_minute_it_is_made(stage):
    stage.wall.now_ms += 10 * 60 * SECOND
    async with stage.connected(API) as wire:
        assert (await wire.ask("ping"))["rateLimits"][0]["count"] == 3
