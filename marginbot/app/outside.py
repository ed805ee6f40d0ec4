"""What the daemon tells the outside, wired: messages, metrics, the heartbeat, systemd. None of it can stop the watch."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from marginbot.domain.amounts import Symbol, half_up, plain
from marginbot.engine.alerts.alerts import PART as ALERTS
from marginbot.engine.alerts.alerts import Alerts
from marginbot.engine.alerts.numbers import Numbers, pictures
from marginbot.engine.alerts.outbox import Outbox
from marginbot.engine.alerts.tally import Tally
from marginbot.engine.daemon.daemon import Daemon, until
from marginbot.engine.daemon.health import Health
from marginbot.engine.daemon.watch import LOOKS
from marginbot.engine.events import Event
from marginbot.engine.ports import Notifier
from marginbot.logs import scrubber
from marginbot.outlets.apprise_notifier import AppriseNotifier, open_notifiers
from marginbot.outlets.heartbeat import Heartbeat
from marginbot.outlets.sd_notify import Systemd, from_environment
from marginbot.outlets.server import Page, serve
from marginbot.settings import Settings

HEARTBEAT = "heartbeat"


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
        clock, health, scrub = daemon.outfit.clock, daemon.health, scrubber()
        outbox = Outbox(tuple(self.notifiers), clock, health, scrub)
        place = daemon.outfit.venue + (" (dry run)" if daemon.outfit.dry_run else "")
        alerts = self.alerts = Alerts(outbox, health, clock, place, scrub, lambda: pictures(daemon))
        daemon.operator.acknowledge = alerts.acknowledge
        daemon.beside[ALERTS] = until(stop, alerts.run)
        listen, url = self.settings.metrics.listen, self.settings.heartbeat.url
        if listen is not None:
            page = Page(Numbers(daemon, self.tally, alerts), health.troubles, scrub)
            daemon.beside["the metrics"] = until(stop, lambda ends: serve(page, listen.host, listen.port, ends))
        if url is not None:
            alive = _looking(health)
            told = (lambda: health.well(HEARTBEAT)), (lambda why: health.ill(HEARTBEAT, why))
            daemon.beside["the heartbeat"] = until(stop, Heartbeat(url.get_secret_value(), clock, alive, *told).run)
        if self.systemd is not None:
            systemd = self.systemd
            alive = lambda: daemon.watch.turning  # noqa: E731
            daemon.beside["systemd"] = until(stop, lambda ends: systemd.run(ends, clock, alive, lambda: status_of(daemon)))


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
