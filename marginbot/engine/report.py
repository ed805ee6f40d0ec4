"""What a run has to say for itself: its steps, its cost, and where it left the pair."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import Enum

from marginbot.domain.account import IsolatedAccount
from marginbot.domain.amounts import ZERO, Asset, Symbol, exact
from marginbot.domain.plan import BACKSTOP, CancelOrder, CancelOrders, CloseOrder, PlaceBackstop, Repay, Side, Step, Sweep, TopUp
from marginbot.domain.records import OrderReport


class StepStatus(Enum):
    """What became of a step, in the words of `--json`."""

    DONE = "done"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"
    PLANNED = "planned"


class Outcome(Enum):
    """How a run ended, in the words of `--json`; REACHED is of a daemon's rule whose goal is a level and not flat."""

    FLAT = "flat"
    REACHED = "reached"
    RESIDUE = "residue"
    STOPPED = "stopped"
    REFUSED = "refused"
    PLANNED = "planned"


@dataclass(slots=True)
class StepReport:
    """One step as it went. `fees` by commission asset; `slippage_value` in quote, `interest_paid` in units of `asset`.

    code: of the refusal, where the exchange named one.
    """

    step: Step
    status: StepStatus
    client_id: str | None = None
    exchange_id: str | None = None
    level_after: Decimal | None = None
    fees: dict[Asset, Decimal] = field(default_factory=dict)
    slippage_bps: Decimal | None = None
    slippage_value: Decimal = ZERO
    interest_paid: Decimal = ZERO
    started_at: datetime | None = None
    elapsed_ms: int | None = None
    note: str = ""
    code: int | None = None
    intent_id: int | None = None

    @property
    def kind(self) -> str:
        """The step's name in `--json` and in the journal."""
        return kind_of(self.step)

    @property
    def asset(self) -> Asset | None:
        """The asset whose units `amount` has."""
        return asset_of(self.step)

    @property
    def amount(self) -> Decimal | None:
        """What was or would be sent; None for a cancel."""
        return amount_of(self.step)

    @exact
    def filled(self, report: OrderReport, index: Decimal) -> None:
        """Take fees and slippage from what the exchange says of the order; `index` is that of the look before."""
        assert isinstance(self.step, CloseOrder)  # noqa: S101
        self.exchange_id = report.order_id
        for fill in report.fills or ():
            self.fees[fill.commission_asset] = self.fees.get(fill.commission_asset, ZERO) + fill.commission
        if report.executed_qty > 0:
            sign = 1 if self.step.side is Side.SELL else -1
            self.slippage_value = (index * report.executed_qty - report.quote_qty) * sign
            self.slippage_bps = self.slippage_value / (index * report.executed_qty) * 10_000


@dataclass(slots=True)
class RunReport:
    """One run on one pair, whole. The exit code follows from how it ended, see `exit_code`.

    unreachable: the exchange could not be asked. unwritten: what the journal said when it was lost on the way.
    """

    symbol: Symbol
    venue: str
    outcome: Outcome
    reason: str
    before: IsolatedAccount | None = None
    after: IsolatedAccount | None = None
    steps: list[StepReport] = field(default_factory=list)
    swept: dict[Asset, Decimal] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)
    requests: int = 0
    round_trips: int = 0
    elapsed_ms: int = 0
    unreachable: bool = False
    unwritten: str = ""

    @property
    def begun(self) -> bool:
        """Whether any step was written down, and perhaps sent."""
        return any(step.intent_id is not None for step in self.steps)

    @property
    def exit_code(self) -> int:
        """0 flat or planned, 1 residue or stopped, 3 refused, 4 when the exchange could not be reached in time."""
        if self.unreachable:
            return 4
        return {Outcome.FLAT: 0, Outcome.REACHED: 0, Outcome.PLANNED: 0, Outcome.REFUSED: 3}.get(self.outcome, 1)

    @property
    def fees(self) -> dict[Asset, Decimal]:
        """Commissions of this run's fills, by asset."""
        total: dict[Asset, Decimal] = {}
        for step in self.steps:
            for asset, fee in step.fees.items():
                total[asset] = total.get(asset, ZERO) + fee
        return total

    @property
    def interest_paid(self) -> dict[Asset, Decimal]:
        """The interest part of this run's repayments, by asset."""
        total: dict[Asset, Decimal] = {}
        for step in self.steps:
            if step.asset is not None and step.interest_paid > 0:
                total[step.asset] = total.get(step.asset, ZERO) + step.interest_paid
        return total

    @property
    def slippage_value(self) -> Decimal:
        """Sum over fills of (index at the look before - price) x quantity, in quote; positive when against us."""
        return sum((step.slippage_value for step in self.steps), ZERO)


def kind_of(step: Step) -> str:
    """The step's name in `--json` and in the journal."""
    match step:
        case CancelOrders() | CancelOrder():
            return "cancel_orders"
        case CloseOrder():
            return "close"
        case PlaceBackstop():
            return BACKSTOP
        case Repay():
            return "repay"
        case Sweep():
            return "sweep"
        case TopUp():
            return "top_up"


def asset_of(step: Step) -> Asset | None:
    """The asset whose units the step's amount has."""
    match step:
        case CancelOrders() | CancelOrder():
            return None
        case CloseOrder() | PlaceBackstop():
            return step.base
        case Repay() | Sweep() | TopUp():
            return step.asset


def amount_of(step: Step) -> Decimal | None:
    """What the step sends; None for a cancel."""
    match step:
        case CancelOrders() | CancelOrder():
            return None
        case CloseOrder() | PlaceBackstop():
            return step.quantity
        case Repay() | Sweep() | TopUp():
            return step.amount
