"""Special keys for low-latency trading: each trades by /api/v3 on one margin account, for customers of a high VIP level.

Source: POST, GET, DELETE /sapi/v1/margin/apiKey, exit-special-key-mode. Not documented, hence assumed here: the codes of
refusals beyond the level, and that names are unique in one margin account.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from marginbot.paper.books.refusal import Refusal, refuse

if TYPE_CHECKING:
    from marginbot.paper.books.wallets import Account
    from marginbot.paper.books.world import World

NEEDED_VIP = 7
COOL_DOWN_MS = 86_400_000
HMAC, RSA, ED25519 = "HMAC_SHA256", "RSA", "Ed25519"
TRADE, READ = "TRADE", "READ"


@dataclass(slots=True)
class SpecialKey:
    """symbol: the pair of its isolated account, empty for the cross account. Exactly one of secret (HMAC) and public_key (PEM)
    is set. ips: where it may be used from, empty for anywhere. mode: TRADE or READ.
    """

    api_key: str
    name: str
    symbol: str
    type: str
    mode: str
    secret: str = field(default="", repr=False)
    public_key: str = ""
    ips: list[str] = field(default_factory=list)


@dataclass(slots=True)
class SpecialKeys:
    """Those of one customer. cross_mode: the cross account is in special key mode, which it left at `left_ms` last."""

    keys: list[SpecialKey] = field(default_factory=list)
    cross_mode: bool = False
    left_ms: int | None = None


def check_level(world: World) -> None:
    """Raises: Refusal -3999 for customers below the level."""
    if world.config.vip_level < NEEDED_VIP:
        raise refuse(-3999)


def create(world: World, account: Account, key: SpecialKey) -> SpecialKey:
    """Add `key`, its api key and, where it has no public key, its secret made here. Refusals: -1121 -1130 -3028 -3999 -11001."""
    special = account.special_keys
    if special.left_ms is not None and world.now_ms < special.left_ms + COOL_DOWN_MS:
        raise refuse(-3999)
    if key.symbol:
        world.pair(account, key.symbol)
    if any((one.name, one.symbol) == (key.name, key.symbol) for one in special.keys):
        raise refuse(-1130, name="apiName")
    number = world.next_id("token")
    key.api_key = _letters(f"special/{world.epoch_ms}/{account.uid}/{number}")
    if not key.public_key:
        key.secret = _letters(f"secret of {key.api_key}")
    special.keys.append(key)
    special.cross_mode = special.cross_mode or not key.symbol
    return key


def find(account: Account, symbol: str, api_key: str | None, name: str | None = None) -> SpecialKey:
    """The key so named in one margin account, or its newest when neither is given; -2008 when there is none."""
    for key in reversed(account.special_keys.keys):
        if key.symbol == symbol and api_key in (None, key.api_key) and name in (None, key.name):
            return key
    raise refuse(-2008)


def leave(world: World, account: Account) -> None:
    """End special key mode of the cross account: its keys are gone, and no new ones for a day. -1020 while it owes."""
    special = account.special_keys
    if not special.cross_mode:
        return
    if any(balance.debt for balance in account.cross.values()):
        raise Refusal(-1020, "This operation is not supported while the account owes something.")
    special.keys = [key for key in special.keys if key.symbol]
    special.cross_mode, special.left_ms = False, world.now_ms


def owner(world: World, api_key: str) -> tuple[int, SpecialKey] | None:
    """(uid, the key) of that api key; None when it is no special key."""
    for account in world.accounts.values():
        for key in account.special_keys.keys:
            if key.api_key == api_key:
                return account.uid, key
    return None


def _letters(seed: str) -> str:
    """64 letters that are the same in the same world, as everything made here."""
    return hashlib.sha256(seed.encode()).hexdigest()
