"""Messages by Apprise: plain text to whatever service an address names. Apprise is imported when the first address is opened."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from marginbot.domain.message import Message, Phase, Severity
from marginbot.errors import ConfigError, NotificationFailed
from marginbot.outlets.threads import in_a_thread

if TYPE_CHECKING:
    from apprise import Apprise

SETTING: Final = "MARGINBOT_NOTIFY__URLS"
GIVE_UP_AFTER: Final = 15
"""Seconds for one message, told to Apprise itself; whoever sends bounds it once more."""

_MARKS_TEXT_UP: Final = frozenset({"discord", "guilded", "revolt", "mmost", "mmosts"})
"""Services that read marks in every text, whatever format they are told. All of them take a backslash before a mark."""
_MARK: Final = re.compile(r"[\\`*_~|<>#\[\]()@:]")


@dataclass(slots=True)
class AppriseNotifier:
    """One address. name: kind of service and number of the address, as nothing else of it may be shown."""

    name: str
    least: Severity
    _service: Apprise
    _marks_up: bool
    _busy: bool = False

    async def send(self, message: Message) -> None:
        """Hand one message over. Raises: NotificationFailed; also while an earlier message hangs in its thread."""
        if self._busy:
            raise NotificationFailed("an earlier message is still on its way")
        self._busy = True
        try:
            await in_a_thread(lambda: self._notify(message), f"notify {self.name}")
        except RuntimeError:  # no thread could be started, so none will say that the service is free again
            self._busy = False
            raise

    def _notify(self, message: Message) -> None:
        """In a thread. Only it says when the service is free again: a message that was given up may still hang there."""
        import apprise

        kinds = {
            Severity.INFO: apprise.NotifyType.INFO,
            Severity.WARNING: apprise.NotifyType.WARNING,
            Severity.CRITICAL: apprise.NotifyType.FAILURE,
        }
        kind = apprise.NotifyType.SUCCESS if message.phase is Phase.SOLVED else kinds[message.severity]
        title, text = (self._literally(part) for part in (message.title, message.text))
        try:
            result = self._service.notify(
                body=text, title=title, notify_type=kind, body_format=apprise.NotifyFormat.TEXT, timeout=GIVE_UP_AFTER
            )
        finally:
            self._busy = False
        if not result:
            raise NotificationFailed(_reason(result))

    def _literally(self, text: str) -> str:
        return _MARK.sub(r"\\\g<0>", text) if self._marks_up else text


def open_notifiers(addresses: Sequence[tuple[str, Severity]]) -> tuple[AppriseNotifier, ...]:
    """One notifier for each address, in order. Raises: ConfigError for one that Apprise does not know, without showing it."""
    if not addresses:
        return ()
    import apprise

    # In memory: a daemon under systemd may write to its own state directory alone.
    asset = apprise.AppriseAsset(app_id="marginbot", app_desc="marginbot", storage_mode=apprise.PersistentStoreMode.MEMORY)
    found = []
    for number, (address, least) in enumerate(addresses, 1):
        service, scheme = apprise.Apprise(asset=asset), address.partition("://")[0].lower()
        with _silently():
            known = service.add(address) and len(service) == 1
        if not known:
            raise ConfigError(f"{SETTING}: address {number} ({scheme}://...) is not one that Apprise knows", SETTING)
        kind = _kind(service[0])
        shown = kind if scheme in ("http", "https") else scheme
        found.append(AppriseNotifier(f"{shown} (address {number})", least, service, kind in _MARKS_TEXT_UP))
    return tuple(found)


@contextmanager
def _silently() -> Iterator[None]:
    """What Apprise says of an address it does not know shows half of it."""
    import apprise

    before, apprise.logger.disabled = apprise.logger.disabled, True
    try:
        yield
    finally:
        apprise.logger.disabled = before


def _kind(plugin: Any) -> str:
    """`tgram`: what the service calls itself, also when the address was the service's own (https://discord.com/...)."""
    found = getattr(plugin, "secure_protocol", None) or getattr(plugin, "protocol", None)
    return str(found if isinstance(found, str) or not found else next(iter(found)))


def _reason(result: Any) -> str:
    """The last thing Apprise said; scrubbed by whoever shows it."""
    said = [entry for entry in result.logs()] if hasattr(result, "logs") else []
    last = str(getattr(said[-1], "message", said[-1])) if said else ""
    return re.sub(r"\s+", " ", last).strip()[:200] or "the service did not take the message"
