"""A paper exchange in which one recorded crash happens, and one leveraged position opened before it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal as D
from functools import cached_property

from marginbot.paper.books import actions, loans
from marginbot.paper.books.amounts import floor8, floor_step
from marginbot.paper.books.events import at
from marginbot.paper.books.market import Market, Path
from marginbot.paper.books.records import Scope
from marginbot.paper.books.scenario import Scenario
from marginbot.paper.books.staging import stage
from marginbot.paper.books.wallets import DEFAULT_UID, IsolatedPair
from marginbot.paper.books.world import World
from tests.crashes.files import Bar, Crash, fall

SECOND, MINUTE = 1000, 60_000
VANISH = {1: "0.05", 5: "0.15"}
"""By minutes of a bar: one whose worst price is this far off its open has nobody on the side that is run over until that price,
which comes after a third of the bar.
"""
HALT = 600
"""Seconds for which a halted pair is followed on."""
EQUITY = {"USDT": D(5000), "BTC": D("0.12")}


@dataclass(frozen=True)
class Case:
    """One position in one crash. side: long or short. hour: when it is opened (UTC, `12:40`), else an hour before the fall.

    minutes: how long it is followed then.
    """

    crash: Crash
    side: str
    leverage: int
    hour: str = ""
    minutes: int = 0

    @cached_property
    def bars(self) -> list[Bar]:
        bars = self.crash.bars()
        if not self.hour:
            return fall(bars, self.side)
        opened = datetime.fromisoformat(f"{self.crash.day}T{self.hour}+00:00").timestamp() * SECOND
        return [bar for bar in bars if opened <= bar.at < opened + self.minutes * MINUTE]

    @property
    def name(self) -> str:
        """`2021-05-19 BTCUSDT long 3x`."""
        return f"{self.crash.day} {self.symbol} {self.side} {self.leverage}x"

    @property
    def symbol(self) -> str:
        return self.crash.symbol

    @property
    def equity(self) -> D:
        """Units of quote its owner put in."""
        return EQUITY[self.crash.listing.quote]

    @property
    def seconds(self) -> int:
        """How long it is followed."""
        return (self.bars[-1].at - self.bars[0].at + self.bar_ms) // SECOND + (HALT if self.crash.halts else 0)

    @property
    def bar_ms(self) -> int:
        return self.bars[1].at - self.bars[0].at

    def world(self, now_ms: int) -> World:
        """The exchange at the moment of the opening, at `now_ms` of its clock."""
        world, symbol = stage(f"{self.crash.day} {self.symbol}", Scenario(), now_ms), self.symbol
        for terms in self.crash.terms():
            world.assets[terms.asset] = terms
        world.markets[symbol] = Market(self.crash.listing, Path.constant(self.bars[0].opened), D(1))
        rows = "\n".join(bar.row for bar in self.bars)
        vanish = VANISH[self.bar_ms // MINUTE]
        actions.drive_price(world, symbol, kind="candles", rows=rows, against=self.side, vanish=vanish)
        if self.crash.halts:
            world.plan(at(self.seconds - HALT, "set_status", symbol=symbol, status="BREAK"))
        self._open(world)
        return world

    def _open(self, world: World) -> None:
        """The position as if traded at the opening price: bought with borrowed quote, or borrowed and sold."""
        account, listing, price = world.account(DEFAULT_UID), self.crash.listing, self.bars[0].opened
        account.isolated[self.symbol] = IsolatedPair(self.symbol)
        worth = self.equity * (self.leverage if self.side == "long" else self.leverage - 1)
        quantity = floor_step(worth / price, listing.step)
        value = floor8(quantity * price)
        self._fund(world, listing.quote, self.equity)
        if self.side == "long":
            self._fund(world, listing.base, quantity)
            loans.borrow(world, account, Scope.ISOLATED, self.symbol, listing.quote, value - self.equity)
            self._fund(world, listing.quote, -value)
        else:
            self._fund(world, listing.quote, value)
            loans.borrow(world, account, Scope.ISOLATED, self.symbol, listing.base, quantity)
            self._fund(world, listing.base, -quantity)

    def _fund(self, world: World, asset: str, amount: D) -> None:
        world.fund(DEFAULT_UID, Scope.ISOLATED, asset, amount, self.symbol)
