"""The reckoning: where every unit of equity went between the first look of a run and the last."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from marginbot.domain.account import IsolatedAccount
from marginbot.domain.amounts import ZERO, Asset, exact
from marginbot.domain.plan import Repay, Sweep, TopUp
from marginbot.engine.events import Event, Looked, StepEnded
from marginbot.engine.report import StepReport, StepStatus

SMALLEST = Decimal("0.00000001")


@dataclass(slots=True)
class Reckoning:
    """start = end + market_move + fees + interest + slippage + unexplained, all in quote; each cost positive when against us.

    Equity counts the isolated wallet and what was swept to spot. market_move: minus the sum over looks of net base x change
    of the index. interest: what accrued during the run. unexplained: what none of our own steps did; 0 when nobody else acted.
    """

    start: Decimal = ZERO
    end: Decimal = ZERO
    market_move: Decimal = ZERO
    fees: Decimal = ZERO
    interest: Decimal = ZERO
    slippage: Decimal = ZERO
    _last: IsolatedAccount | None = None
    _steps: list[StepReport] = field(default_factory=list)
    _home: dict[Asset, Decimal] = field(default_factory=dict)

    @property
    def unexplained(self) -> Decimal:
        """What is left of the identity."""
        return self.start - self.end - self.market_move - self.fees - self.interest - self.slippage

    @property
    def holds(self) -> bool:
        """Whether the identity holds to the last digit of the exchange."""
        return abs(self.unexplained) <= SMALLEST

    def hear(self, event: Event) -> None:
        """Listen to a run."""
        match event:
            case StepEnded(report=report) if report.status is StepStatus.DONE:
                self._steps.append(report)
            case Looked(look=look):
                self.look(look.account)

    @exact
    def look(self, now: IsolatedAccount) -> None:
        """One more look: what moved since the last one is put down to our steps in between, to interest and to the market."""
        before, steps = self._last, self._steps
        self._last, self._steps = now, []
        if before is None:
            self.start = self.end = self._equity(now)
            return
        for step in steps:
            self._count(step, before)
        self._accrue(before, now, steps)
        self.market_move -= self._net_base(now) * (now.index_price - before.index_price)
        self.end = self._equity(now)

    def _count(self, step: StepReport, before: IsolatedAccount) -> None:
        self.slippage += step.slippage_value
        for asset, fee in step.fees.items():
            if asset in (before.base.asset, before.quote.asset):
                self.fees += fee * _price(before, asset)
        match step.step:
            case Sweep(asset=asset, amount=amount):
                self._home[asset] = self._home.get(asset, ZERO) + amount
            case TopUp(asset=asset, amount=amount):
                self._home[asset] = self._home.get(asset, ZERO) - amount

    def _accrue(self, before: IsolatedAccount, now: IsolatedAccount, steps: list[StepReport]) -> None:
        for was, is_ in ((before.base, now.base), (before.quote, now.quote)):
            paid = sum((s.step.amount for s in steps if isinstance(s.step, Repay) and s.step.asset == was.asset), ZERO)
            self.interest += (is_.liability - was.liability + paid) * _price(before, was.asset)

    def _net_base(self, account: IsolatedAccount) -> Decimal:
        return account.base.equity + self._home.get(account.base.asset, ZERO)

    def _equity(self, account: IsolatedAccount) -> Decimal:
        quote = account.quote.equity + self._home.get(account.quote.asset, ZERO)
        return self._net_base(account) * account.index_price + quote


def _price(account: IsolatedAccount, asset: Asset) -> Decimal:
    return account.index_price if asset == account.base.asset else Decimal(1)
