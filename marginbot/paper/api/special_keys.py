"""/sapi special margin keys for low-latency trading: made, listed, edited, deleted. Refused below VIP level 7 (-3999)."""

from __future__ import annotations

from ipaddress import ip_address

from marginbot.paper.api.endpoint import Caller, Endpoint, Handler, Security, WeightKind
from marginbot.paper.api.params import Params, Row, choice
from marginbot.paper.books import special_keys
from marginbot.paper.books.refusal import refuse
from marginbot.paper.books.special_keys import ED25519, HMAC, READ, RSA, TRADE, SpecialKey
from marginbot.paper.books.world import World
from marginbot.paper.errors import PaperError
from marginbot.paper.keys import KeyKind, key_kind, load_public_key

MOST_IPS = 30
# Shown while a key may be used from anywhere.
ANYWHERE = "0.0.0.0"  # noqa: S104
TYPES = {KeyKind.RSA: RSA, KeyKind.ED25519: ED25519}


def create(world: World, caller: Caller, params: Params) -> object:
    """Without `publicKey` an HMAC key, whose secret is told only here. The mode is for Ed25519 keys alone, others may trade."""
    mode = choice(params, "permissionMode", frozenset({TRADE, READ}), TRADE)
    kind = _type(params)
    if mode == READ and kind != ED25519:
        raise refuse(-1130, name="permissionMode")
    wanted = SpecialKey("", params["apiName"], params.get("symbol", ""), kind, mode)
    wanted.public_key, wanted.ips = params.get("publicKey", ""), _ips(params)
    made = special_keys.create(world, world.account(caller.uid), wanted)
    return {"apiKey": made.api_key, "secretKey": made.secret or None, "type": made.type}


def get(world: World, caller: Caller, params: Params) -> object:
    return _row(_found(world, caller, params))


def listed(world: World, caller: Caller, params: Params) -> object:
    """The keys of one pair, or of the cross account."""
    keys = world.account(caller.uid).special_keys.keys
    return [_row(key) for key in keys if key.symbol == params.get("symbol", "")]


def edit_ips(world: World, caller: Caller, params: Params) -> object:
    """From now on the key is good for these addresses alone."""
    key = _found(world, caller, params)
    key.ips = _ips(params)
    return {}


def delete(world: World, caller: Caller, params: Params) -> object:
    """By api key, by name, or both; -1102 without either."""
    if not {"apiKey", "apiName"} & params.keys():
        raise refuse(-1102, name="apiKey")
    world.account(caller.uid).special_keys.keys.remove(_found(world, caller, params))
    return {}


def leave(world: World, caller: Caller, params: Params) -> object:
    special_keys.leave(world, world.account(caller.uid))
    return {}


def _found(world: World, caller: Caller, params: Params) -> SpecialKey:
    account, symbol = world.account(caller.uid), params.get("symbol", "")
    return special_keys.find(account, symbol, params.get("apiKey"), params.get("apiName"))


def _row(key: SpecialKey) -> Row:
    ips = ",".join(key.ips) or ANYWHERE
    return {"apiName": key.name, "apiKey": key.api_key, "ip": ips, "type": key.type, "permissionMode": key.mode}


def _type(params: Params) -> str:
    if "publicKey" not in params:
        return HMAC
    try:
        return TYPES[key_kind(load_public_key(params["publicKey"].encode()))]
    except PaperError:
        raise refuse(-1130, name="publicKey") from None


def _ips(params: Params) -> list[str]:
    """Comma separated, 30 at most; the address that stands for anywhere is passed over."""
    found = [text.strip() for text in params.get("ip", "").split(",") if text.strip() not in ("", ANYWHERE)]
    try:
        ips = [str(ip_address(text)) for text in found]
    except ValueError:
        raise refuse(-1130, name="ip") from None
    if len(ips) > MOST_IPS:
        raise refuse(-1130, name="ip")
    return ips


def _privileged(
    method: str, path: str, handler: Handler, required: tuple[str, ...] = (), optional: tuple[str, ...] = (), weight: int = 1
) -> Endpoint:
    def inside(world: World, caller: Caller, params: Params) -> object:
        special_keys.check_level(world)
        return handler(world, caller, params)

    full, rights = f"/sapi/v1/margin/{path}", ("enableSpotAndMarginTrading",)
    return Endpoint(method, full, Security.SIGNED, weight, WeightKind.SAPI_UID, inside, required, optional, rights)


ENDPOINTS = (
    _privileged("POST", "apiKey", create, ("apiName",), ("symbol", "ip", "publicKey", "permissionMode")),
    _privileged("GET", "apiKey", get, (), ("apiKey", "symbol")),
    _privileged("DELETE", "apiKey", delete, (), ("apiKey", "apiName", "symbol")),
    _privileged("PUT", "apiKey/ip", edit_ips, ("ip",), ("apiKey", "symbol")),
    _privileged("GET", "api-key-list", listed, (), ("symbol",)),
    _privileged("POST", "exit-special-key-mode", leave, weight=10),
)
