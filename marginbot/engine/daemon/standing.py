"""A backstop that rests, as far as we know: told by the open orders, or by the journal of an earlier process."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from marginbot.domain.account import IsolatedAccount
from marginbot.domain.amounts import exact
from marginbot.domain.look import Look
from marginbot.domain.plan import BACKSTOP, Side
from marginbot.domain.records import OpenOrder, OrderReport
from marginbot.engine.daemon.outfit import Outfit
from marginbot.engine.daemon.watched import Watched
from marginbot.engine.journal.entries import Intent

MORE_THAN_LEFT: Final = Decimal("0.01")
"""Share of the position beyond which what is there after a fill was not left by it."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Prices of the book, quantity in base. position: base held less base owed, when it was placed or last seen."""

    client_id: str
    side: Side
    quantity: Decimal
    stop_price: Decimal
    limit_price: Decimal
    position: Decimal

    @exact
    def locks(self, row: IsolatedAccount) -> bool:
        """Whether the account locks enough for it to rest."""
        if self.side is Side.SELL:
            return row.base.locked >= self.quantity
        return row.quote.locked >= self.quantity * self.limit_price

    def hidden(self, look: Look) -> bool:
        """Whether the open orders do not show it although its coins are locked: they lag behind, or other orders lock them."""
        shown = look.orders is None or any(order.client_id == self.client_id for order in look.orders)
        return not shown and self.locks(look.account)

    @exact
    def left(self, order: OrderReport, row: IsolatedAccount) -> bool:
        """Whether the position of the row is what the order left, or less: not one that was opened since."""
        rest = self.position - order.executed_qty * (1 if self.side is Side.SELL else -1)
        return abs(row.base.equity) <= abs(rest) + abs(self.position) * MORE_THAN_LEFT


def seen_as(order: OpenOrder, account: IsolatedAccount) -> Standing:
    """One that the open orders show. account: of the same look."""
    return Standing(order.client_id, order.side, order.quantity, order.stop_price, order.limit_price, account.base.equity)


@exact
def left_behind(outfit: Outfit, known: Watched) -> Standing | None:
    """The last one that was placed, unless what it traded was dealt with: it may rest, or be gone since."""
    intent: Intent | None = outfit.journal.last_done(outfit.account, BACKSTOP).get(known.symbol)
    if intent is None or intent.client_id is None:
        return None
    # Not from what is known of the pair, which forgets pages that are no rule's.
    memory = outfit.notebook.memories(known.symbol).get(BACKSTOP)
    if memory is not None and memory.fired_at is not None and memory.fired_at >= intent.started_at:
        return None
    step, before = intent.step, intent.before
    quantity, stop, limit = (Decimal(step[name]) for name in ("quantity", "stop_price", "limit_price"))
    total, borrowed, interest = (Decimal(before[f"base_{name}"]) for name in ("total", "borrowed", "interest"))
    return Standing(intent.client_id, Side(step["side"]), quantity, stop, limit, total - borrowed - interest)
