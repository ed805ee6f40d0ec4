"""The body of `alerts test`: one message to every address at once, and what became of each."""

from __future__ import annotations

import asyncio

from marginbot.app.outside import notifiers_of
from marginbot.cli.alerts import AlertsOptions
from marginbot.cli.shell import Shell
from marginbot.domain.message import Message, Phase, Severity
from marginbot.engine.alerts.outbox import SEND_WITHIN
from marginbot.engine.clock import SystemClock
from marginbot.engine.ports import Notifier
from marginbot.errors import ConfigError, NotificationFailed
from marginbot.logs import scrubber

TEXT = "This is what an alert of marginbot looks like. Marks arrive as they are: a_b *c* `d`. Nothing is wrong."


async def execute(options: AlertsOptions, shell: Shell) -> int:
    """0 when every address took the message, 1 when some did not. Raises: ConfigError when there is none, or one is wrong."""
    notifiers = notifiers_of(shell.settings)
    if not notifiers:
        key = "MARGINBOT_NOTIFY__URLS"
        raise ConfigError(f"{key} names no address yet: set it, for example to ntfy://my-topic", key)
    title = f"marginbot {shell.settings.venue.value} test"
    message = Message("marginbot", "test", Severity.INFO, Phase.NOTE, title, TEXT, SystemClock().now())
    failures = await asyncio.gather(*(_failure(notifier, message) for notifier in notifiers))
    found = list(zip(notifiers, failures, strict=True))
    if options.json:
        rows = [{"to": notifier.name, "least": notifier.least.word, "sent": not why, "failure": why} for notifier, why in found]
        shell.output.emit_json({"addresses": rows})
    else:
        for notifier, why in found:
            mark, rest = ("[refused]✗[/refused]", f": {why}") if why else ("[done]✓[/done]", f", from {notifier.least.word} on")
            shell.output.people.print(mark, end=" ")
            shell.output.people.print(f"{notifier.name}{rest}", markup=False, soft_wrap=True)
    return 1 if any(failures) else 0


async def _failure(notifier: Notifier, message: Message) -> str | None:
    """Why an address did not take the message, None when it did."""
    try:
        async with SystemClock().timeout(SEND_WITHIN):
            await notifier.send(message)
    except NotificationFailed as failed:
        return scrubber()(str(failed))
    except TimeoutError:
        return f"no answer within {SEND_WITHIN:.0f} s"
    return None
