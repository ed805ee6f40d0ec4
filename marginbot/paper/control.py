"""The hand of whoever runs the exchange: faults, prices, time and keys under /paper/, for programs on this machine only.

POST   /paper/faults   [{"kind": "disconnect", "method": "POST", "path": "/sapi/v1/margin/order"}]   (fields: faults.Fault)
GET    /paper/faults   those that can still strike          DELETE /paper/faults   disarm all
GET    /paper/log      the last requests: at_ms, method, path, params, status
POST   /paper/price    {"symbol": "BTCUSDT", "price": "90000", "index": "90010"}   index is optional
POST   /paper/switch   {"name": "account_lag_ms", "value": 2000}   a switch of books.config.Config; decimals are text
POST   /paper/event    {"at": 0, "do": "set_book", "symbol": "BTCUSDT", "state": "empty"}   `at`: seconds from now, or
                       `on`: "POST /sapi/v1/margin/order" with `nth`, `after`, `params`   (what can be done: books.actions)
GET    /paper/events   all of them with what became of them
POST   /paper/advance  {"ms": 3600000}: let time pass for the exchange (its clock is then ahead of yours)
POST   /paper/streams  {"do": "drop", "kind": "market"}   or silence, resume, announce (a restart); kind: market, account,
                       or left out for both
POST   /paper/keys     {"rights": {"permitsUniversalTransfer": false}}: one more HMAC key, full rights but for these
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from ipaddress import ip_address
from typing import Any

import msgspec

from marginbot.paper.api.endpoint import Refusal
from marginbot.paper.books.actions import set_switch
from marginbot.paper.books.codec import pack
from marginbot.paper.books.events import event_from_row
from marginbot.paper.exchange import Exchange
from marginbot.paper.faults import Fault
from marginbot.paper.keys import FULL_RIGHTS
from marginbot.paper.messages import Request, Response, error_response, json_response, refusal_response
from marginbot.paper.streams.orders import Kind

PREFIX = "/paper/"


class Price(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Quote per base, as text. Without `index` the margin index follows at its usual distance."""

    symbol: str
    price: str
    index: str | None = None


class Advance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    ms: int


class Switch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    value: Any


class Streams(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    do: str
    kind: Kind | None = None


class NewKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    rights: dict[str, bool] = {}


def control(exchange: Exchange, request: Request) -> Response:
    """Answer a request under /paper/. Refused unless it comes from this machine, and from no web page."""
    if not _is_loopback(request.peer) or b"origin" in request.headers:
        return error_response(-1002, "The paper controls answer local programs only.", 403)
    action = _ACTIONS.get((request.method, request.path.removeprefix(PREFIX)))
    if action is None:
        return error_response(-1099, "No such control.", 404)
    try:
        return json_response(action(exchange, request.body))
    except Refusal as refusal:
        return refusal_response(refusal)
    except (msgspec.MsgspecError, ValueError, InvalidOperation) as problem:
        return error_response(-1130, str(problem))


def _add_faults(exchange: Exchange, body: bytes) -> object:
    faults = msgspec.json.decode(body, type=list[Fault])
    for fault in faults:
        exchange.faults.add(fault)
    return {"armed": len(faults)}


def _list_faults(exchange: Exchange, body: bytes) -> object:
    return exchange.faults.pending()


def _clear_faults(exchange: Exchange, body: bytes) -> object:
    exchange.faults.clear()
    return {"armed": 0}


def _log(exchange: Exchange, body: bytes) -> object:
    return [
        {"at_ms": it.at_ms, "method": it.method, "path": it.path, "params": it.params(), "status": it.status}
        for it in exchange.log
    ]


def _price(exchange: Exchange, body: bytes) -> object:
    wanted = msgspec.json.decode(body, type=Price)
    index = None if wanted.index is None else _decimal(wanted.index)
    exchange.advance()
    exchange.world.set_price(wanted.symbol, _decimal(wanted.price), index)
    exchange.writes += 1
    return wanted


def _switch(exchange: Exchange, body: bytes) -> object:
    wanted = msgspec.json.decode(body, type=Switch)
    set_switch(exchange.world, wanted.name, wanted.value)
    exchange.writes += 1
    return wanted


def _add_event(exchange: Exchange, body: bytes) -> object:
    event = event_from_row(msgspec.json.decode(body, type=dict[str, Any]))
    exchange.advance()
    exchange.world.plan(event)
    exchange.writes += 1
    return pack(event)


def _list_events(exchange: Exchange, body: bytes) -> object:
    return pack(exchange.world.events)


def _advance(exchange: Exchange, body: bytes) -> object:
    step = msgspec.json.decode(body, type=Advance).ms
    if step < 0:
        raise ValueError("time does not go back")
    exchange.skip(step)
    return {"serverTime": exchange.world.now_ms}


def _streams(exchange: Exchange, body: bytes) -> object:
    wanted = msgspec.json.decode(body, type=Streams)
    exchange.streams.give(wanted.do, set(Kind) if wanted.kind is None else {wanted.kind})
    return wanted


def _add_key(exchange: Exchange, body: bytes) -> object:
    changed = msgspec.json.decode(body, type=NewKey).rights
    if unknown := changed.keys() - FULL_RIGHTS.keys():
        raise ValueError(f"unknown rights: {', '.join(sorted(unknown))}")
    uid = next(iter(exchange.keys)).uid
    api_key, secret = secrets.token_hex(32), secrets.token_hex(32)
    exchange.keys.add_hmac(uid, api_key, secret, {**FULL_RIGHTS, **changed})
    return {"api_key": api_key, "api_secret": secret}


_ACTIONS: Mapping[tuple[str, str], Callable[[Exchange, bytes], object]] = {
    ("POST", "faults"): _add_faults,
    ("GET", "faults"): _list_faults,
    ("DELETE", "faults"): _clear_faults,
    ("GET", "log"): _log,
    ("POST", "price"): _price,
    ("POST", "switch"): _switch,
    ("POST", "event"): _add_event,
    ("GET", "events"): _list_events,
    ("POST", "advance"): _advance,
    ("POST", "streams"): _streams,
    ("POST", "keys"): _add_key,
}


def _decimal(text: str) -> Decimal:
    value = Decimal(text)
    if not value.is_finite() or value <= 0:
        raise ValueError(f"a price must be above zero, not {text}")
    return value


def _is_loopback(peer: str) -> bool:
    try:
        return ip_address(peer).is_loopback
    except ValueError:
        return False
