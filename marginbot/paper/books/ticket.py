"""An order as it is asked for, before the exchange has looked at it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from marginbot.paper.books.records import Scope

BORROWING_EFFECTS = frozenset({"MARGIN_BUY", "AUTO_BORROW_REPAY"})
REPAYING_EFFECTS = frozenset({"AUTO_REPAY", "AUTO_BORROW_REPAY"})


@dataclass(frozen=True, slots=True)
class Ticket:
    """`quantity` in base or `quote_quantity` in quote (MARKET only); `client_id` empty: the exchange makes one.

    `trailing_delta` in basis points, None without; then `stop_price` is where it begins to follow, None for at once.
    """

    scope: Scope
    symbol: str
    side: str
    type: str
    quantity: Decimal | None = None
    quote_quantity: Decimal | None = None
    price: Decimal | None = None
    stop_price: Decimal | None = None
    iceberg: Decimal | None = None
    time_in_force: str = "GTC"
    client_id: str = ""
    side_effect: str = "NO_SIDE_EFFECT"
    repay_at_cancel: bool = True
    stp_mode: str = "EXPIRE_MAKER"
    trailing_delta: int | None = None
