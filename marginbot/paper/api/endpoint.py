"""What the HTTP shell and the books agree on: an endpoint, who calls it, and a refusal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from marginbot.paper.books.refusal import Refusal

if TYPE_CHECKING:
    from marginbot.paper.books.world import World


__all__ = ["Caller", "Endpoint", "Handler", "Refusal", "Security", "WeightKind"]


class Security(Enum):
    """How a call must identify itself. `KEY` is Binance's MARKET_DATA and USER_STREAM, `SIGNED` the other typed ones."""

    NONE = "NONE"
    KEY = "KEY"
    SIGNED = "SIGNED"


class WeightKind(Enum):
    """Which budget a call draws on: `/api` weight of the address, or one endpoint's own budget by address or account."""

    API = "API"
    SAPI_IP = "SAPI_IP"
    SAPI_UID = "SAPI_UID"


@dataclass(frozen=True, slots=True)
class Caller:
    """The account behind a key and what the key may do (names of apiRestrictions). `uid` 0 means no key was sent.

    margin_symbol: set for a special margin key, which trades on one margin account by /api/v3: that of this pair, or the cross
    account when it is empty.
    """

    uid: int
    api_key: str
    rights: Mapping[str, bool]
    margin_symbol: str | None = None


Handler = Callable[["World", Caller, Mapping[str, str]], object]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One method and path. `weight` may depend on the parameters; `handler` answers a JSON-ready value or raises Refusal.

    `required` and `optional` name the parameters without timestamp, recvWindow and signature, which the shell checks and removes.
    `needs` names the rights of the key (apiRestrictions flags) without which the call is refused with -2015.
    `per_minute` is how many calls an address may make in a minute, whatever they weigh; 0: as many as their weight allows.
    `free_when_done`: the weight is drawn, and given back when the call succeeds. `margin_keys`: special margin keys may call it.
    """

    method: str
    path: str
    security: Security
    weight: int | Callable[[Mapping[str, str]], int]
    kind: WeightKind
    handler: Handler
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    needs: tuple[str, ...] = field(default=("enableReading",))
    per_minute: int = 0
    free_when_done: bool = False
    margin_keys: bool = False
