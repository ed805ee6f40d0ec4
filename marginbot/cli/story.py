"""A run as people see it: steps ticking off while they happen, and the closing report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from marginbot.cli.output import amount, local_time
from marginbot.domain.account import IsolatedAccount
from marginbot.domain.amounts import Asset, half_up, plain
from marginbot.domain.margin import margin_level
from marginbot.domain.plan import CancelOrder, CancelOrders, CloseOrder, PlaceBackstop, Repay, Step, Sweep, TopUp
from marginbot.engine.events import Decided, Event, Looked, Notice, StepEnded, StepStarted
from marginbot.engine.reckoning import Reckoning
from marginbot.engine.report import Outcome, RunReport, StepReport, StepStatus

_MARKS = {
    StepStatus.DONE: "[done]✓[/done]",
    StepStatus.REJECTED: "[refused]✗[/refused]",
    StepStatus.UNKNOWN: "[waiting]?[/waiting]",
    StepStatus.SKIPPED: "[dim]-[/dim]",
    StepStatus.PLANNED: "[waiting]·[/waiting]",
}
_ENDINGS = {
    Outcome.FLAT: "[done]flat[/done]",
    Outcome.RESIDUE: "[danger]residue[/danger]",
    Outcome.STOPPED: "[danger]stopped[/danger]",
    Outcome.REFUSED: "[refused]refused[/refused]",
    Outcome.PLANNED: "[waiting]planned[/waiting]",
}


@dataclass(slots=True)
class Progress:
    """Prints a run's events as they come. Give `hear` to the run as its observer."""

    console: Console
    verbose: int = 0
    _said: set[str] = field(default_factory=set)

    def hear(self, event: Event) -> None:
        """One line per event that a person wants to see; a notice that repeats is said once."""
        match event:
            case Looked(look=look):
                if self.verbose:
                    self.console.print(f"  [dim]look[/dim] {position(look.account)}")
            case Decided(plan=decided):
                if self.verbose:
                    self.console.print(f"  [dim]plan[/dim] {escape(decided.because)}")
            case StepStarted(report=report):
                if self.verbose:
                    self.console.print(f"  [waiting]→[/waiting] {escape(sentence(report.step))}")
            case StepEnded(report=report):
                self.console.print(step_line(report))
            case Notice(text=text, alarm=alarm):
                if text not in self._said:
                    self._said.add(text)
                    style = "danger" if alarm else "dim"
                    self.console.print(f"  [{style}]! {escape(text)}[/{style}]")


def sentence(step: Step) -> str:
    """`sell 0.05 BTC at market`."""
    match step:
        case CancelOrders():
            return f"cancel all open orders of {step.symbol}"
        case CancelOrder():
            which = f"order {step.order_id}" if step.list_id is None else f"the order list {step.list_id}"
            return f"cancel {which} of {step.symbol}"
        case CloseOrder():
            how = "at market" if step.limit_price is None else f"at {plain(step.limit_price)} or better, at once or not at all"
            return f"{step.side.value.lower()} {plain(step.quantity)} {step.base} {how}"
        case PlaceBackstop():
            how = f"at {plain(step.limit_price)} or better once the last trade reaches {plain(step.stop_price)}"
            return f"let an order rest: {step.side.value.lower()} {plain(step.quantity)} {step.base} {how}"
        case Repay():
            return f"repay {plain(step.amount)} {step.asset}"
        case Sweep():
            return f"sweep {plain(step.amount)} {step.asset} to spot"
        case TopUp():
            return f"bring {plain(step.amount)} {step.asset} from spot"


def step_line(report: StepReport) -> str:
    """One step with its mark, time and what it cost, in markup."""
    parts = [f"  {_MARKS[report.status]} {escape(sentence(report.step))}"]
    if report.fees:
        parts.append(f"fee {fees(report.fees)}")
    if report.slippage_bps is not None:
        parts.append(f"slippage {report.slippage_bps:.2f} bps")
    if report.elapsed_ms is not None:
        parts.append(f"{report.elapsed_ms} ms")
    if report.status in (StepStatus.REJECTED, StepStatus.UNKNOWN) and report.note:
        parts.append(escape(report.note))
    return "[dim] · [/dim]".join(parts)


def position(account: IsolatedAccount) -> str:
    """What is held and owed, on one line."""
    sides = (account.base, account.quote)
    held = " + ".join(f"{plain(side.total)} {side.asset}" for side in sides if side.total > 0) or "nothing"
    owed = " + ".join(f"{plain(side.liability)} {side.asset}" for side in sides if side.liability > 0) or "nothing"
    return escape(f"holds {held}, owes {owed}, level {level(account)}, index {plain(account.index_price)}")


def level(account: IsolatedAccount | None) -> str:
    """`1.2500`, or a dash where nothing is owed."""
    found = None if account is None else margin_level(account)
    return "-" if found is None else f"{found:.4f}"


def fees(amounts: Mapping[Asset, Decimal]) -> str:
    """`5 USDT + 0.1 BNB`."""
    return " + ".join(f"{plain(value)} {asset}" for asset, value in amounts.items()) or "none"


def closing_report(report: RunReport, reckoning: Reckoning | None = None) -> Table:
    """How a run ended: before and after, prices, costs, what came home, where the equity went, and how long it took."""
    table = Table(title=f"{report.symbol}: {_ENDINGS[report.outcome]}", title_justify="left", show_header=False, box=None)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    if report.before is not None:
        table.add_row("before", position(report.before))
    if report.after is not None and report.outcome is not Outcome.PLANNED:
        table.add_row("after", f"{position(report.after)}, seen at {local_time(report.after.at)}")
    for step in report.steps:
        if isinstance(step.step, CloseOrder) and step.slippage_bps is not None:
            table.add_row("price", _price(step))
    if report.steps:
        table.add_row("fees", fees(report.fees))
        table.add_row("interest paid", fees(report.interest_paid))
    if report.outcome is not Outcome.PLANNED:
        table.add_row("swept to spot", fees(report.swept) if report.swept else "nothing")
    if reckoning is not None and report.steps:
        _reckon(table, reckoning, report)
    seconds = f"{report.elapsed_ms / 1000:.2f} s"
    trips = f"{report.round_trips} round trip{'' if report.round_trips == 1 else 's'}"
    table.add_row("took", f"{report.requests} requests, {trips}, {seconds}")
    table.add_row("because", escape(report.reason))
    return table


def _reckon(table: Table, reckoning: Reckoning, report: RunReport) -> None:
    """The identity of a run in the pair's quote asset; costs are positive when against us."""
    quote = report.before.quote.asset if report.before is not None else ""
    lines = {
        "equity at the start": reckoning.start,
        "= at the end": reckoning.end,
        "+ market move": reckoning.market_move,
        "+ fees": reckoning.fees,
        "+ interest": reckoning.interest,
        "+ slippage": reckoning.slippage,
    }
    if not reckoning.holds:
        lines["+ not explained"] = reckoning.unexplained
    for name, value in lines.items():
        table.add_row(name, f"{half_up(value):>20f} {escape(quote)}")


def plan_table(report: RunReport) -> Table:
    """The steps to come, with fees, slippage and the level after each; the reason of a step stands under it."""
    table = Table(title=f"What unwind {report.symbol} would do now", title_justify="left")
    for name in ("#", "step", "fee", "slippage", "level after"):
        table.add_column(name, justify="left" if name == "step" else "right", overflow="fold")
    for number, step in enumerate(report.steps, 1):
        slip = "-" if step.slippage_bps is None else f"{step.slippage_bps:.2f} bps"
        after = "-" if step.level_after is None else f"{step.level_after:.4f}"
        cost = "\n".join(amount(value, asset) for asset, value in step.fees.items()) or "-"
        what = f"{escape(sentence(step.step))}\n[dim]{escape(step.step.because)}[/dim]"
        table.add_row(str(number), what, cost, slip, after)
    return table


def _price(step: StepReport) -> str:
    assert isinstance(step.step, CloseOrder)  # noqa: S101
    bps = step.slippage_bps or Decimal(0)
    return f"{step.step.side.value.lower()} {bps:.2f} bps worse than the index {plain(step.step.index_price)}"
