"""Whether what was to lift the margin level did. Both levels are taken at one price, so the market has no part in it."""

from __future__ import annotations

from collections.abc import Iterable

from marginbot.domain.account import IsolatedAccount
from marginbot.domain.margin import margin_level
from marginbot.domain.plan import CloseOrder, Repay, TopUp
from marginbot.engine.report import StepReport, StepStatus
from marginbot.rules.words import short


def not_lifted(before: IsolatedAccount, after: IsolatedAccount, steps: Iterable[StepReport]) -> str | None:
    """What is wrong, in words, when something was traded, repaid or brought in and the level is not higher for it."""
    done = [one for one in steps if one.status is StepStatus.DONE and isinstance(one.step, (CloseOrder, Repay, TopUp))]
    was, now = margin_level(before, after.index_price), margin_level(after)
    if not done or was is None or now is None or now > was:
        return None
    return (
        f"{len(done)} steps were done to lift the level, and at the same price it went from {short(was)} to {short(now)}: "
        "look at the account, at its fees and at who else trades it"
    )
