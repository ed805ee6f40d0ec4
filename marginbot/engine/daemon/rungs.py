"""From a rule that fires to the errand it begins, and from an episode in the journal back to its errand."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from marginbot.domain.amounts import ZERO, Symbol, exact
from marginbot.domain.look import Look
from marginbot.domain.margin import deciding_level
from marginbot.domain.plan import Aim, AimKind, Goal, Into, Limits
from marginbot.domain.policy import Budget, Do, LevelBelow, OpenOrders, Rule, Then
from marginbot.engine.daemon.outfit import Outfit
from marginbot.engine.errands import Errand, ToFlat, ToLevel
from marginbot.engine.journal.entries import Episode

_KINDS: Final = {
    Do.REPAY: AimKind.REPAY,
    Do.TOP_UP: AimKind.TOP_UP,
    Do.DELEVERAGE: AimKind.DELEVERAGE,
    Do.SWEEP: AimKind.SWEEP,
}
_DAY: Final = timedelta(hours=24)


def errand_of(rule: Rule, look: Look, outfit: Outfit) -> Errand | None:
    """What a rule that fires wants of its pair; None for an alert, which only tells."""
    limits = Limits(rule.max_slippage_bps, outfit.limits.topup_crumb)
    symbol = look.account.symbol
    if rule.do is Do.ALERT:
        return None
    if rule.do is Do.UNWIND:
        return ToFlat(Goal(symbol, rule.into, rule.sweep_home), limits, rule.name, widens=True)
    level = deciding_level(look.account) or ZERO
    trigger = rule.when.level if isinstance(rule.when, LevelBelow) else level
    aim = Aim(
        symbol=symbol,
        kind=_KINDS[rule.do],
        trigger_level=trigger,
        target_level=_target(rule, trigger),
        hold=rule.then is Then.HOLD,
        allowance=_allowance(rule.budget, symbol, rule.name, outfit) if rule.do is Do.TOP_UP else None,
        keep_in_spot=rule.budget.keep_in_spot,
        leave_orders=rule.open_orders is OpenOrders.LEAVE,
    )
    return ToLevel(aim, limits, rule.name, widens=True)


def staying_put(errand: Errand) -> Errand | None:
    """The same without any coin moved between wallets, for times without a journal on disk; None when nothing of it is left."""
    if isinstance(errand, ToFlat):
        return replace(errand, goal=replace(errand.goal, sweep=False), limits=replace(errand.limits, topup_crumb=ZERO))
    return None if errand.transfers else errand


def before_leaving(errand: Errand, leaves_at: datetime | None) -> Errand:
    """The same for a pair that is on the delisting schedule: what is brought in now would only have to go home again."""
    if leaves_at is None or not isinstance(errand, ToLevel) or errand.aim.kind is not AimKind.TOP_UP:
        return errand
    why = f"{errand.symbol} leaves isolated margin at {leaves_at:%Y-%m-%d %H:%M} UTC: nothing is brought in any more"
    return replace(errand, aim=replace(errand.aim, barred=why))


@exact
def _target(rule: Rule, trigger: Decimal) -> Decimal:
    """Where the rule stops; one that names no level pays with all idle coins there are."""
    return trigger * 1000 if rule.target_level is None else rule.target_level


@exact
def _allowance(budget: Budget, symbol: Symbol, rule: str, outfit: Outfit) -> Decimal | None:
    """Quote value the rule may still take from spot; None without any limit."""
    now = outfit.clock.now()
    spent = outfit.journal.brought_in(outfit.account, symbol, rule)
    today = sum((value for at, value in spent if at > now - _DAY), ZERO)
    ever = sum((value for _, value in spent), ZERO)
    left = (
        budget.per_action,
        None if budget.per_day is None else budget.per_day - today,
        None if budget.total is None else budget.total - ever,
    )
    known = [limit for limit in left if limit is not None]
    return max(ZERO, min(known)) if known else None


def errand_again(episode: Episode, limits: Limits) -> Errand:
    """The errand that an open episode describes, as it was begun. A goal this version cannot read is brought to flat: the
    safest end there is.
    """
    goal = episode.goal
    cap = Limits(Decimal(goal["cap_bps"]), limits.topup_crumb) if "cap_bps" in goal else limits
    widens = goal.get("widens") == "true"
    if goal.get("goal") != "level":
        into, sweep = Into(goal.get("into", Into.QUOTE.value)), goal.get("sweep", "true") == "true"
        return ToFlat(Goal(episode.symbol, into, sweep), cap, episode.rule, widens=widens)
    aim = Aim(
        symbol=episode.symbol,
        kind=AimKind(goal["kind"]),
        trigger_level=Decimal(goal["trigger"]),
        target_level=Decimal(goal["target"]),
        hold=goal["hold"] == "true",
        allowance=Decimal(goal["allowance"]) if "allowance" in goal else None,
        keep_in_spot=Decimal(goal["keep_in_spot"]),
        leave_orders=goal["leave_orders"] == "true",
    )
    return ToLevel(aim, cap, episode.rule, widens=widens)
