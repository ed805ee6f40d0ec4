"""Goals, steps and plans: what is wanted, what would be sent, and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from typing import Final

from marginbot.domain.amounts import Asset, Symbol


class Into(Enum):
    """What an unwind leaves in the spot wallet: all in quote, the rest in base, or both coins as they are."""

    QUOTE = "quote"
    BASE = "base"
    KEEP = "keep"


class Side(Enum):
    """The side of an order, as the exchange spells it."""

    BUY = "BUY"
    SELL = "SELL"


@dataclass(frozen=True, slots=True)
class Goal:
    """Bring one pair to flat: no orders, nothing owed, and (with `sweep`) the isolated wallet empty."""

    symbol: Symbol
    into: Into = Into.QUOTE
    sweep: bool = True


@dataclass(frozen=True, slots=True)
class Limits:
    """What the owner allows. `max_slippage_bps`: worst average price of one order against the index; `topup_crumb` in quote."""

    max_slippage_bps: Decimal = Decimal(100)
    topup_crumb: Decimal = Decimal(0)


class AimKind(Enum):
    """What an aim does to a margin level: pay with idle coins, bring coins in, sell just enough, take excess home."""

    REPAY = "repay"
    TOP_UP = "top_up"
    DELEVERAGE = "deleverage"
    SWEEP = "sweep"


@dataclass(frozen=True, slots=True)
class Aim:
    """Bring one pair's margin level to `target_level` and no further, because it passed `trigger_level`.

    hold: coins brought in are kept, not paid into the debt. allowance: most quote value that one episode of a TOP_UP may bring
    from spot, None for no limit. keep_in_spot: quote value that spot keeps of the coin it gives. leave_orders: the owner's
    open orders are not touched. barred: why a TOP_UP may bring nothing any more, in words; empty while it may.
    """

    symbol: Symbol
    kind: AimKind
    trigger_level: Decimal
    target_level: Decimal
    hold: bool = False
    allowance: Decimal | None = None
    keep_in_spot: Decimal = Decimal(0)
    leave_orders: bool = False
    barred: str = ""


@dataclass(frozen=True, slots=True)
class CancelOrders:
    """Cancel every open order and order list of the pair's isolated account."""

    symbol: Symbol
    because: str


@dataclass(frozen=True, slots=True)
class CancelOrder:
    """Cancel one open order, or with `list_id` a whole order list. client_ids: of the order, or of every leg of the list.

    aloud: its owner must hear of it; not of our own backstop, which only makes room.
    """

    symbol: Symbol
    order_id: str
    list_id: str | None
    client_ids: tuple[str, ...]
    because: str
    aloud: bool = True


@dataclass(frozen=True, slots=True)
class CloseOrder:
    """Trade base for quote or back, MARKET or (with `limit_price`) LIMIT IOC; never borrows, never repays by itself.

    quantity: units of `base`. expected_price and slippage_bps come from walking the book at the look.
    """

    symbol: Symbol
    base: Asset
    quote: Asset
    side: Side
    quantity: Decimal
    limit_price: Decimal | None
    index_price: Decimal
    expected_price: Decimal
    slippage_bps: Decimal
    because: str


@dataclass(frozen=True, slots=True)
class Repay:
    """Pay down one liability from free coins of the same asset. amount: units of `asset`, 8 decimals, rounded down."""

    symbol: Symbol
    asset: Asset
    amount: Decimal
    because: str


@dataclass(frozen=True, slots=True)
class Sweep:
    """Move equity from the isolated wallet to spot. amount: units of `asset`, 8 decimals, rounded down."""

    symbol: Symbol
    asset: Asset
    amount: Decimal
    because: str


@dataclass(frozen=True, slots=True)
class TopUp:
    """Move coins from spot into the isolated wallet. amount: units of `asset`, 8 decimals; `value` in quote, at the index."""

    symbol: Symbol
    asset: Asset
    amount: Decimal
    because: str
    value: Decimal


@dataclass(frozen=True, slots=True)
class PlaceBackstop:
    """Let a stop order rest at the exchange: STOP_LOSS_LIMIT, which repays with what it receives and never borrows.

    When the last trade reaches `stop_price`, `quantity` of base is traded at `limit_price` or better; prices of the book.
    """

    symbol: Symbol
    base: Asset
    quote: Asset
    side: Side
    quantity: Decimal
    stop_price: Decimal
    limit_price: Decimal
    because: str


BACKSTOP: Final = "backstop"
"""The rule in whose name it is placed and a pair is brought home after it; its kind in the journal as well."""
OUR_ID: Final = "mb-"
"""How every client order id of ours begins."""
BACKSTOP_ID: Final = "bs-"
"""What a backstop has before that: it alone rests, and must be known from the owner's orders."""


def is_backstop_id(client_id: str) -> bool:
    """Whether an order was placed as a backstop, by this process or by an earlier one."""
    return client_id.startswith(BACKSTOP_ID + OUR_ID)


Step = CancelOrders | CancelOrder | CloseOrder | PlaceBackstop | Repay | Sweep | TopUp


class Verdict(Enum):
    """What a plan says: send its steps, wait and look again, done, or stuck with something left that no step can mend."""

    ACT = "act"
    WAIT = "wait"
    DONE = "done"
    STUCK = "stuck"


class Need(Enum):
    """What the next look must also read before the planner can go on."""

    TRANSFERABLE = "transferable"
    DEEP_BOOK = "deep_book"
    SPOT = "spot"
    ORDERS = "orders"


@dataclass(frozen=True, slots=True)
class Plan:
    """A batch of steps whose amounts follow from one snapshot and that spend no balance twice, and the reason in a sentence.

    capped: nothing but the slippage cap keeps it from acting.
    """

    verdict: Verdict
    because: str
    steps: tuple[Step, ...] = ()
    needs: frozenset[Need] = field(default_factory=frozenset)
    remains: tuple[str, ...] = ()
    capped: bool = False
