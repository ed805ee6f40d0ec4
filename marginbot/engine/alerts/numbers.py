"""The daemon in numbers, for machines that watch it: what /metrics shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from marginbot.domain.amounts import Symbol
from marginbot.domain.message import Reading, Severity
from marginbot.engine.alerts.alerts import Alerts
from marginbot.engine.alerts.pictures import Picture, picture_of
from marginbot.engine.alerts.tally import Tally
from marginbot.engine.daemon.daemon import Daemon


def pictures(daemon: Daemon) -> dict[Symbol, Picture]:
    """How every pair under watch stands now."""
    pairs = daemon.watch.pairs.items()
    found = ((symbol, picture_of(pair.known, pair.busy, pair.backstop.rests)) for symbol, pair in pairs)
    return {symbol: picture for symbol, picture in found if picture is not None}


def protection_ok(ok: bool) -> Reading:
    """The one number to be woken by."""
    return Reading("protection_ok", "1 while every part works, 0 while something is wrong.", float(ok))


@dataclass(frozen=True, slots=True)
class Numbers:
    """Reads them when asked; a pair that owes nothing has no level and is left out where one is needed."""

    daemon: Daemon
    tally: Tally
    alerts: Alerts

    def __call__(self) -> Iterator[Reading]:
        """Every reading, at this moment."""
        yield from self._protection()
        yield from _of_pairs(pictures(self.daemon).values())
        yield from self._deeds()
        yield from self._budgets()
        yield from self._messages()

    def _protection(self) -> Iterator[Reading]:
        health, watch, clock = self.daemon.health, self.daemon.watch, self.daemon.outfit.clock
        troubles = health.troubles()
        yield protection_ok(not troubles)
        for part, failures in health.failures().items():
            yield Reading("part_ok", "1 while this part works.", float(part not in troubles), {"part": part})
            yield Reading("part_failures", "Failures of this part.", failures, {"part": part}, counts=True)
        yield Reading("paused", "1 while a pause is in force.", float(bool(self.daemon.pauses)))
        yield Reading("pairs_owing", "Pairs in debt.", len(watch.owing))
        seen = max((row.at for row in watch.rows.values()), default=None)
        if seen is not None:
            yield Reading("account_age_seconds", "Age of the last look at the account.", _age(clock.now(), seen))

    def _deeds(self) -> Iterator[Reading]:
        tally, watch = self.tally, self.daemon.watch
        yield Reading("looks", "Looks at single pairs that counted.", tally.looks, counts=True)
        yield Reading("visits", "Visits of pairs.", watch.visits, counts=True)
        yield Reading("ticks", "Prices heard from the market stream.", watch.fences.ticks, counts=True)
        yield Reading("alarms", "Alarms told by the watch.", tally.alarms, counts=True)
        for (kind, status), times in tally.acts.items():
            yield Reading("acts", "Steps that ended.", times, {"kind": kind, "status": status}, counts=True)
        for (symbol, deed), times in tally.fired.items():
            yield Reading("rules_fired", "Rules that fired.", times, {"symbol": symbol, "do": deed}, counts=True)
        for outcome, times in tally.errands.items():
            yield Reading("errands", "Errands of rules and operators that ended.", times, {"outcome": outcome}, counts=True)

    def _budgets(self) -> Iterator[Reading]:
        for budget, (used, size) in self.daemon.outfit.exchange.used_weights().items():
            yield Reading("weight_used", "Weight used of this budget in the current minute.", used, {"budget": budget})
            yield Reading("weight_limit", "Size of this budget per minute.", size, {"budget": budget})

    def _messages(self) -> Iterator[Reading]:
        unsolved = self.alerts.threads.unsolved
        for severity in Severity:
            number = sum(1 for thread in unsolved if thread.severity is severity)
            yield Reading("alerts_open", "Alert threads that are not solved.", number, {"severity": severity.word})
        for lane in self.alerts.outbox.lanes:
            for status, times in lane.counts.items():
                labels = {"to": lane.notifier.name, "status": status}
                yield Reading("notifications", "Messages by what became of them.", times, labels, counts=True)


def _of_pairs(seen: Iterable[Picture]) -> Iterator[Reading]:
    for picture in seen:
        labels = {"symbol": picture.symbol}
        yield Reading("index_price", "Index price, quote per base.", float(picture.index_price), labels)
        measures: tuple[tuple[str, str, Decimal | None], ...] = (
            ("margin_level", "Margin level; only of pairs that owe.", picture.level),
            ("liquidation_price", "Index price at which the exchange takes over.", picture.liquidation_price),
            ("liquidation_distance_pct", "How far the index may still move against the position, in %.", picture.distance_pct),
        )
        for name, words, value in measures:
            if value is not None:
                yield Reading(name, words, float(value), labels)
        for side, price in (("below", picture.fence.below), ("above", picture.fence.above)):
            if price is not None:
                words = "Book price at which the pair is looked at at once."
                yield Reading("fence_price", words, float(price), {**labels, "side": side})
        yield Reading("rules_armed", "Rules of the pair that may fire.", len(picture.armed), labels)
        yield Reading("rules_fired_and_not_over", "Rules of the pair that fired and are not over.", len(picture.fired), labels)


def _age(now: datetime, then: datetime) -> float:
    return max(0.0, (now - then).total_seconds())
