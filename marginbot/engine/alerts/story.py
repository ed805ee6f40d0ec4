"""The alerts of every pair: which events of the watch become messages, and of which severity. Pure, besides what it remembers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Final

from marginbot.domain.amounts import Symbol
from marginbot.domain.message import Message, Severity
from marginbot.domain.plan import Plan, Verdict
from marginbot.domain.policy import Do, Rule
from marginbot.engine.alerts import words
from marginbot.engine.alerts.pictures import Picture, in_words
from marginbot.engine.alerts.threads import Threads
from marginbot.engine.errands import NOT_EXECUTING
from marginbot.engine.events import Decided, Event, Fired, Notice, Pursued, Rearmed
from marginbot.engine.report import Outcome, RunReport

EVERYTHING: Final = "marginbot"
"""The subject of what concerns no single pair."""
CRITICAL_BELOW_PCT: Final = Decimal(10)
"""A warning with less of the price left than this is critical: the falls this tool is for went further within an hour."""
CAPPED, AT_WORK = "capped", "at work"
GOES_ON: Final = "marginbot goes on looking; a more severe rule takes over where there is one."
_MILD: Final = frozenset({Do.REPAY, Do.TOP_UP, Do.SWEEP})
"""When one of these fails the next rung takes over; when another fails, nothing that helps may be left."""


@dataclass(slots=True)
class Story:
    """Hears what happens on pairs. `threads` holds what is wrong; every method answers what is to be sent."""

    threads: Threads
    _rules: dict[tuple[Symbol, str], Rule] = field(default_factory=dict)

    def hear(self, symbol: Symbol, event: Event, picture: Picture | None, now: datetime) -> list[Message]:
        """One event of the watch. picture: how the pair stands, None when unknown."""
        match event:
            case Fired(rule=rule, because=because):
                return self._fired(symbol, rule, because, picture, now)
            case Rearmed(rule=rule_name):
                return self._solved(symbol, f"rule {rule_name}", f"What fired rule {rule_name!r} is over.", picture, now)
            case Pursued(rule=rule_name, report=report):
                return self._pursued(symbol, rule_name, report, picture, now)
            case Decided(plan=plan):
                return self._decided(symbol, plan, picture, now)
            case Notice():
                return self._noticed(symbol, event, picture, now)
            case _:
                return []

    def look_round(self, picture: Picture, now: datetime) -> list[Message]:
        """How a pair stands now: what is over without an event, what fired before the start, what is wrong with its policy."""
        symbol, messages = picture.symbol, []
        holds = {f"rule {name}" for name in picture.fired} | {f"policy {text}" for text in picture.alarms}
        holds |= {AT_WORK} if picture.busy else set()
        if picture.owes:
            others = {trouble for trouble in self.threads.troubles(symbol) if not trouble.startswith(("rule ", "policy "))}
            holds |= others - {AT_WORK}
        if not self.threads.troubles(symbol) <= holds:
            text = _whole("Nothing that was told of it holds any more.", picture)
            messages += self.threads.keep(symbol, frozenset(holds), "solved", text, now)
        for name in sorted(picture.fired):
            if f"rule {name}" not in self.threads.troubles(symbol):
                text = _whole(f"Rule {name!r} fired earlier and is not over yet.", picture, words.to_do(symbol, acts=False))
                messages += self.threads.alarm(symbol, f"rule {name}", Severity.WARNING, f"rule {name!r} is not over", text, now)
        for alarm in picture.alarms:
            messages += self.threads.alarm(symbol, f"policy {alarm}", Severity.WARNING, "its policy", _whole(alarm, picture), now)
        if picture.armed or picture.fired:
            self.threads.heard.pop(symbol, None)  # its ladder is known: what is left of that was over before the start
        return messages

    def _fired(self, symbol: Symbol, rule: Rule, because: str, picture: Picture | None, now: datetime) -> list[Message]:
        self._rules[symbol, rule.name] = rule
        if rule.do is Do.SWEEP:
            return []
        title, text = words.fired(rule, because)
        text = _whole(text, picture, words.to_do(symbol, acts=rule.do is not Do.ALERT))
        severity = _severity_of(rule, picture)
        told = self.threads.alarm(symbol, f"rule {rule.name}", severity, title, text, now, worsens=True)
        if rule.do is not Do.ALERT:
            self.threads.hold(symbol, AT_WORK, severity, text, now)
        return told

    def _pursued(self, symbol: Symbol, rule: str, report: RunReport, picture: Picture | None, now: datetime) -> list[Message]:
        known = self._rules.get((symbol, rule))
        trouble = f"rule {rule}" if known is not None else f"errand {rule}"
        title, text = words.pursued(rule, report)
        if report.outcome in (Outcome.FLAT, Outcome.REACHED, Outcome.PLANNED):
            text = _whole(text, picture)
            over = (CAPPED, AT_WORK) if known is not None else (CAPPED, AT_WORK, trouble)
            solved = [message for one in over for message in self.threads.over(symbol, one, title, text, now)]
            return solved or self.threads.add(symbol, Severity.INFO, title, text, now)
        severity = Severity.WARNING if known is not None and known.do in _MILD else Severity.CRITICAL
        text = _whole(f"{text} {GOES_ON}", picture, words.to_do(symbol, acts=False))
        told = self.threads.alarm(symbol, trouble, severity, title, text, now, worsens=True)
        for one in (CAPPED, AT_WORK):
            self.threads.over(symbol, one, title, text, now)
        return told

    def _decided(self, symbol: Symbol, plan: Plan, picture: Picture | None, now: datetime) -> list[Message]:
        """Also the cap's trouble ends by events alone: between two plans nobody knows whether it still blocks."""
        if plan.capped and plan.verdict is Verdict.WAIT:
            because = plan.because if NOT_EXECUTING in plan.because else f"{NOT_EXECUTING}: {plan.because}"
            text = _whole(words.sentence(because), picture, words.to_do(symbol, acts=False))
            return self.threads.alarm(symbol, CAPPED, Severity.CRITICAL, "holding but NOT executing", text, now)
        return self._solved(symbol, CAPPED, "The slippage cap blocks no more.", picture, now)

    def _noticed(self, symbol: Symbol, notice: Notice, picture: Picture | None, now: datetime) -> list[Message]:
        """What concerns no pair is worth a note even when it is no alarm: what an operator did, that a pause is over."""
        text, alarm = notice.text, notice.alarm
        severity = Severity.CRITICAL if notice.critical else Severity.WARNING
        if picture is not None and text in picture.alarms:
            return []  # told as long as it holds, by `look_round`
        if not symbol:
            return self.threads.add(EVERYTHING, severity if alarm else Severity.INFO, "note", text, now)
        return self.threads.add(symbol, severity, "please note", _whole(text, picture), now) if alarm else []

    def _solved(self, symbol: Symbol, trouble: str, text: str, picture: Picture | None, now: datetime) -> list[Message]:
        return self.threads.over(symbol, trouble, "solved", _whole(text, picture), now)


def _severity_of(rule: Rule, picture: Picture | None) -> Severity:
    """An unwind ends a position, and a warning near the end is the last one: both are critical."""
    left = None if picture is None else picture.distance_pct
    near = left is not None and left <= CRITICAL_BELOW_PCT
    return Severity.CRITICAL if rule.do is Do.UNWIND or (rule.do is Do.ALERT and near) else Severity.WARNING


def _whole(text: str, picture: Picture | None, advice: str = "") -> str:
    """What happened, how the pair stands, what to do: a line each."""
    return "\n".join(part for part in (text, "" if picture is None else in_words(picture), advice) if part)
