"""What people and the exchange do in a soak: trades by hand, top-ups, halts, other rules, falls; words to the daemon."""

from __future__ import annotations

from contextlib import closing, suppress
from datetime import timedelta
from decimal import Decimal as D
from typing import TYPE_CHECKING

from marginbot.domain.amounts import Symbol
from marginbot.engine.daemon.desk import Desk
from marginbot.errors import ConfigError, JournalUnavailable
from marginbot.paper.api.endpoint import Refusal
from marginbot.paper.books import transfers
from marginbot.paper.books.amounts import floor_step, precise
from marginbot.paper.books.records import Scope
from marginbot.paper.books.wallets import DEFAULT_UID
from tests.soak import scene
from tests.soak.troubles import Trouble

if TYPE_CHECKING:
    from tests.soak.soak import Soak


async def fall(soak: Soak) -> None:
    """A price runs against its position for some minutes, and most of it comes back."""
    symbol = _one(soak)
    sign = 1 if scene.KINDS[symbol].short else -1
    mid, size = soak.world.market(symbol).mid, D(str(round(soak.lots.uniform(0.04, scene.KINDS[symbol].deepest), 3)))
    low, seconds = mid * (1 + sign * size), soak.lots.choice((40, 120, 600))
    points = [(0, str(mid)), (seconds, str(low)), (2 * seconds, str((low + 9 * mid) / 10))]
    soak.do("move_price", symbol=symbol, points=points)
    await soak.sleep(2 * seconds)
    soak.do("drive_price", symbol=symbol, **scene.walk(soak.lots))


async def wick(soak: Soak) -> None:
    """One absurd print on the stream, with a calm index."""
    symbol = _one(soak)
    with soak.weather.spell("print"):
        for socket in soak.machine.sockets.made:
            price = soak.world.market(symbol).mid * soak.lots.choice((D("0.001"), D(1000)))
            socket.hear(u=1, s=symbol, b=str(price), B="1", a=str(price), A="1")


async def owner_trades(soak: Soak) -> None:
    """The owner sells, buys, repays or brings in a little."""
    symbol = _one(soak)
    market, pair = soak.world.market(symbol), soak.world.account(DEFAULT_UID).isolated[symbol]
    tenth = str(floor_step(pair.base.free / 10, market.listing.step))
    way = soak.lots.choice(("sell", "order", "repay", "in"))
    with suppress(Refusal):
        if way == "sell":
            soak.do("owner_trade", symbol=symbol, side="SELL", quantity=tenth)
        elif way == "order":
            price = str(floor_step(market.mid * D("1.1"), market.listing.tick))
            soak.do("owner_order", symbol=symbol, side="SELL", quantity=tenth, price=price)
        elif way == "repay":
            soak.do("owner_repay", symbol=symbol, asset="USDT", amount="5")
        else:
            soak.do("owner_transfer", symbol=symbol, asset="USDT", amount="50", way="in")


async def exchange_tops_up(soak: Soak) -> None:
    """The exchange brings money in by itself, as at a margin call."""
    symbol, world = _one(soak), soak.world
    if not world.is_delisting(Scope.ISOLATED, symbol, "USDT"):
        precise(transfers.move_in)(world, world.account(DEFAULT_UID), symbol, "USDT", D(25))


async def halt(soak: Soak) -> None:
    """A pair cannot be traded for some minutes."""
    symbol = _one(soak)
    if soak.world.market(symbol).status != "TRADING":
        return
    with soak.weather.spell("halt", symbol):
        soak.do("set_status", symbol=symbol, status=soak.lots.choice(("HALT", "BREAK", "CANCEL_ONLY")))
        await soak.sleep(soak.lots.uniform(30, 400))
        soak.do("set_status", symbol=symbol, status="TRADING")


async def thin_book(soak: Soak) -> None:
    """Hardly anybody is on the book."""
    symbol = _one(soak)
    with soak.weather.spell("thin book", symbol):
        soak.do("set_book", symbol=symbol, state="thin")
        await soak.sleep(soak.lots.uniform(60, 300))
        soak.do("set_book", symbol=symbol, state="normal")


async def tier_change(soak: Soak) -> None:
    """For two hours the pair that goes by levels is a 3x pair, which its ladder does not fit."""
    symbol = scene.BY_LEVEL
    level = scene.level(soak.world, symbol)
    if soak.world.market(symbol).listing.leverage == 3 or (level is not None and level < D("1.40")):
        return
    with soak.weather.spell("tier", symbol):
        soak.do("change_filters", symbol=symbol, leverage=3)
        await soak.sleep(60)
    with soak.weather.spell("other tier", symbol):
        await soak.sleep(7200)
    soak.do("change_filters", symbol=symbol, leverage=5)


async def other_filters(soak: Soak) -> None:
    """Steps of a pair get ten times as coarse, or fine again."""
    fine = soak.world.market("BTCUSDT").listing.step == D("0.00001")
    soak.do("change_filters", symbol="BTCUSDT", step="0.0001" if fine else "0.00001")


async def delisting(soak: Soak) -> None:
    """Once, a pair is announced to leave isolated margin in three hours."""
    if not soak.world.delistings:
        soak.do("delist", symbol=scene.DELISTED, in_hours=3)


async def reload(soak: Soak) -> None:
    """SIGHUP after the policy's file was changed."""
    if soak.life is None or not soak.life.up:
        return
    before = soak.machine.policy.read_text()
    soak.machine.policy.write_text(soak.lots.choice(scene.POLICIES))
    try:
        soak.life.reload()
    except ConfigError:
        soak.refused_reloads += 1
        soak.machine.policy.write_text(before)


async def pause(soak: Soak) -> None:
    """A person pauses a pair or everything, with an end or until `resume`."""
    symbol = soak.lots.choice((None, _one(soak)))
    with soak.weather.spell("pause", symbol):
        lasting = soak.lots.choice((90, 300))
        if soak.lots.random() < 0.5:
            _say(soak, "pause", symbol, until=(soak.machine.clock.now() + timedelta(seconds=lasting)).isoformat())
            await soak.sleep(lasting + 5)
        else:
            _say(soak, "pause", symbol)
            await soak.sleep(lasting)
        while not _say(soak, "resume", None):
            await soak.sleep(10)
        await soak.sleep(5)


async def acknowledge(soak: Soak) -> None:
    _say(soak, "ack", None)


async def unwind(soak: Soak) -> None:
    """A person wants one pair home."""
    _say(soak, "unwind", _one(soak))


DOINGS: dict[str, tuple[Trouble, int]] = {
    "fall of a price": (fall, 8), "absurd print": (wick, 3), "owner's trade": (owner_trades, 8),
    "exchange's top-up": (exchange_tops_up, 3), "halt": (halt, 3), "thin book": (thin_book, 2), "tier change": (tier_change, 1),
    "other filters": (other_filters, 2), "delisting announced": (delisting, 1), "policy reload": (reload, 4), "pause": (pause, 2),
    "ack": (acknowledge, 2), "unwind by hand": (unwind, 1),
}  # fmt: skip
"""By name: what happens, and how often for its part."""


def _one(soak: Soak) -> str:
    return soak.lots.choice(scene.GUARDED)


def _say(soak: Soak, kind: str, symbol: str | None, **arguments: str) -> bool:
    """A row on the desk, as a command writes it. False when the journal cannot be written."""
    try:
        with closing(soak.machine.disk.journal()) as journal:
            of = None if symbol is None else Symbol(symbol)
            Desk(journal.file, str(DEFAULT_UID)).ask(kind, of, arguments, soak.machine.clock.now())
    except JournalUnavailable:
        return False
    return True
