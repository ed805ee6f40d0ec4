"""After an errand: whether its rule was served by it, and whether the pair is looked at again at once."""

from __future__ import annotations

from marginbot.domain.plan import BACKSTOP
from marginbot.engine.daemon.outfit import Outfit
from marginbot.engine.daemon.watched import Watched
from marginbot.engine.errands import BY_HAND, Errand
from marginbot.engine.patience import Patience
from marginbot.engine.report import Outcome, RunReport


def was_kept_from(report: RunReport, patience: Patience) -> bool:
    """Whether an errand ended for a reason that says nothing about the rule that wanted it, which then fires again."""
    held_up = report.unreachable or report.outcome is Outcome.REFUSED or patience.stop.is_set()
    return held_up or bool(report.unwritten)


def goes_on(errand: Errand, report: RunReport, known: Watched, outfit: Outfit) -> bool:
    """Whether to look again at once: a rung that failed hands over to the next one."""
    if report.unwritten:
        return outfit.spare.stand_in(report.unwritten)
    if report.outcome in (Outcome.FLAT, Outcome.REACHED):
        return True
    by_hand = errand.rule in BY_HAND
    if outfit.held_back(known.symbol) is not None and not by_hand:
        return False
    if report.outcome in (Outcome.RESIDUE, Outcome.STOPPED) and not report.unreachable:
        if not by_hand and errand.rule != BACKSTOP:
            known.failed(errand.rule)
        return True
    return False
