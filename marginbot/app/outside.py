"""What the daemon tells the outside, wired: messages, metrics, the heartbeat, systemd. None of it can stop the watch."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from marginbot.domain.amounts import Symbol, half_up, plain
from marginbot.domain.message import Reading, Severity
from marginbot.engine.alerts.alerts import PART as ALERTS
from marginbot.engine.alerts.alerts import WATCHES, Alerts, Pictures, Words, left_alone
from marginbot.engine.alerts.numbers import Numbers, pictures, protection_ok
from marginbot.engine.alerts.outbox import Outbox
from marginbot.engine.alerts.tally import Tally
from marginbot.engine.daemon.beside import Work, until
from marginbot.engine.daemon.daemon import Daemon
from marginbot.engine.daemon.health import Health
from marginbot.engine.daemon.watch import LOOKS
from marginbot.engine.events import Event
from marginbot.engine.ports import Clock, Notifier
from marginbot.logs import scrubber
from marginbot.outlets.apprise_notifier import AppriseNotifier, open_notifiers
from marginbot.outlets.heartbeat import Heartbeat
from marginbot.outlets.sd_notify import Systemd, from_environment
from marginbot.outlets.server import Page, serve
from marginbot.settings import Settings

HEARTBEAT = "heartbeat"
Works = dict[str, Work]

UNREACHED: Words = (
    Severity.CRITICAL,
    "cannot begin",
    "marginbot has started but cannot reach the exchange: no pair is watched until it answers. It goes on trying.",
)
ANSWERS: Words = (Severity.CRITICAL, "the exchange answers", "The exchange answers: marginbot begins to watch.")
NEVER_WATCHED: Words = (
    Severity.WARNING, "stopped", "marginbot was told to stop before the exchange ever answered: no pair was watched."
)  # fmt: skip


def refused(why: str) -> Words:
    """The last words of a start that waited for an exchange which then refuses the key, or a key that is not fit."""
    return Severity.CRITICAL, "ended", f"The exchange answers, but marginbot has ended: {why.rstrip('.')}. No pair is watched."


@dataclass(frozen=True, slots=True)
class View:
    """What machines see. alive: whether the work goes round; status: one line; over: whether the process ends with it."""

    readings: Callable[[], Iterable[Reading]]
    alive: Callable[[], bool]
    status: Callable[[], str]
    over: Callable[[], bool] = lambda: True


def notifiers_of(settings: Settings) -> tuple[AppriseNotifier, ...]:
    """Every place the owner named. Raises: ConfigError for an address that Apprise does not know."""
    return open_notifiers([(one.url.get_secret_value(), one.least) for one in settings.notify.urls])


@dataclass(slots=True)
class Outside:
    """Give `hear` to the daemon's outfit, then call `join` once the daemon is made."""

    settings: Settings
    notifiers: Sequence[Notifier]
    systemd: Systemd | None = field(default_factory=from_environment)
    tally: Tally = field(default_factory=Tally)
    alerts: Alerts | None = None

    def hear(self, symbol: Symbol, event: Event) -> None:
        """An audience."""
        self.tally.hear(symbol, event)
        if self.alerts is not None:
            self.alerts.hear(symbol, event)

    def join(self, daemon: Daemon, stop: asyncio.Event) -> None:
        """Let everything that tells the outside run beside the watch."""
        clock, health = daemon.outfit.clock, daemon.health
        place = daemon.outfit.venue + (" (dry run)" if daemon.outfit.dry_run else "")
        alerts = self._alerts(clock, health, place, lambda: pictures(daemon))
        alerts.remember(daemon.outfit.notebook)
        daemon.operator.acknowledge = alerts.acknowledge
        view = View(Numbers(daemon, self.tally, alerts), lambda: daemon.watch.turning, lambda: status_of(daemon))
        daemon.beside |= self._works(clock, health, alerts, view, stop)
        url = self.settings.heartbeat.url
        if url is not None:
            alive = _looking(health)
            told = (lambda: health.well(HEARTBEAT)), (lambda why: health.ill(HEARTBEAT, why))
            daemon.beside["the heartbeat"] = until(stop, Heartbeat(url.get_secret_value(), clock, alive, *told).run)

    def while_waiting(
        self, clock: Clock, health: Health, place: str, last_words: Callable[[], Words], over: asyncio.Event
    ) -> Works:
        """What tells the outside that the exchange does not answer and nothing is watched yet, until `over` is set.

        last_words: asked then; all but `ANSWERS` say that the process ends.
        """
        alerts = self._alerts(clock, health, place, dict, UNREACHED, lambda _: last_words())

        def ends() -> bool:
            return last_words() is not ANSWERS

        def status() -> str:
            return scrubber()(f"NOT WATCHING: {'; '.join(health.troubles().values())}")

        return self._works(clock, health, alerts, View(lambda: (protection_ok(False),), lambda: True, status, ends), over)

    def _alerts(
        self,
        clock: Clock,
        health: Health,
        place: str,
        seen: Callable[[], Pictures],
        greeting: Words = WATCHES,
        goodbye: Callable[[Pictures], Words] = left_alone,
    ) -> Alerts:
        scrub = scrubber()
        outbox = Outbox(tuple(self.notifiers), clock, health, scrub)
        self.alerts = Alerts(outbox, health, clock, place, scrub, seen, greeting, goodbye)
        return self.alerts

    def _works(self, clock: Clock, health: Health, alerts: Alerts, view: View, stop: asyncio.Event) -> Works:
        works = {ALERTS: until(stop, alerts.run)}
        listen, systemd = self.settings.metrics.listen, self.systemd
        if listen is not None:
            page = Page(view.readings, health.troubles, scrubber())
            works["the metrics"] = until(stop, lambda ends: serve(page, listen.host, listen.port, ends))
        if systemd is not None:
            works["systemd"] = until(stop, lambda ends: systemd.run(ends, clock, view.alive, view.status, view.over))
        return works


def status_of(daemon: Daemon) -> str:
    """One line: what is watched and what is wrong."""
    seen = pictures(daemon)
    levels = [picture.level for picture in seen.values() if picture.level is not None]
    lowest = f", lowest level {plain(half_up(min(levels), 4))}" if levels else ""
    troubles = daemon.health.troubles()
    wrong = f"; NOT WORKING: {', '.join(troubles)}" if troubles else ""
    return scrubber()(f"{len(daemon.watch.owing)} pairs owe{lowest}{wrong}")


def _looking(health: Health) -> Callable[[], bool]:
    """Whether looks succeed: they were heard of, and there is no trouble with them."""
    return lambda: health.was_well(LOOKS) and LOOKS not in health.troubles()
