"""Rate limits: budgets of request weight, of requests and connections as such, of new orders, and the ban of the impatient.

Source: Binance spot API docs (limits), margin general info: /api has one budget per address, on /sapi each endpoint has its own.
"""

from __future__ import annotations

from dataclasses import dataclass

from marginbot.paper.api.endpoint import Endpoint, Refusal, WeightKind
from marginbot.paper.books.config import Config
from marginbot.paper.books.order_count import OrderCount
from marginbot.paper.messages import Header

MINUTE_MS = 60_000
FIVE_MINUTES_MS = 5 * MINUTE_MS
DAY_MS = 86_400_000

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
    """Sizes of the budgets: weight per minute, and requests and WebSocket connections of one address per five minutes.

    Larger ones serve load tests. How many orders may be placed is for the world to say (books.config.Config).
    """

    api: int = 6_000
    sapi_ip: int = 12_000
    sapi_uid: int = 180_000
    raw_requests: int = 300_000
    connections: int = 300


class Throttled(Refusal):
    """A budget is used up (429) or the address is banned (418). `retry_after_s`: whole seconds, at least 1.

    says_when: whether the answer has a Retry-After; orders too many on /sapi are refused without one.
    """

    def __init__(self, code: int, text: str, http_status: int, wait_ms: int, *, says_when: bool = True) -> None:
        super().__init__(code, text, http_status)
        self.retry_after_s = max(1, -(-wait_ms // 1000))
        self.says_when = says_when


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

    def count_request(self, address: str, now_ms: int) -> None:
        """One more request, whatever its weight. Raises: Throttled 429, and 418 for going on after that."""
        limit = self.limits.raw_requests
        text = f"Too many requests; current limit is {limit} requests per 5 MINUTE."
        self._draw(("RAW", address), 1, limit, FIVE_MINUTES_MS, address, text, now_ms)

    def count_connection(self, address: str, server: str, now_ms: int) -> None:
        """One more attempt to connect to `server`, the market streams or the WebSocket API. Raises: Throttled 429."""
        budget, limit = ("CONNECTIONS", server, address), self.limits.connections
        used = self._count(budget, FIVE_MINUTES_MS, now_ms)
        if used >= limit:
            text = f"Too many connections; current limit is {limit} attempts per 5 MINUTE."
            raise Throttled(-1003, text, 429, _rest(FIVE_MINUTES_MS, now_ms))
        self._used[budget] = (now_ms // FIVE_MINUTES_MS, used + 1)

    def charge(self, endpoint: Endpoint, weight: int, address: str, uid: int, now_ms: int) -> None:
        """Draw `weight` on the endpoint's budget. Raises: Throttled 429, and 418 for going on after that."""
        text = self._too_much(endpoint.kind)
        if endpoint.per_minute:
            calls = ("CALLS", endpoint.method, endpoint.path, address)
            self._draw(calls, 1, endpoint.per_minute, MINUTE_MS, address, text, now_ms)
        budget, limit = self._budget(endpoint, address, uid)
        self._draw(budget, weight, limit, MINUTE_MS, address, text, now_ms)

    def give_back(self, endpoint: Endpoint, weight: int, address: str, uid: int, now_ms: int) -> None:
        """What was drawn a moment ago was not used after all."""
        budget, _ = self._budget(endpoint, address, uid)
        self._used[budget] = (now_ms // MINUTE_MS, max(0, self._count(budget, MINUTE_MS, now_ms) - weight))

    def headers(
        self, endpoint: Endpoint, address: str, uid: int, now_ms: int, orders: OrderCount | None = None
    ) -> tuple[Header, ...]:
        """The headers an answer of this endpoint carries: weight used, and for new orders what counts in `orders`."""
        budget, _ = self._budget(endpoint, address, uid)
        used = (_HEADERS[endpoint.kind], b"%d" % self._count(budget, MINUTE_MS, now_ms))
        if orders is None or not places_orders(endpoint):
            return (used,)
        recent, today = orders.recent.count(now_ms), orders.today.count(now_ms)
        return (used, (b"x-mbx-order-count-10s", b"%d" % recent), (b"x-mbx-order-count-1d", b"%d" % today))

    def _budget(self, endpoint: Endpoint, address: str, uid: int) -> tuple[tuple[object, ...], int]:
        if endpoint.kind is WeightKind.API:
            return ("API", address), self.limits.api
        if endpoint.kind is WeightKind.SAPI_IP:
            return (endpoint.method, endpoint.path, address), self.limits.sapi_ip
        return (endpoint.method, endpoint.path, uid), self.limits.sapi_uid

    def _draw(
        self, budget: tuple[object, ...], amount: int, limit: int, span_ms: int, address: str, text: str, now_ms: int
    ) -> None:
        used = self._count(budget, span_ms, now_ms)
        if used + amount > limit:
            self._strike(address, now_ms)
            raise Throttled(-1003, text, 429, _rest(span_ms, now_ms))
        self._used[budget] = (now_ms // span_ms, used + amount)

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


def check_orders(endpoint: Endpoint, orders: OrderCount, config: Config, now_ms: int) -> None:
    """Before an order by this endpoint. Raises: Throttled 429 (-1015) when the account may not place another one now."""
    for window, limit, words in (
        (orders.recent, config.order_limit_10s, "10 SECOND"),
        (orders.today, config.order_limit_day, "1 DAY"),
    ):
        if window.count(now_ms) >= limit:
            text = f"Too many new orders; current limit is {limit} orders per {words}."
            on_api = endpoint.kind is WeightKind.API
            raise Throttled(-1015, text, 429, _rest(window.span_ms, now_ms), says_when=on_api)


def places_orders(endpoint: Endpoint) -> bool:
    return endpoint.method == "POST" and endpoint.path in _ORDER_PATHS


def _banned(until_ms: int, now_ms: int) -> Throttled:
    text = (
        f"Way too much request weight used; IP banned until {until_ms}. Please use the websocket for live updates to avoid bans."
    )
    return Throttled(-1003, text, 418, until_ms - now_ms)


def _rest(span_ms: int, now_ms: int) -> int:
    """Milliseconds to the end of the interval that `now_ms` lies in."""
    return span_ms - now_ms % span_ms
