"""One crash played to its end: without anybody, and under the daemon as it runs, with its streams as ticks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal as D

from marginbot.domain.amounts import Symbol
from marginbot.domain.policy import Ladder, LevelBelow, Policy, Preset
from marginbot.paper.books import risk
from marginbot.paper.books.records import Scope
from marginbot.paper.books.wallets import DEFAULT_UID
from marginbot.paper.books.world import World
from tests.crashes.world import SECOND, Case
from tests.engine.stage import Stage, a_stage
from tests.engine.watching import Watching, watching
from tests.virtual_time import START, VirtualTimeLoop

LATENCY = 0.02
"""Seconds from a move of the book to the tick that tells of it; an answer takes as long."""
STEP = 1.0
CALM = 60
"""Seconds for which a pair that is flat is followed on."""


@dataclass(frozen=True)
class Ending:
    """kept, cost: % of the equity at the opening; cost is fees, slippage against the mid, interest and the liquidation fee.

    lowest: of the margin level. exit_level: the level when there was last somebody to trade with before it was liquidated, or
    before the end. unwinds_at: the trigger of the ladder's last rung, 0 without a ladder. fired: rules, in order.
    """

    liquidated: bool
    kept: D
    cost: D
    lowest: D
    exit_level: D = D(999)
    unwinds_at: D = D(0)
    fired: tuple[str, ...] = ()

    @property
    def gap(self) -> bool:
        """Whether it was liquidated with nobody to trade with between the trigger of the last rung and the liquidation."""
        return self.liquidated and self.exit_level > self.unwinds_at > 0


@dataclass
class Course:
    """How the level went, second by second."""

    lowest: D = D(999)
    exit_level: D = D(999)
    unwinds_at: D = D(0)

    def note(self, case: Case, world: World) -> None:
        """One more second."""
        now = level(case, world)
        self.lowest = min(self.lowest, now)
        account = world.account(DEFAULT_UID)
        taken_over = account.liquidations or account.isolated[case.symbol].liquidating_until is not None
        if not taken_over and not world.market(case.symbol).is_empty("SELL" if case.side == "long" else "BUY"):
            self.exit_level = now


def alone(case: Case) -> Ending:
    """What becomes of the position when nobody does anything."""
    world, course = case.world(_start_ms()), Course()
    for _ in range(case.seconds):
        world.advance(world.now_ms + SECOND)
        course.note(case, world)
    return _ending(case, world, course)


def guarded(case: Case, preset: Preset, backstop: bool = False) -> Ending:
    """What becomes of it under the daemon with this preset, and with a stop order at the exchange or without."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(_guarded(case, preset, backstop))


def abandoned(case: Case, preset: Preset) -> Ending:
    """What becomes of it when the daemon is gone for good as soon as its backstop rests at the exchange."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(_guarded(case, preset, backstop=True, dies=True))


async def _guarded(case: Case, preset: Preset, backstop: bool, dies: bool = False) -> Ending:
    policy = Policy("replayed", (Ladder(preset.value, ("*",), (), backstop, preset),))
    course, world = Course(), case.world(_start_ms())
    orders = world.account(DEFAULT_UID).open_orders
    async with a_stage(world, latency_ms=round(LATENCY * 1000)) as stage:
        async with watching(stage, policy) as watch:
            left = await _follow(case, stage, watch, course, until=lambda: dies and bool(orders))
        for _ in range(left):
            world.advance(world.now_ms + SECOND)
            course.note(case, world)
        return _ending(case, world, course, tuple(watch.fired(case.symbol)))


async def _follow(case: Case, stage: Stage, watch: Watching, course: Course, until: Callable[[], bool]) -> int:
    """Let the crash happen, second by second, every move told to the daemon. Answers how many seconds are left."""
    calm, tick = 0, watch.daemon.watch.fences.tick
    market, loop = stage.world.market(case.symbol), asyncio.get_running_loop()
    for second in range(case.seconds):
        if until():
            return case.seconds - second
        await stage.clock.sleep(STEP)
        stage.paper.advance()
        loop.call_later(LATENCY, tick, case.symbol, float(market.best("SELL")), float(market.best("BUY")))
        course.note(case, stage.world)
        course.unwinds_at = _last_trigger(case, watch)
        calm = 0 if _holds_anything(case, stage.world) else calm + 1
        if calm > CALM:
            break
    return 0


def _last_trigger(case: Case, watch: Watching) -> D:
    pair = watch.daemon.watch.pairs.get(Symbol(case.symbol))
    last = None if pair is None or pair.known.assigned is None else pair.known.assigned.ladder.rules[-1].when
    return last.level if isinstance(last, LevelBelow) else D(0)


def level(case: Case, world: World) -> D:
    """The margin level now, 999 without debt."""
    pair = world.account(DEFAULT_UID).isolated[case.symbol]
    return risk.shown_level(risk.margin_level(pair, world.market(case.symbol).index))


def _start_ms() -> int:
    return round(START.timestamp() * 1000)


def _holds_anything(case: Case, world: World) -> bool:
    pair = world.account(DEFAULT_UID).isolated[case.symbol]
    return any(side.total or side.debt for side in (pair.base, pair.quote))


def _ending(case: Case, world: World, course: Course, fired: tuple[str, ...] = ()) -> Ending:
    account, price = world.account(DEFAULT_UID), case.bars[-1].closed
    pair, listing = account.isolated[case.symbol], case.crash.listing
    base = pair.base.total - pair.base.debt + account.wallet(Scope.SPOT, listing.base).total
    quote = pair.quote.total - pair.quote.debt + account.wallet(Scope.SPOT, listing.quote).total
    percent: Callable[[D], D] = lambda value: (value / case.equity * 100).quantize(D("0.01"))  # noqa: E731
    return Ending(
        bool(account.liquidations),
        percent(base * price + quote),
        percent(_cost(case, world)),
        course.lowest,
        course.exit_level,
        course.unwinds_at,
        fired,
    )


def _cost(case: Case, world: World) -> D:
    """Quote paid for getting out: fees, what trades gave away against the mid, interest, and the fee of a liquidation."""
    account, market, listing = world.account(DEFAULT_UID), world.market(case.symbol), case.crash.listing
    worth = {listing.quote: D(1), listing.base: case.bars[-1].closed}
    paid = sum((row.interest * worth[row.asset] for row in account.interest), D(0))
    paid -= sum((row.amount for row in account.seizures if row.type == "LIQUIDATION_FEE"), D(0))
    for trade in account.trades:
        mid = market.course.at(market.pace.at(trade.time - world.epoch_ms))
        lost = trade.price - mid if trade.is_buyer else mid - trade.price
        paid += lost * trade.quantity + trade.commission * worth[trade.commission_asset]
    return paid
