"""The hand of whoever runs the exchange: faults, prices, time and keys under /paper/; who that is, `access` decides.

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

import re
import secrets
from collections.abc import Callable, Mapping
from decimal import Decimal
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
# Longer steps than a year would keep everybody waiting while interest accrues hour by hour.
LONGEST_STEP_MS = 366 * 86_400_000
LOWEST_PRICE, HIGHEST_PRICE = Decimal("0.00000001"), Decimal(10**12)
_PRICE = re.compile(r"[0-9]{1,13}(\.[0-9]{1,20})?")
# What a body that decodes may still raise once it is carried out.
_NONSENSE = (msgspec.MsgspecError, ValueError, ArithmeticError, TypeError, LookupError, AttributeError, RecursionError)


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
    """Answer a request under /paper/; whether it may come in was asked before (see access). What makes no sense is refused."""
    action = _ACTIONS.get((request.method, request.path.removeprefix(PREFIX)))
    if action is None:
        return error_response(-1099, "No such control.", 404)
    try:
        return json_response(action(exchange, request.body))
    except Refusal as refusal:
        return refusal_response(refusal)
    except _NONSENSE as problem:
        return error_response(-1130, str(problem) or type(problem).__name__)


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
    if not 0 <= step <= LONGEST_STEP_MS:
        raise ValueError("time goes on by 0 ms to a year at a time")
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
    if not _PRICE.fullmatch(text) or not LOWEST_PRICE <= Decimal(text) <= HIGHEST_PRICE:
        raise ValueError(f"a price is a decimal from {LOWEST_PRICE:f} to {HIGHEST_PRICE}, not {text[:40]}")
    return Decimal(text)
