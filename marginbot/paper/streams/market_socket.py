"""A market stream connection: raw or combined, with SUBSCRIBE, UNSUBSCRIBE and LIST_SUBSCRIPTIONS on the way."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import msgspec

from marginbot.paper.streams.connection import POLICY, Connection
from marginbot.paper.streams.market_feed import MarketFeed
from marginbot.paper.streams.names import MOST_STREAMS, Stream, is_name, parse
from marginbot.paper.streams.orders import Kind

MESSAGES, WINDOW_MS = 5, 1000
UNKNOWN_PROPERTY, WRONG_TYPE, BAD_REQUEST, NOT_JSON = 0, 1, 2, 3
METHODS = ("SUBSCRIBE", "UNSUBSCRIBE", "LIST_SUBSCRIPTIONS")


class _Wrong(Exception):
    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


class MarketSocket(Connection):
    """`followed`: names in the order of subscription, each with the number of the last item sent, None before the first.

    flat: a refusal is the whole answer, and not its `error`.
    """

    kind = Kind.MARKET

    def __init__(self, opened_ms: int, peer: str, names: Sequence[str], *, combined: bool, flat: bool = False) -> None:
        super().__init__(opened_ms, peer)
        self.combined, self.flat = combined, flat
        self.followed: dict[str, int | None] = dict.fromkeys(names)
        self._recent: deque[int] = deque(maxlen=MESSAGES)
        if len(self.followed) > MOST_STREAMS:
            self.close(POLICY, "too many streams")

    def push(self, feed: MarketFeed, *, silent: bool) -> None:
        """Send what is new on the streams followed; a silent connection misses it."""
        for name, last in self.followed.items():
            items = feed.items(name)
            if last is None:
                # A subscription begins with the state of things; trades and candles of before are no part of it.
                last = -1
                self.followed[name] = max((item.number for item in items), default=last)
                items = items[-1:] if _begins_with_state(name) else []
            for item in items:
                if item.number > last:
                    self.followed[name] = item.number
                    if not silent:
                        self.send({"stream": name, "data": item.payload} if self.combined else item.payload)

    def event(self, payload: dict[str, object]) -> object:
        return {"stream": f"!{payload['e']}", "data": payload} if self.combined else payload

    def received(self, text: str, now_ms: int) -> None:
        if len(self._recent) == MESSAGES and now_ms - self._recent[0] < WINDOW_MS:
            self.close(POLICY, "Too many requests")
            return
        self._recent.append(now_ms)
        request_id: object = None
        try:
            request = _decoded(text)
            request_id = _id(request)
            self.send({"result": self._carried_out(request), "id": request_id})
        except _Wrong as wrong:
            error: dict[str, object] = {"code": wrong.code, "msg": str(wrong)}
            self.send({**(error if self.flat else {"error": error}), "id": request_id})

    def _carried_out(self, request: dict[str, object]) -> list[str] | None:
        if strange := request.keys() - {"id", "method", "params"}:
            raise _Wrong(UNKNOWN_PROPERTY, f"Unknown property {min(strange)}")
        method, params = request.get("method"), request.get("params", [])
        if method not in METHODS:
            raise _Wrong(BAD_REQUEST, f"Invalid request: unknown variant `{method}`, expected one of {', '.join(METHODS)}")
        if method == "LIST_SUBSCRIPTIONS":
            return list(self.followed)
        if not isinstance(params, list) or not all(isinstance(name, str) for name in params):
            raise _Wrong(WRONG_TYPE, "Invalid value type: expected an array of strings")
        if not params or not all(is_name(name) for name in params):
            raise _Wrong(BAD_REQUEST, "Invalid request: request properties params must be stream names")
        if method == "UNSUBSCRIBE":
            for name in params:
                self.followed.pop(name, None)
        elif len(self.followed.keys() | set(params)) > MOST_STREAMS:
            raise _Wrong(BAD_REQUEST, f"Invalid request: more than {MOST_STREAMS} streams")
        else:
            self.followed |= {name: None for name in params if name not in self.followed}
        return None


def _begins_with_state(name: str) -> bool:
    parsed = parse(name)
    return parsed is not None and parsed[1] is not Stream.AGG_TRADE


def _decoded(text: str) -> dict[str, object]:
    try:
        request = msgspec.json.decode(text)
    except (msgspec.MsgspecError, RecursionError) as problem:
        raise _Wrong(NOT_JSON, f"Invalid JSON: {problem}") from None
    if not isinstance(request, dict):
        raise _Wrong(BAD_REQUEST, "Invalid request: expected an object")
    return request


def _id(request: dict[str, object]) -> object:
    request_id = request.get("id")
    if request_id is None or (isinstance(request_id, int) and not isinstance(request_id, bool)):
        return request_id
    if isinstance(request_id, str) and len(request_id) <= 36:
        return request_id
    raise _Wrong(BAD_REQUEST, "Invalid request: request id must be a whole number, a text of at most 36 characters, or null")
