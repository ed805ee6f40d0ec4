"""Rate limits: three budgets of request weight, the count of new orders, and the ban of those who do not slow down.

Source: Binance spot API docs (limits), margin general info: /api has one budget per address, on /sapi each endpoint has its own.
"""

from __future__ import annotations

from dataclasses import dataclass

from marginbot.paper.api.endpoint import Endpoint, Refusal, WeightKind
from marginbot.paper.messages import Header

MINUTE_MS = 60_000
DAY_MS = 86_400_000
TEN_SECONDS_MS = 10_000

# How many 429 of one minute an address may collect before it is banned.
PATIENCE = 10
FIRST_BAN_MS = 2 * MINUTE_MS
LONGEST_BAN_MS = 3 * DAY_MS

_HEADERS = {
    WeightKind.API: b"x-mbx-used-weight-1m",
    WeightKind.SAPI_IP: b"x-sapi-used-ip-weight-1m",
    WeightKind.SAPI_UID: b"x-sapi-used-uid-weight-1m",
}
_ORDER_PATHS = frozenset(
    {
        "/api/v3/order",
        "/sapi/v1/margin/order",
        "/sapi/v1/margin/order/oco",
        "/sapi/v1/margin/order/oto",
        "/sapi/v1/margin/order/otoco",
    }
)


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes of the budgets: weight per minute, new orders per 10 s and per UTC day. Larger ones serve load tests.

    Orders of both kinds are counted together; exchangeInfo and the margin order limit publish different sizes per 10 s.
    """

    api: int = 6_000
    sapi_ip: int = 12_000
    sapi_uid: int = 180_000
    api_orders_10s: int = 100
    sapi_orders_10s: int = 10_000
    orders_1d: int = 200_000


class Throttled(Refusal):
    """A budget is used up (429) or the address is banned (418). `retry_after_s`: whole seconds, at least 1."""

    def __init__(self, code: int, text: str, http_status: int, wait_ms: int) -> None:
        super().__init__(code, text, http_status)
        self.retry_after_s = max(1, -(-wait_ms // 1000))


class Weights:
    """What every address and account has used, by the clock handed in with each call (ms)."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        # budget -> (number of its interval, used in that interval); a new interval starts at zero
        self._used: dict[tuple[object, ...], tuple[int, int]] = {}
        self._banned_until: dict[str, int] = {}
        self._bans: dict[str, int] = {}

    def check_ban(self, address: str, now_ms: int) -> None:
        """Raises: Throttled 418 while `address` is banned."""
        until = self._banned_until.get(address, 0)
        if now_ms < until:
            raise _banned(until, now_ms)

    def charge(self, endpoint: Endpoint, weight: int, address: str, uid: int, now_ms: int) -> None:
        """Draw `weight` on the endpoint's budget. Raises: Throttled 429, and 418 for going on after that."""
        budget, limit = self._budget(endpoint, address, uid)
        used = self._count(budget, MINUTE_MS, now_ms)
        if used + weight > limit:
            self._strike(address, now_ms)
            raise Throttled(-1003, self._too_much(endpoint.kind), 429, _rest(MINUTE_MS, now_ms))
        self._used[budget] = (now_ms // MINUTE_MS, used + weight)

    def check_orders(self, endpoint: Endpoint, uid: int, now_ms: int, world_limit: int) -> None:
        """Raises: Throttled 429 (-1015) when the account may not place another order now.

        world_limit: margin orders per 10 s as the world's own switch has it, where that is less.
        """
        if not _places_orders(endpoint):
            return
        on_api = endpoint.path.startswith("/api/")
        recent = self.limits.api_orders_10s if on_api else min(self.limits.sapi_orders_10s, world_limit)
        for span, limit, words in (
            (TEN_SECONDS_MS, recent, "10 SECOND"),
            (DAY_MS, self.limits.orders_1d, "1 DAY"),
        ):
            if self._count(("ORDERS", span, uid), span, now_ms) >= limit:
                text = f"Too many new orders; current limit is {limit} orders per {words}."
                raise Throttled(-1015, text, 429, _rest(span, now_ms))

    def order_placed(self, endpoint: Endpoint, uid: int, now_ms: int) -> None:
        """Count one new order of the account; calls that place none are not counted."""
        if _places_orders(endpoint):
            for span in (TEN_SECONDS_MS, DAY_MS):
                budget = ("ORDERS", span, uid)
                self._used[budget] = (now_ms // span, self._count(budget, span, now_ms) + 1)

    def headers(self, endpoint: Endpoint, address: str, uid: int, now_ms: int) -> tuple[Header, ...]:
        """The headers an answer of this endpoint carries: weight used, and for new orders their counts."""
        budget, _ = self._budget(endpoint, address, uid)
        used = (_HEADERS[endpoint.kind], b"%d" % self._count(budget, MINUTE_MS, now_ms))
        if not _places_orders(endpoint) or not uid:
            return (used,)
        recent = self._count(("ORDERS", TEN_SECONDS_MS, uid), TEN_SECONDS_MS, now_ms)
        today = self._count(("ORDERS", DAY_MS, uid), DAY_MS, now_ms)
        return (used, (b"x-mbx-order-count-10s", b"%d" % recent), (b"x-mbx-order-count-1d", b"%d" % today))

    def _budget(self, endpoint: Endpoint, address: str, uid: int) -> tuple[tuple[object, ...], int]:
        if endpoint.kind is WeightKind.API:
            return ("API", address), self.limits.api
        if endpoint.kind is WeightKind.SAPI_IP:
            return (endpoint.method, endpoint.path, address), self.limits.sapi_ip
        return (endpoint.method, endpoint.path, uid), self.limits.sapi_uid

    def _count(self, budget: tuple[object, ...], span_ms: int, now_ms: int) -> int:
        interval, used = self._used.get(budget, (0, 0))
        return used if interval == now_ms // span_ms else 0

    def _strike(self, address: str, now_ms: int) -> None:
        budget = ("STRIKES", address)
        strikes = self._count(budget, MINUTE_MS, now_ms) + 1
        self._used[budget] = (now_ms // MINUTE_MS, strikes)
        if strikes <= PATIENCE:
            return
        bans = self._bans.get(address, 0)
        self._bans[address] = bans + 1
        self._banned_until[address] = now_ms + min(FIRST_BAN_MS << min(bans, 16), LONGEST_BAN_MS)
        raise _banned(self._banned_until[address], now_ms)

    def _too_much(self, kind: WeightKind) -> str:
        if kind is WeightKind.API:
            return (
                f"Too much request weight used; current limit is {self.limits.api} request weight per 1 MINUTE. "
                "Please use WebSocket Streams for live updates to avoid polling the API."
            )
        return "Too many requests; current request has limited."


def _banned(until_ms: int, now_ms: int) -> Throttled:
    text = (
        f"Way too much request weight used; IP banned until {until_ms}. Please use the websocket for live updates to avoid bans."
    )
    return Throttled(-1003, text, 418, until_ms - now_ms)


def _places_orders(endpoint: Endpoint) -> bool:
    return endpoint.method == "POST" and endpoint.path in _ORDER_PATHS


def _rest(span_ms: int, now_ms: int) -> int:
    """Milliseconds to the end of the interval that `now_ms` lies in."""
    return span_ms - now_ms % span_ms
