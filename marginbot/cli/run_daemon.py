"""The body of `run`: the daemon, until a signal."""

from __future__ import annotations

import asyncio
import functools
import gc
import logging
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog

from marginbot import logs
from marginbot.app import open_app
from marginbot.app.guard import open_guard
from marginbot.app.outside import Outside, notifiers_of
from marginbot.cli.run import RunOptions
from marginbot.cli.shell import Shell
from marginbot.cli.signals import stopping
from marginbot.domain.amounts import Symbol, plain
from marginbot.domain.margin import deciding_level
from marginbot.engine.daemon.daemon import Daemon
from marginbot.engine.events import Event, Fired, Notice, Pursued, Rearmed, StepEnded
from marginbot.engine.patience import Interrupted
from marginbot.errors import ConfigError
from marginbot.settings.policy_file import policy_of

log = structlog.get_logger("marginbot")
logging.getLogger("apscheduler").setLevel(logging.WARNING)  # it tells every run of every job


async def execute(options: RunOptions, shell: Shell) -> int:
    """Watch until SIGINT or SIGTERM; SIGHUP reads the policy anew."""
    logs.keep_a_diary()
    outside = Outside(shell.settings, notifiers_of(shell.settings))

    def hear(symbol: Symbol, event: Event) -> None:
        tell(symbol, event)
        outside.hear(symbol, event)

    async with open_app(shell.settings, dry_run=options.dry_run, stays=True) as app:
        with stopping(app.stop, shell.output), _on_sighup() as hear_sighup:
            hear_sighup(_not_yet)
            try:
                async with open_guard(app, hear, dry_run=options.dry_run, act_now=options.act_now, outside=outside) as daemon:
                    log.info("watching", venue=app.venue, dry_run=options.dry_run)
                    gc.freeze()  # what was made until now stays: to look through it again and again would hold up an act
                    hear_sighup(lambda: _reload(daemon, shell))
                    await daemon.run()
                    log.info("stopped by a signal; open episodes go on at the next start")
            except Interrupted:
                log.info("stopped by a signal before it began to watch; nothing was sent")
    return 0


def tell(symbol: Symbol, event: Event) -> None:
    """One line of the log for everything that a person may ask about later."""
    match event:
        case Fired():
            level = deciding_level(event.account)
            log.warning("a rule fired", symbol=symbol, rule=event.rule.name, because=event.because, margin_level=_text(level))
        case Rearmed():
            log.info("a rule is armed again", symbol=symbol, rule=event.rule)
        case Pursued():
            log.warning(
                "an errand ended", symbol=symbol, rule=event.rule, outcome=event.report.outcome.value, reason=event.report.reason
            )
        case StepEnded():
            step = event.report
            amount = None if step.amount is None else plain(step.amount)
            log.warning("a step ended", symbol=symbol, kind=step.kind, amount=amount, asset=step.asset, status=step.status.value)
        case Notice():
            (log.warning if event.alarm else log.info)(event.text, symbol=symbol or None)
        case _:
            log.debug("event", symbol=symbol, kind=type(event).__name__)


def _text(level: object) -> str | None:
    return None if level is None else f"{level:.4f}"


def _reload(daemon: Daemon, shell: Shell) -> None:
    """Read the policy anew; one that cannot be read changes nothing."""
    try:
        daemon.reload(policy_of(shell.settings))
    except ConfigError as wrong:
        log.error("the policy was not reloaded; the one in force stays", reason=str(wrong))


def _not_yet() -> None:
    log.info("not watching yet: the policy is read when the watch begins")


@contextmanager
def _on_sighup() -> Iterator[Callable[[Callable[[], None]], None]]:
    """Gives a function that says what the signal does from now on; until the end it never ends the process."""
    loop = asyncio.get_running_loop()
    try:
        yield functools.partial(loop.add_signal_handler, signal.SIGHUP)
    finally:
        loop.remove_signal_handler(signal.SIGHUP)
