"""Prospects: what the owner's rules make of a pair as it was surveyed. Pure; asks nobody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from marginbot.domain.margin import tier_of
from marginbot.domain.policy import Policy
from marginbot.domain.situation import RuleMemory, Ruling, Situation
from marginbot.engine.survey import PairSurvey
from marginbot.rules.assign import Assigned, assign
from marginbot.rules.ladder import judge
from marginbot.rules.outlook import RuleOutlook, outlook

NOTHING_REMEMBERED: Mapping[str, RuleMemory] = {}


@dataclass(frozen=True, slots=True)
class Prospect:
    """The ladder that guards a pair, each rule as it stands, and what it would do at once."""

    pair: PairSurvey
    assigned: Assigned
    rules: tuple[RuleOutlook, ...]
    ruling: Ruling


def prospect(
    pair: PairSurvey,
    at: datetime,
    policy: Policy,
    delisting_at: datetime | None = None,
    memories: Mapping[str, RuleMemory] = NOTHING_REMEMBERED,
) -> Prospect:
    """What would happen to a pair. memories: of its rules, where a daemon keeps them; without it every rule is armed.

    What only a daemon knows (the highest level, the age of the debt, interest paid so far) begins now.
    """
    account = pair.account
    assigned = assign(policy, account.symbol, tier_of(account, pair.tiers), account.owes)
    situation = Situation(account, pair.tiers, at, daily_rate_pct=pair.daily_rate_pct, delisting_at=delisting_at)
    return Prospect(
        pair=pair,
        assigned=assigned,
        rules=outlook(assigned.ladder, situation, memories),
        ruling=judge(assigned.ladder, situation, memories),
    )
