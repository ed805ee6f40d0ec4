"""A connection to the WebSocket API: requests with an id, answers with a status, and events between them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec

from marginbot.paper.api.endpoint import Endpoint, Refusal, Security, WeightKind
from marginbot.paper.exchange import Exchange
from marginbot.paper.streams.account_feed import AccountFeed, Subscription
from marginbot.paper.streams.connection import POLICY, Connection
from marginbot.paper.streams.orders import Kind
from marginbot.paper.weights import Throttled

PATH = "/ws-api/v3"
CONNECTING = 2
MOST_ACTIVE, MOST_EVER = 1000, 65_535
COMMON = frozenset({"returnRateLimits"})

Params = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Method:
    """One method: what it costs, which parameters it takes, all of them mandatory when `needed`."""

    weight: int
    takes: frozenset[str]
    needed: bool
    act: Callable[[AccountSocket, Params], object]


class AccountSocket(Connection):
    """`subscriptions`: the active ones by number. Everything in one request is done before its answer is queued."""

    kind = Kind.ACCOUNT

    def __init__(self, opened_ms: int, peer: str, exchange: Exchange, feed: AccountFeed, *, shows_limits: bool = True) -> None:
        super().__init__(opened_ms, peer)
        self.subscriptions: dict[int, Subscription] = {}
        self._exchange = exchange
        self._feed = feed
        self._shows_limits = shows_limits
        self._next = 0
        try:
            self._charge(CONNECTING)
        except Throttled as throttled:
            self.close(POLICY, throttled.text[:100])

    def push(self, *, silent: bool) -> None:
        """Send what is new, and end what has expired."""
        now_ms = self._exchange.world.now_ms
        for number, subscription in list(self.subscriptions.items()):
            for payload in self._feed.events(subscription):
                self._tell(number, payload, silent=silent)
            if now_ms >= subscription.expires_ms:
                self._end(number, silent=silent)

    def event(self, payload: dict[str, object]) -> object:
        return {"event": payload}

    def received(self, text: str, now_ms: int) -> None:
        request_id: object = None
        shows_limits = self._shows_limits
        try:
            request = _decoded(text)
            request_id = request.get("id")
            if not (request_id is None or type(request_id) in (int, str)):
                request_id = None
                raise _bad_request()
            params = request.get("params", {})
            if not isinstance(params, dict) or not isinstance(request.get("method"), str):
                raise _bad_request()
            shows_limits = params.get("returnRateLimits", shows_limits) is not False
            answer: dict[str, object] = {"id": request_id, "status": 200, "result": self._carried_out(request, params)}
        except Refusal as refusal:
            answer = {"id": request_id, "status": refusal.http_status, "error": _error(refusal, now_ms)}
            if refusal.http_status == 418:
                self.send(answer)
                self.close(POLICY, "banned")
        if shows_limits:
            answer["rateLimits"] = [self._limit(now_ms)]
        self.send(answer)

    def subscribe(self, params: Params) -> object:
        """By listen token. A younger token of an account already followed prolongs what there is."""
        world = self._exchange.world
        token = next((one for one in world.listen_tokens if one.token == params["listenToken"]), None)
        if token is None or token.expires_ms <= world.now_ms:
            raise Refusal(-1209, "The listenToken is invalid or has expired.")
        known = next((one for one in self.subscriptions.values() if (one.uid, one.symbol) == (token.uid, token.symbol)), None)
        renewal = world.config.stream_renewal
        if known is not None and renewal == "refused":
            raise Refusal(-2035, "This account is already subscribed on this connection.")
        if known is None and self.subscriptions and world.config.one_account_per_stream:
            raise Refusal(-2042, "This connection follows another account already.")
        if known is None or (renewal == "another" and token.expires_ms > known.expires_ms):
            if len(self.subscriptions) >= MOST_ACTIVE or self._next >= MOST_EVER:
                raise Refusal(-2042, "The subscriptions of this connection are used up.")
            known = self.subscriptions[self._next] = self._feed.subscribe(self._next, token)
            self._next += 1
        elif token.expires_ms <= known.expires_ms:
            raise Refusal(-2035, "This account is already subscribed on this connection.")
        known.expires_ms = token.expires_ms
        return {"subscriptionId": known.number, "expirationTime": self._moment(known.expires_ms)}

    def unsubscribe(self, params: Params) -> object:
        """One subscription, or all of them."""
        wanted = params.get("subscriptionId")
        if wanted is not None and (type(wanted) is not int or wanted not in self.subscriptions):
            raise Refusal(-2036, "There is no such active subscription.")
        for number in [one for one in self.subscriptions if wanted in (None, one)]:
            self._end(number, silent=Kind.ACCOUNT in self._exchange.streams.silent)
        return {}

    def listed(self, params: Params) -> object:
        return [
            {"subscriptionId": number, "expirationTime": self._moment(one.expires_ms)}
            for number, one in self.subscriptions.items()
        ]

    def time(self, params: Params) -> object:
        return {"serverTime": self._exchange.world.now_ms}

    def ping(self, params: Params) -> object:
        return {}

    def _carried_out(self, request: Mapping[str, object], params: Params) -> object:
        method = METHODS.get(str(request["method"]).removeprefix("v3/"))
        if method is None:
            raise Refusal(-1020, "This operation is not supported.")
        own = params.keys() - COMMON
        if missing := method.takes - own if method.needed else None:
            raise Refusal(-1102, f"Mandatory parameter '{min(missing)}' was not sent, was empty/null, or malformed.")
        if own - method.takes:
            read, sent = len(own & method.takes), len(own)
            raise Refusal(-1104, f"Not all sent parameters were read; read '{read}' parameter(s) but was sent '{sent}'.")
        self._charge(method.weight)
        return method.act(self, params)

    def _tell(self, number: int, payload: dict[str, object], *, silent: bool) -> None:
        if not silent:
            self.send({"subscriptionId": number, "event": payload})

    def _end(self, number: int, *, silent: bool) -> None:
        del self.subscriptions[number]
        self._tell(number, {"e": "eventStreamTerminated", "E": self._exchange.world.now_ms}, silent=silent)

    def _moment(self, at_ms: int) -> int:
        return at_ms * 1000 if self._exchange.world.config.stream_expiry_us else at_ms

    def _charge(self, weight: int) -> None:
        now_ms = self._exchange.world.now_ms
        self._exchange.weights.check_ban(self.peer, now_ms)
        self._exchange.weights.charge(_BUDGET, weight, self.peer, 0, now_ms)

    def _limit(self, now_ms: int) -> dict[str, object]:
        ((_, used),) = self._exchange.weights.headers(_BUDGET, self.peer, 0, now_ms)
        limit = self._exchange.weights.limits.api
        return {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": limit, "count": int(used)}


METHODS: Mapping[str, Method] = {
    "ping": Method(1, frozenset(), False, AccountSocket.ping),
    "time": Method(1, frozenset(), False, AccountSocket.time),
    "session.subscriptions": Method(2, frozenset(), False, AccountSocket.listed),
    "userDataStream.subscribe.listenToken": Method(2, frozenset({"listenToken"}), True, AccountSocket.subscribe),
    "userDataStream.unsubscribe": Method(2, frozenset({"subscriptionId"}), False, AccountSocket.unsubscribe),
}
# Requests here draw on the same budget of the address as /api does.
_BUDGET = Endpoint("GET", PATH, Security.NONE, 1, WeightKind.API, lambda world, caller, params: {}, needs=())


def _decoded(text: str) -> dict[str, object]:
    try:
        request = msgspec.json.decode(text)
    except (msgspec.MsgspecError, RecursionError):
        raise _bad_request() from None
    if not isinstance(request, dict):
        raise _bad_request()
    return request


def _bad_request() -> Refusal:
    return Refusal(-1135, "Invalid JSON Request.")


def _error(refusal: Refusal, now_ms: int) -> dict[str, object]:
    error: dict[str, object] = {"code": refusal.code, "msg": refusal.text}
    if isinstance(refusal, Throttled):
        error["data"] = {"serverTime": now_ms, "retryAfter": now_ms + refusal.retry_after_s * 1000}
    return error
