"""Special margin keys as the door sees them: what they may do, and from where."""

from __future__ import annotations

from typing import TYPE_CHECKING

from marginbot.paper.books import special_keys
from marginbot.paper.keys import Key, KeyKind, load_public_key
from marginbot.paper.messages import Request

if TYPE_CHECKING:
    from marginbot.paper.books.world import World

KINDS = {special_keys.HMAC: KeyKind.HMAC, special_keys.RSA: KeyKind.RSA, special_keys.ED25519: KeyKind.ED25519}


def special_key(world: World, request: Request) -> Key | None:
    """The special key in the header; None when it is another kind of key, or not to be used from that address."""
    found = special_keys.owner(world, request.api_key or "")
    if found is None:
        return None
    uid, key = found
    if key.ips and request.peer not in key.ips:
        return None
    rights = {"enableReading": True, "enableSpotAndMarginTrading": key.mode == special_keys.TRADE}
    return Key(
        key.api_key,
        uid,
        KINDS[key.type],
        rights,
        secret=key.secret.encode() if key.secret else None,
        public_key=load_public_key(key.public_key.encode()) if key.public_key else None,
        margin_symbol=key.symbol,
    )
