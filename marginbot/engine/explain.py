"""Does a look explain our own done steps? If not it is stale, and nothing may be built on it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal

from marginbot.domain.account import AssetBalance, IsolatedAccount
from marginbot.domain.amounts import CRUMB, ZERO, Asset, exact, plain
from marginbot.domain.market import Market
from marginbot.domain.plan import CloseOrder, Side
from marginbot.domain.records import OrderReport

UNKNOWN_FEE = Decimal("0.002")
"""Slack for the commission of an order whose fills could not be read, as a share of what was received."""


@dataclass(slots=True)
class _Change:
    total: Decimal = ZERO
    total_slack: Decimal = CRUMB
    liability: Decimal = ZERO


@dataclass(slots=True)
class OwnSteps:
    """What our done steps since the last accepted look must have moved, per asset."""

    _changes: dict[Asset, _Change] = field(default_factory=dict)
    _coming: dict[int, tuple[Asset, Decimal]] = field(default_factory=dict)

    @exact
    def traded(self, step: CloseOrder, report: OrderReport) -> None:
        """An order filled: one side fell by what was given, the other rose by what was received less fees."""
        given, received = (step.base, step.quote) if step.side is Side.SELL else (step.quote, step.base)
        gave, got = report.executed_qty, report.quote_qty
        if step.side is Side.BUY:
            gave, got = got, gave
        self._of(given).total -= gave
        self._of(received).total += got
        if report.fills is None:
            self._of(received).total_slack += got * UNKNOWN_FEE
        for fill in report.fills or ():
            if fill.commission_asset in (given, received):
                self._of(fill.commission_asset).total -= fill.commission

    @exact
    def repaid(self, asset: Asset, amount: Decimal) -> None:
        """A repayment was done: free coins and the liability fell by it."""
        self._of(asset).total -= amount
        self._of(asset).liability -= amount

    @exact
    def moved(self, asset: Asset, amount: Decimal) -> None:
        """A transfer was done: positive into the isolated wallet, negative out of it."""
        self._of(asset).total += amount

    def coming(self, number: int, asset: Asset, amount: Decimal) -> None:
        """A top-up is on its way: any look from now on may show its coins."""
        self._coming[number] = asset, amount

    def still_coming(self, other: OwnSteps) -> None:
        """What is on its way by another's account is so by this one."""
        self._coming.update(other._coming)

    def came(self, number: int, done: bool) -> None:
        """Its record says that it arrived: from now on looks must show the coins, unless one did already. Or it never comes."""
        money = self._coming.pop(number, None)
        if done and money is not None:
            self.moved(*money)

    @exact
    def arrivals(self, before: IsolatedAccount, now: IsolatedAccount) -> None:
        """Coins of a top-up that showed before its record did are ours."""
        for number, (asset, amount) in tuple(self._coming.items()):
            change = self._changes.get(asset, _Change())
            rise = now.side(asset).total - (before.side(asset).total + change.total)
            if abs(rise - amount) <= change.total_slack:
                del self._coming[number]
                self.moved(asset, amount)

    def forget(self) -> None:
        """A look was accepted: from here on anew."""
        self._changes.clear()

    @exact
    def unexplained(self, before: IsolatedAccount, now: IsolatedAccount, market: Market) -> str | None:
        """Why `now` cannot be a fresh look, in words; None when everything we did shows in it."""
        for was, is_ in ((before.base, now.base), (before.quote, now.quote)):
            change = self._changes.get(was.asset)
            if change is None:
                continue
            should = was.total + change.total
            if change.total < 0 and is_.total > should + change.total_slack:
                return f"{plain(is_.total)} {was.asset} are shown where our own steps leave {plain(should)}"
            if change.total > 0 and is_.total < should - change.total_slack:
                return f"{plain(is_.total)} {was.asset} are shown where our own steps bring {plain(should)}"
            owed = was.liability + change.liability
            if change.liability < 0 and is_.liability > owed + _one_hour(was, market):
                return f"{plain(is_.liability)} {was.asset} are shown as owed where our own repayment leaves {plain(owed)}"
        return None

    @exact
    def foreign(self, before: IsolatedAccount, now: IsolatedAccount, market: Market) -> tuple[str, ...]:
        """Movements that are not ours, in words: somebody traded, transferred, borrowed or repaid."""
        found = []
        for was, is_ in ((before.base, now.base), (before.quote, now.quote)):
            change = self._changes.get(was.asset, _Change())
            moved = is_.total - (was.total + change.total)
            if abs(moved) > change.total_slack:
                found.append(f"{was.asset} moved by {plain(moved)} without us")
            grown = is_.liability - (was.liability + change.liability)
            if grown > _one_hour(was, market) or grown < -CRUMB:
                found.append(f"the {was.asset} debt moved by {plain(grown)} without us")
        if found and not now.owes and self.upon(before).owes:
            found.append("nothing is owed any more: the exchange has liquidated the pair, or its owner closed it")
        return tuple(found)

    def between_polls(self, before: IsolatedAccount, now: IsolatedAccount, market: Market) -> tuple[str, ...]:
        """As `foreign`, for two rows between which we sent nothing: only coins of a top-up on its way are ours, and have come."""
        polled = OwnSteps(_coming=dict(self._coming))
        polled.arrivals(before, now)
        self._coming = polled._coming
        return polled.foreign(before, now, market)

    @exact
    def upon(self, before: IsolatedAccount) -> IsolatedAccount:
        """`before` with our done steps since then in it: what the account is when nobody else did anything."""
        return replace(before, base=self._side(before.base), quote=self._side(before.quote))

    @exact
    def sum_to_zero(self, before: IsolatedAccount) -> bool:
        """Whether our own steps account for an empty wallet with nothing owed."""
        for side in (before.base, before.quote):
            change = self._changes.get(side.asset, _Change())
            if abs(side.total + change.total) > change.total_slack or abs(side.liability + change.liability) > CRUMB:
                return False
        return True

    def _side(self, was: AssetBalance) -> AssetBalance:
        change = self._changes.get(was.asset)
        if change is None:
            return was
        interest = max(was.interest + change.liability, ZERO)  # a repayment goes to the interest first
        borrowed = was.borrowed + change.liability + was.interest - interest
        return replace(was, free=was.free + change.total, borrowed=borrowed, interest=interest)

    def _of(self, asset: Asset) -> _Change:
        return self._changes.setdefault(asset, _Change())


def same_balances(one: IsolatedAccount, other: IsolatedAccount) -> bool:
    """Whether two looks show the same coins and the same debts, whatever the price did."""
    return one.base == other.base and one.quote == other.quote


def _one_hour(side: AssetBalance, market: Market) -> Decimal:
    return side.borrowed * market.hourly_rate(side.asset) + CRUMB
