"""Market streams: their names, their payloads, and when they speak."""

from __future__ import annotations

import pytest

from tests.paper.streams.wire import SECOND, Stage

ORDER = "/sapi/v1/margin/order"


@pytest.fixture
def stage() -> Stage:
    return Stage()


def price(stage: Stage, value: str) -> None:
    stage.exchange.world.set_price("BTCUSDT", value)
    stage.app.streams.pulse()


async def test_a_book_ticker_begins_with_the_present_and_follows_every_change(stage):
    async with stage.connected("/ws/btcusdt@bookTicker") as wire:
        first = await wire.frame()
        assert list(first) == ["u", "s", "b", "B", "a", "A"]
        assert (first["s"], first["b"], first["B"], first["a"], first["A"]) == ("BTCUSDT", "99990", "0.5", "100010", "0.5")
        stage.after(5 * SECOND)
        assert await wire.frames() == []
        price(stage, "90000")
        second = await wire.frame()
        assert (second["b"], second["a"]) == ("89991", "90009")
        assert second["u"] > first["u"]


async def test_combined_streams_are_wrapped_with_their_names(stage):
    async with stage.connected("/stream", "streams=btcusdt@bookTicker/adausdt@bookTicker") as wire:
        frames = [await wire.frame() for _ in range(2)]
        assert [frame["stream"] for frame in frames] == ["btcusdt@bookTicker", "adausdt@bookTicker"]
        assert [frame["data"]["s"] for frame in frames] == ["BTCUSDT", "ADAUSDT"]


async def test_the_tape_has_the_customers_trades_and_the_moves_of_the_price(stage):
    async with stage.connected("/ws/btcusdt@aggTrade") as wire:
        order = dict(symbol="BTCUSDT", isIsolated="TRUE", side="SELL", type="MARKET", quantity="0.01", newOrderRespType="FULL")
        fill = stage.call("POST", ORDER, **order)["fills"][0]
        mine = await wire.frame()
        assert list(mine) == ["e", "E", "s", "a", "p", "q", "f", "l", "T", "m", "M"]
        assert (mine["p"], mine["q"], mine["f"], mine["m"]) == (fill["price"], fill["qty"], fill["tradeId"], True)
        price(stage, "100500")
        other = await wire.frame()
        assert (other["p"], other["q"], other["m"], other["a"]) == ("100500", "0.00001", False, mine["a"] + 1)


async def test_a_candle_is_sent_every_second_and_closes_with_its_minute(stage):
    stage.wall.now_ms += 58 * SECOND
    async with stage.connected("/ws/btcusdt@kline_1m") as wire:
        first = await wire.frame()
        assert list(first) == ["e", "E", "s", "k"]
        assert list(first["k"]) == ["t", "T", "s", "i", "f", "L", "o", "c", "h", "l", "v", "n", "x", "q", "V", "Q", "B"]
        stage.exchange.world.set_price("BTCUSDT", "90000")
        stage.after(SECOND)
        stage.after(200)
        stage.after(800)
        frames = await wire.frames()
        opened = first["k"]["t"]
        assert [(one["k"]["t"] - opened, one["k"]["x"], one["k"]["c"]) for one in frames] == [
            (0, False, "90000"),
            (0, True, "90000"),
            (60_000, False, "90000"),
        ]
        assert frames[1]["k"]["T"] == opened + 59_999


@pytest.mark.parametrize(
    ("name", "keys", "kind"),
    [("miniTicker", "e E s c o h l v q", "24hrMiniTicker"), ("avgPrice", "e E s i w T", "avgPrice")],
)
async def test_slow_streams_speak_once_a_second(stage, name, keys, kind):
    async with stage.connected(f"/ws/btcusdt@{name}") as wire:
        first = await wire.frame()
        assert (list(first), first["e"], first["s"]) == (keys.split(), kind, "BTCUSDT")
        for _ in range(10):
            stage.after(100)
        assert len(await wire.frames()) == 1


@pytest.mark.parametrize("name", ["BTCUSDT@bookTicker", "btcusdt@depth5", "nobody@bookTicker", "btcusdt@kline_3m"])
async def test_streams_that_are_not_served_are_silent_as_on_the_exchange(stage, name):
    async with stage.connected(f"/ws/{name}") as wire:
        price(stage, "90000")
        assert await wire.frames() == []


async def test_following_and_leaving_streams_on_an_open_connection(stage):
    async with stage.connected("/ws") as wire:
        await wire.say({"method": "SUBSCRIBE", "params": ["btcusdt@bookTicker", "adausdt@avgPrice"], "id": "mine"})
        assert await wire.frame() == {"result": None, "id": "mine"}
        assert [frame["s"] for frame in await wire.frames()] == ["BTCUSDT", "ADAUSDT"]
        assert (await wire.ask("LIST_SUBSCRIPTIONS"))["result"] == ["btcusdt@bookTicker", "adausdt@avgPrice"]
        assert await wire.ask("UNSUBSCRIBE", ["btcusdt@bookTicker"], None) == {"result": None, "id": None}
        price(stage, "90000")
        assert await wire.frames() == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{", 3),
        ("[]", 2),
        ('{"method": "SUBSCRIBE", "params": ["btcusdt@bookTicker"], "id": 1, "more": 1}', 0),
        ('{"method": "SUBSCRIBE", "params": "btcusdt@bookTicker", "id": 1}', 1),
        ('{"method": "SUBSCRIBE", "params": ["btcusdt"], "id": 1}', 2),
        ('{"method": "SUBSCRIBE", "params": [], "id": 1}', 2),
        ('{"method": "PLEASE", "id": 1}', 2),
        ('{"method": "LIST_SUBSCRIPTIONS", "id": 1.5}', 2),
    ],
)
async def test_requests_that_make_no_sense_are_refused_with_their_code(stage, text, code):
    async with stage.connected("/ws") as wire:
        await wire.say(text)
        assert (await wire.frame())["error"]["code"] == code


async def test_a_sixth_message_within_a_second_closes_the_connection(stage):
    async with stage.connected("/ws") as wire:
        for _ in range(5):
            assert "result" in await wire.ask("LIST_SUBSCRIPTIONS")
        stage.after(SECOND)
        for _ in range(5):
            assert "result" in await wire.ask("LIST_SUBSCRIPTIONS")
        await wire.say("{}")
        closed = await wire.message()
        assert (closed["type"], closed["code"]) == ("websocket.close", 1008)


async def test_more_than_1024_streams_are_refused(stage):
    async with stage.connected("/ws") as wire:
        names = [f"x{number}@depth" for number in range(1024)]
        assert "result" in await wire.ask("SUBSCRIBE", names)
        assert "result" in await wire.ask("SUBSCRIBE", names[:1])
        assert (await wire.ask("SUBSCRIBE", ["one@more"]))["error"]["code"] == 2


async def test_a_connection_ends_after_24_hours(stage):
    async with stage.connected("/ws") as wire:
        stage.after(86_400_000 - 1)
        assert await wire.frames() == []
        stage.after(1)
        assert (await wire.message())["code"] == 1001


async def test_connections_fall_silent_and_come_back_on_command(stage):
    async with stage.connected("/ws/btcusdt@bookTicker") as wire:
        await wire.frame()
        assert await stage.control("/paper/streams", do="silence", kind="market") == 200
        price(stage, "90000")
        assert await wire.frames() == []
        assert "result" in await wire.ask("LIST_SUBSCRIPTIONS")
        assert await stage.control("/paper/streams", do="resume") == 200
        price(stage, "80000")
        assert [frame["b"] for frame in await wire.frames()] == ["79992"]


async def test_connections_break_on_command_without_a_closing_word(stage):
    async with stage.connected("/ws/btcusdt@bookTicker") as wire:
        await wire.frame()
        assert await stage.control("/paper/streams", do="drop", kind="account") == 200
        assert len(stage.app.streams.connections) == 1
        assert await stage.control("/paper/streams", do="drop") == 200
        assert await wire.frames() == []
        assert stage.app.streams.connections == []
        assert stage.exchange.world.news is None
        assert await stage.control("/paper/streams", do="dance") == 400


async def test_a_restart_is_announced_to_all(stage):
    async with stage.connected("/ws") as raw, stage.connected("/stream") as combined:
        assert await stage.control("/paper/streams", do="announce") == 200
        event = {"e": "serverShutdown", "E": stage.wall.now_ms}
        assert await raw.frame() == event
        assert await combined.frame() == {"stream": "!serverShutdown", "data": event}
        stage.app.streams.shut_down()
        assert await raw.frame() == event
        assert (await raw.message())["code"] == 1012


async def test_a_client_that_reads_nothing_is_let_go(stage):
    async with stage.connected("/ws/btcusdt@bookTicker") as wire:
        await wire.frame()
        for number in range(10_001):
            stage.exchange.world.set_price("BTCUSDT", str(50_000 + number % 7))
            stage.app.streams.pulse()
        assert stage.app.streams.connections[0].close_code == 1008
