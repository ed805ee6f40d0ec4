"""What `policy check` found, for people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from rich.console import Group, RenderableType
from rich.markup import escape

from marginbot.domain.amounts import half_up, plain
from marginbot.domain.policy import Ladder, Policy
from marginbot.engine.prospects import Prospect
from marginbot.rules.outlook import in_words
from marginbot.rules.soundness import problems


@dataclass(frozen=True, slots=True)
class PolicyCheck:
    """A policy held against an account. source: the file, or the preset's name."""

    source: str
    policy: Policy
    venue: str
    at: datetime
    prospects: tuple[Prospect, ...]

    @property
    def fits(self) -> bool:
        """Whether every ladder makes sense, and for every open pair that it guards."""
        senseless = any(problems(ladder, None) for ladder in self.policy.ladders)
        return not senseless and not any(one.assigned.problems for one in self.prospects)


def policy_view(check: PolicyCheck) -> RenderableType:
    """Each pair in debt with its rules and prices; then the others; then whether it fits."""
    owing = [one for one in check.prospects if one.pair.account.owes]
    idle = [one for one in check.prospects if not one.pair.account.owes]
    lines = [f"[heading]Policy:[/heading] {escape(check.source)} on {check.venue}"]
    for one in owing:
        lines += ["", *_pair(one)]
    for alike in _by_ladder(idle):
        lines += ["", *_idle(alike, in_full=not owing)]
    if not check.prospects:
        lines += ["", "No isolated pair is open on this account. The policy in levels:", *_written(check.policy)]
    told = [check.policy.ladder_of(one.pair.account.symbol) for one in check.prospects if one.assigned.problems]
    others = [ladder for ladder in check.policy.ladders if ladder not in told]
    lines += [_problem(f"{ladder.name}: {text}") for ladder in others for text in problems(ladder, None)]
    lines += ["", "It fits every open pair." if check.fits else "[problem]It does not fit.[/problem] Nothing was sent."]
    return Group(*lines)


def _pair(one: Prospect) -> Iterator[str]:
    pair, ladder, fires = one.pair, one.assigned.ladder, one.ruling.fires
    level = "no level" if pair.margin_level is None else f"level {plain(half_up(pair.margin_level, 4))}"
    yield f"{_name(pair.account.symbol)}: {level}, index {plain(pair.account.index_price)}, {_guarded(ladder)}"
    yield from _trouble(one)
    yield from (f"  {escape(rule.sentence)}" for rule in one.rules)
    yield f"  [hint]At once:[/hint] {escape(f'{fires.name} ({one.ruling.because})' if fires else 'nothing')}"


def _idle(alike: list[Prospect], in_full: bool) -> Iterator[str]:
    names = ", ".join(_name(one.pair.account.symbol) for one in alike)
    yield f"{names}: nothing owed now, {_guarded(alike[0].assigned.ladder)}{':' if in_full else ''}"
    for one in alike:
        yield from _trouble(one)
    if in_full:
        yield from (f"  {escape(rule.sentence)}" for rule in alike[0].rules)


def _written(policy: Policy) -> Iterator[str]:
    for ladder in policy.ladders:
        yield f"{_name(', '.join(ladder.pairs))}: {_guarded(ladder)}"
        yield from (f"  {escape(in_words(rule))}" for rule in ladder.rules)
    if policy.preset is not None:
        yield f"  the levels of the preset {policy.preset.value} follow from the tier of each pair"


def _by_ladder(prospects: list[Prospect]) -> Iterator[list[Prospect]]:
    groups: dict[Ladder, list[Prospect]] = {}
    for one in prospects:
        groups.setdefault(one.assigned.ladder, []).append(one)
    yield from groups.values()


def _trouble(one: Prospect) -> Iterator[str]:
    """Why a written ladder does not fit; else, what is not as the owner may think."""
    if one.assigned.problems:
        yield from (_problem(f"{one.pair.account.symbol}: {problem}") for problem in one.assigned.problems)
    else:
        yield from (f"  [watch]alarm:[/watch] {escape(alarm)}" for alarm in one.assigned.alarms)


def _problem(text: str) -> str:
    return f"  [problem]does not fit:[/problem] {escape(text)}"


def _name(symbol: str) -> str:
    return f"[heading]{escape(symbol)}[/heading]"


def _guarded(ladder: Ladder) -> str:
    how = f"the preset {ladder.preset.value}" if ladder.preset else f"the policy {ladder.name!r}"
    return escape(f"guarded by {how}{', with a stop order resting at the exchange' if ladder.backstop else ''}")
