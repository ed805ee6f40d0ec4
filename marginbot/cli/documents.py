"""The JSON documents of the contract: names and forms that scripts rely on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from marginbot.cli.errors import REFUSED
from marginbot.domain.account import AssetBalance, IsolatedAccount
from marginbot.domain.amounts import Asset, Symbol, half_up
from marginbot.domain.margin import margin_level
from marginbot.engine.journal.entries import Intent
from marginbot.engine.prospects import Prospect
from marginbot.engine.report import Outcome, RunReport, StepReport
from marginbot.engine.survey import PairSurvey, Survey
from marginbot.rules.outlook import RuleOutlook

Document = dict[str, Any]


def run_document(report: RunReport) -> Document:
    """`unwind --json` and `plan --json`: every key present, whatever the end."""
    return {
        "symbol": report.symbol,
        "venue": report.venue,
        "outcome": report.outcome,
        "reason": report.reason,
        "before": _snapshot(report.before),
        "after": _snapshot(report.after),
        "steps": [_step(step) for step in report.steps],
        "cost": {
            "fees": _money(report.fees),
            "slippage_value": half_up(report.slippage_value),
            "interest_paid": _money(report.interest_paid),
        },
        "swept": _money(report.swept),
        "requests": report.requests,
        "round_trips": report.round_trips,
        "elapsed_ms": report.elapsed_ms,
    }


def failed_document(symbol: Symbol | None, venue: str, code: int, reason: str) -> Document:
    """The same for a run that came to nothing before it could look; `symbol` None: for a run on all pairs, none of them seen."""
    if symbol is None:
        return {"pairs": [], "error": reason, "key": None}
    outcome = Outcome.REFUSED if code == REFUSED else Outcome.STOPPED
    return run_document(RunReport(symbol, venue, outcome, reason))


def status_document(survey: Survey, venue: str, prospects: Sequence[Prospect]) -> Document:
    """`status --json`. prospects: of the surveyed pairs, in their order."""
    return {
        "venue": venue,
        "at": survey.at,
        "spot": _money({asset: free for asset, free in survey.spot.items() if free > 0}),
        "pairs": [_pair(prospect.pair, prospect.rules) for prospect in prospects],
    }


def intent_document(intent: Intent) -> Document:
    """One line of `journal --json`."""
    return {
        "id": intent.id,
        "episode": intent.episode_id,
        "symbol": intent.symbol,
        "kind": intent.kind,
        "asset": intent.asset,
        "amount": intent.amount,
        "state": intent.state,
        "client_id": intent.client_id,
        "exchange_id": intent.exchange_id,
        "because": intent.because,
        "answer": intent.answer,
        "started_at": intent.started_at,
        "ended_at": intent.ended_at,
    }


def _snapshot(account: IsolatedAccount | None) -> Document | None:
    if account is None:
        return None
    return {
        "margin_level": _rounded(margin_level(account)),
        "index_price": account.index_price,
        "base": _side(account.base),
        "quote": _side(account.quote),
        "at": account.at,
    }


def _side(side: AssetBalance) -> Document:
    return {
        "asset": side.asset,
        "free": side.free,
        "locked": side.locked,
        "borrowed": side.borrowed,
        "interest": side.interest,
    }


def _step(step: StepReport) -> Document:
    return {
        "kind": step.kind,
        "asset": step.asset,
        "amount": step.amount,
        "status": step.status,
        "client_id": step.client_id,
        "exchange_id": step.exchange_id,
        "because": step.step.because,
        "level_after": _rounded(step.level_after),
        "fee": _money(step.fees),
        "slippage_bps": None if step.slippage_bps is None else half_up(step.slippage_bps, 4),
        "started_at": step.started_at,
        "elapsed_ms": step.elapsed_ms,
    }


def _pair(pair: PairSurvey, rules: Iterable[RuleOutlook]) -> Document:
    account = pair.account
    return {
        "symbol": account.symbol,
        "margin_level": _rounded(pair.margin_level),
        "reported_level": account.reported_level,
        "status": account.status,
        "index_price": account.index_price,
        "liquidation_level": pair.liquidation_level,
        "liquidation_price": _rounded(pair.liquidation_price),
        "distance_to_liquidation_pct": None if pair.distance_pct is None else half_up(pair.distance_pct, 4),
        "base": _side(account.base),
        "quote": _side(account.quote),
        "equity_value": half_up(pair.equity_value),
        "liability_value": half_up(pair.liability_value),
        "interest_per_day_value": _rounded(pair.interest_per_day),
        "trade_enabled": account.trade_enabled,
        "rules": [{"name": rule.name, "fires_at_price": _rounded(rule.fires_at_price), "armed": rule.armed} for rule in rules],
    }


def _money(amounts: Mapping[Asset, Decimal]) -> dict[str, Decimal]:
    return {str(asset): amount for asset, amount in amounts.items()}


def _rounded(value: Decimal | None) -> Decimal | None:
    return None if value is None else half_up(value)
