"""/sapi listen keys of the cross account's risk stream: one an account and version, for an hour from its last use here."""

from __future__ import annotations

import hashlib

from marginbot.paper.api.endpoint import Caller, Endpoint, Handler, Security, WeightKind
from marginbot.paper.api.params import Params
from marginbot.paper.books.records import RiskKey
from marginbot.paper.books.refusal import refuse
from marginbot.paper.books.wallets import Account
from marginbot.paper.books.world import World

VALID_MS = 60 * 60_000


def _start(version: int) -> Handler:
    def start(world: World, caller: Caller, params: Params) -> object:
        """A new key, or the one that still works, good for another hour."""
        account = world.account(caller.uid)
        known = _living(world, account, version)
        name = _new_name(world, caller) if known is None else known.key
        _keep(world, account, version, name)
        return {"listenKey": name}

    return start


def _prolong(version: int) -> Handler:
    def prolong(world: World, caller: Caller, params: Params) -> object:
        account = world.account(caller.uid)
        known = _living(world, account, version)
        if known is None or known.key != params["listenKey"]:
            raise refuse(-3038)
        _keep(world, account, version, known.key)
        return {}

    return prolong


def _close(version: int) -> Handler:
    def close(world: World, caller: Caller, params: Params) -> object:
        account = world.account(caller.uid)
        known = _living(world, account, version)
        if known is None:
            raise refuse(-3038)
        account.risk_keys.remove(known)
        return {}

    return close


def _living(world: World, account: Account, version: int) -> RiskKey | None:
    return next((one for one in account.risk_keys if one.version == version and one.expires_ms > world.now_ms), None)


def _keep(world: World, account: Account, version: int, name: str) -> None:
    others = [one for one in account.risk_keys if one.version != version]
    account.risk_keys = [*others, RiskKey(name, version, world.now_ms + VALID_MS)]


def _new_name(world: World, caller: Caller) -> str:
    number = world.next_id("token")
    return hashlib.sha256(f"risk/{world.epoch_ms}/{caller.uid}/{number}".encode()).hexdigest()


def _endpoints(version: int, kind: WeightKind, closing: int) -> tuple[Endpoint, ...]:
    path, key = f"/sapi/v{version}/margin/listen-key", Security.KEY
    return (
        Endpoint("POST", path, key, 1, kind, _start(version)),
        Endpoint("PUT", path, key, 1, kind, _prolong(version), ("listenKey",)),
        Endpoint("DELETE", path, key, closing, kind, _close(version)),
    )


ENDPOINTS = (*_endpoints(1, WeightKind.SAPI_UID, 3000), *_endpoints(2, WeightKind.SAPI_IP, 1))
