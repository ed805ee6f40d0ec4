"""What a refused step means for the run: look again, try once more, or stop and call a person."""

from __future__ import annotations

from dataclasses import dataclass, field

from marginbot.domain.amounts import Asset
from marginbot.domain.plan import Repay
from marginbot.engine.report import StepReport
from marginbot.errors import RequestRejected

MOST_IN_A_ROW = 5
REPAY_EXCEEDS_DEBT = -3015

FINAL_CODES = frozenset({-1002, -1022, -1099, -2008, -2014, -2015, -3001, -3003, -3018, -3019, -3022, -3036, -3999, -1016})
"""Refusals that no second look can mend: key, permission, account."""


@dataclass(slots=True)
class Refusals:
    """Counts refusals without progress in between, and which debts will not be repaid to the last digit."""

    in_a_row: int = 0
    exceeding: dict[Asset, int] = field(default_factory=dict)

    def seen(self, report: StepReport, refusal: RequestRejected) -> None:
        """One more refusal."""
        self.in_a_row += 1
        if isinstance(report.step, Repay) and refusal.code == REPAY_EXCEEDS_DEBT:
            self.exceeding[report.step.asset] = self.exceeding.get(report.step.asset, 0) + 1

    def progress(self) -> None:
        """Something moved: the count starts anew."""
        self.in_a_row = 0

    @property
    def shave(self) -> frozenset[Asset]:
        """Assets whose exact repayment was refused twice: the last digit waits."""
        return frozenset(asset for asset, times in self.exceeding.items() if times >= 2)

    def hopeless(self, refusal: RequestRejected) -> bool:
        """Whether to stop: the refusal is final, or there were too many."""
        final = refusal.code in FINAL_CODES or (refusal.code is None and refusal.http_status in (403, 404, 410))
        return final or self.in_a_row >= MOST_IN_A_ROW
