"""How much may be asked: weights as the exchange counts them, silences it ordered, bans it set."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import structlog

from marginbot.errors import JournalUnavailable, RateLimited
from marginbot.exchange.messages import Call
from marginbot.exchange.ports import BanStore
from marginbot.exchange.weights import BUDGET_SIZES, Kind, weight_of

_USED: Final = re.compile(r"x-(?:mbx|sapi)-used-(ip-|uid-)?weight-(\d+)([a-z])", re.IGNORECASE | re.ASCII)
_ORDER_COUNT: Final = re.compile(r"x-(?:mbx|sapi)-order-count-(\d+[a-z])", re.IGNORECASE | re.ASCII)
_WINDOW_MS: Final = 60_000
_NEW_ORDER: Final = "POST /sapi/v1/margin/order"
_polling: Final[ContextVar[bool]] = ContextVar("marginbot_polling", default=False)

log = structlog.get_logger(__name__)


@contextmanager
def polling() -> Iterator[None]:
    """Inside, requests leave the reserve of every budget alone: for looks nobody is waiting for."""
    token = _polling.set(True)
    try:
        yield
    finally:
        _polling.reset(token)


@dataclass(slots=True)
class _Window:
    used: int
    ends_ms: int


class Limits:
    """Everything the exchange said about how often it may be asked. Times: server time, ms since 1970."""

    def __init__(self, host: str, now_ms: Callable[[], int], bans: BanStore, reserve_pct: Decimal | int) -> None:
        self._host = host
        self._now_ms = now_ms
        self._bans = bans
        self._usable = (100 - Decimal(reserve_pct)) / 100
        self._windows: dict[str, dict[Kind, _Window]] = {}
        self._silent_until: dict[str, int] = {}
        self._banned_until = bans.banned_until_ms(host)
        self.order_counts: dict[str, int] = {}

    def admit(self, call: Call) -> None:
        """Let a request pass and charge it. Raises: RateLimited, with nothing sent."""
        now = self._now_ms()
        if now < self._banned_until:
            raise RateLimited("the exchange has banned this address", until_ms=self._banned_until, scope="host")
        self._refuse_if_silent(call, now)
        kind, weight = weight_of(call)
        budget = _budget(call)
        for other, window in self._windows.get(budget, {}).items():
            if window.ends_ms > now:
                self._refuse_if_spent(call, other, window, weight)
        self._window(budget, kind, now).used += weight

    def learn(self, call: Call, headers: Mapping[str, str]) -> None:
        """Take over what an answer says about used weight and orders."""
        now = self._now_ms()
        for name, value in headers.items():
            if not (value.isascii() and value.isdigit()):
                continue
            if (used := _USED.fullmatch(name)) and (used[2], used[3].lower()) == ("1", "m"):
                self._window(_budget(call), _kind(used[1]), now).used = int(value)
            elif count := _ORDER_COUNT.fullmatch(name):
                self.order_counts[count[1].upper()] = int(value)

    def obey(self, call: Call, fault: RateLimited) -> None:
        """Stay silent as told; a ban is remembered across restarts."""
        if fault.scope == "host":
            self._banned_until = max(self._banned_until, fault.until_ms)
            try:
                self._bans.remember_ban(self._host, self._banned_until, str(fault))
            except JournalUnavailable:
                # The ban still holds in this process, which is what keeps it from growing.
                log.warning("the ban could not be written down", until_ms=self._banned_until)
            return
        key = "orders" if fault.scope == "orders" else _budget(call)
        self._silent_until[key] = max(self._silent_until.get(key, 0), fault.until_ms)

    def used(self) -> dict[str, tuple[int, int]]:
        """Used weight and size of every budget whose window is still open, by `budget kind`."""
        now = self._now_ms()
        return {
            f"{budget} {kind.value}": (window.used, BUDGET_SIZES[kind])
            for budget, windows in self._windows.items()
            for kind, window in windows.items()
            if window.ends_ms > now
        }

    def _refuse_if_silent(self, call: Call, now: int) -> None:
        for key, scope in (("orders", "orders"), (_budget(call), "endpoint")):
            until = self._silent_until.get(key, 0)
            if now < until and (scope == "endpoint" or call.endpoint == _NEW_ORDER):
                raise RateLimited(f"{call.endpoint} waits as the exchange asked", until_ms=until, scope=scope)

    def _refuse_if_spent(self, call: Call, kind: Kind, window: _Window, weight: int) -> None:
        size = Decimal(BUDGET_SIZES[kind])
        limit = size * self._usable if _polling.get() else size
        if window.used + weight > limit:
            why = "what polling may use of its budget is spent" if _polling.get() else "its budget is spent"
            raise RateLimited(f"{call.endpoint} waits: {why}", until_ms=window.ends_ms, scope="endpoint")

    def _window(self, budget: str, kind: Kind, now: int) -> _Window:
        windows = self._windows.setdefault(budget, {})
        window = windows.get(kind)
        if window is None or window.ends_ms <= now:
            window = windows[kind] = _Window(0, now - now % _WINDOW_MS + _WINDOW_MS)
        return window


def _budget(call: Call) -> str:
    """All of `/api` shares one budget; on `/sapi` every endpoint has its own."""
    return "/api" if call.path.startswith("/api/") else call.endpoint


def _kind(prefix: str | None) -> Kind:
    return {"IP-": Kind.SAPI_IP, "UID-": Kind.SAPI_UID}.get((prefix or "").upper(), Kind.API)
