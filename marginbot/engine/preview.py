"""The preview: what an unwind would do now, step by step. Reads once, sends nothing, leaves nothing in the journal."""

from __future__ import annotations

from marginbot.domain.book import slippage_bps
from marginbot.domain.plan import CloseOrder, Goal, Limits, Verdict
from marginbot.engine.looks import Looker
from marginbot.engine.patience import DeadlineReached, Interrupted
from marginbot.engine.ports import Exchange
from marginbot.engine.report import Outcome, RunReport, StepReport, StepStatus
from marginbot.engine.rights import missing_rights
from marginbot.errors import NotSent, RateLimited, ReadFailed, RequestRejected, SafetyRefused
from marginbot.rules.forecast import Forecast, Foreseen, forecast


async def preview(
    looker: Looker, exchange: Exchange, goal: Goal, limits: Limits, venue: str, allow_withdrawals: bool
) -> RunReport:
    """The forecast of one pair as a report whose steps are PLANNED. Raises: ConfigError for an unknown pair."""
    report = RunReport(goal.symbol, venue, Outcome.PLANNED, "")
    with exchange.metering() as meter:
        try:
            await _fill(report, looker, goal, limits, allow_withdrawals)
        except SafetyRefused as refused:
            report.outcome, report.reason = Outcome.REFUSED, str(refused)
        except (RateLimited, NotSent, ReadFailed, DeadlineReached) as cut_off:
            report.outcome, report.reason, report.unreachable = Outcome.STOPPED, str(cut_off), True
        except (RequestRejected, Interrupted) as ended:
            report.outcome, report.reason = Outcome.STOPPED, str(ended)
            report.unreachable = isinstance(ended, RequestRejected) and ended.code is None
    report.requests, report.round_trips, report.elapsed_ms = meter.requests, meter.round_trips, meter.elapsed_ms
    return report


async def _fill(report: RunReport, looker: Looker, goal: Goal, limits: Limits, allow_withdrawals: bool) -> None:
    first = await looker.first()
    look = await looker.believe_first(first.look)
    report.before = look.account
    foreseen = forecast(goal, look, limits)
    report.after = look.account
    report.steps = [_step(step) for step in foreseen.steps]
    report.reason = _reason(foreseen)
    wrong = missing_rights(first.rights, goal.sweep, allow_withdrawals)
    if wrong is not None:
        report.notices.append(f"{goal.symbol}: {wrong}")
        report.reason += f". This key could not do it, though: {wrong}"


def _step(foreseen: Foreseen) -> StepReport:
    step = foreseen.step
    report = StepReport(step, StepStatus.PLANNED, level_after=foreseen.level_after, fees=foreseen.fees)
    if isinstance(step, CloseOrder):
        report.slippage_bps = slippage_bps(step.side, step.expected_price, step.index_price)
        report.slippage_value = foreseen.slippage_value
    return report


def _reason(foreseen: Forecast) -> str:
    count = len(foreseen.steps)
    if foreseen.end.verdict is Verdict.DONE:
        return f"{count} steps lead to flat" if count else f"nothing to do: {foreseen.end.because}"
    return f"after {count} steps it would stop short: {foreseen.end.because}"
