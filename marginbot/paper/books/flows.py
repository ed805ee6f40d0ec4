"""The capital flow of a cross account or of one pair: what came and went, read off the records of what happened.

Source: GET /sapi/v1/margin/capital-flow. Its sample has no minus on a repayment, so an amount has one only where the type
does not say that it left the account: transfers out, what was converted, and what the system paid in a liquidation.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from marginbot.paper.books.dust import BNB
from marginbot.paper.books.loans import CONFIRMED
from marginbot.paper.books.records import Scope, Trade
from marginbot.paper.books.transfers import ROUTES
from marginbot.paper.books.wallets import Account

if TYPE_CHECKING:
    from marginbot.paper.books.world import World

TYPES = frozenset(
    {
        "TRANSFER", "BORROW", "REPAY", "BUY_INCOME", "BUY_EXPENSE", "SELL_INCOME", "SELL_EXPENSE", "TRADING_COMMISSION",
        "BUY_LIQUIDATION", "SELL_LIQUIDATION", "REPAY_LIQUIDATION", "OTHER_LIQUIDATION", "LIQUIDATION_FEE",
        "SMALL_BALANCE_CONVERT", "COMMISSION_RETURN", "SMALL_CONVERT",
    }
)  # fmt: skip
SAY_IT_LEFT = frozenset({"REPAY_LIQUIDATION", "LIQUIDATION_FEE"})
# One record leads to fewer flows than this, so that ids made of its number ascend with it and never change.
PARTS = 64

Amounts = list[tuple[str, str, Decimal]]


@dataclass(frozen=True, slots=True)
class Flow:
    """`amount` units of `asset` at server time `time`. `tran_id` is the record's own number, `id` that of this row."""

    id: int
    tran_id: int
    time: int
    asset: str
    type: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Place:
    """Whose flows, and of which server times (both inside). `symbol` is empty for the cross account."""

    scope: Scope
    symbol: str
    start: int
    end: int

    def holds(self, scope: Scope, symbol: str, time: int) -> bool:
        here = scope is self.scope and (scope is Scope.CROSS or symbol == self.symbol)
        return here and self.start <= time <= self.end


def flows(world: World, account: Account, place: Place) -> list[Flow]:
    """Oldest first by id. A loan or transfer is listed once confirmed, under the number it was given when asked for."""
    found = [
        Flow(tran_id * PARTS + part, tran_id, time, asset, kind, amount)
        for tran_id, time, amounts in _records(world, account, place)
        for part, (kind, asset, amount) in enumerate(amounts)
    ]
    return sorted(found, key=lambda flow: flow.id)


def _records(world: World, account: Account, place: Place) -> Iterator[tuple[int, int, Amounts]]:
    for move in account.transfers:
        source, target = ROUTES[move.type]
        for scope, symbol, amount in ((source, move.from_symbol, -move.amount), (target, move.to_symbol, move.amount)):
            if move.status == CONFIRMED and place.holds(scope, symbol, move.timestamp):
                yield move.tran_id, move.timestamp, [("TRANSFER", move.asset, amount)]
    for loan in account.loans:
        if loan.status == CONFIRMED and place.holds(loan.scope, loan.symbol, loan.timestamp):
            yield loan.tx_id, loan.timestamp, [(loan.direction, loan.asset, loan.amount)]
    forced = {row.order_id for row in account.seizures}
    for trade in account.trades:
        # Worlds of an earlier version have trades without a number.
        if trade.tran_id and trade.order_id not in forced and place.holds(trade.scope, trade.symbol, trade.time):
            yield trade.tran_id, trade.time, _traded(world, trade)
    for seized in account.seizures:
        if place.holds(seized.scope, seized.symbol, seized.time):
            amount = abs(seized.amount) if seized.type in SAY_IT_LEFT else seized.amount
            yield seized.tran_id, seized.time, [(seized.type, seized.asset, amount)]
    for dribblet in account.dribblets:
        if place.holds(dribblet.scope, "", dribblet.time):
            gone = [("SMALL_BALANCE_CONVERT", crumb.asset, -crumb.amount) for crumb in dribblet.crumbs]
            come = [("SMALL_BALANCE_CONVERT", BNB, crumb.arrived) for crumb in dribblet.crumbs]
            yield dribblet.tran_id, dribblet.time, gone + come
    for row in account.debt_exchanges:
        if place.holds(Scope.CROSS, "", row.time):
            converted = [("SMALL_CONVERT", row.asset, row.amount), ("SMALL_CONVERT", row.target, -row.target_amount)]
            yield row.tran_id, row.time, converted


def _traded(world: World, trade: Trade) -> Amounts:
    listing = world.market(trade.symbol).listing
    base, quote = (listing.base, trade.quantity), (listing.quote, trade.quote_quantity)
    side, spent, received = ("BUY", quote, base) if trade.is_buyer else ("SELL", base, quote)
    amounts = [(f"{side}_EXPENSE", *spent), (f"{side}_INCOME", *received)]
    # The fee of an isolated trade in a third asset comes out of the spot wallet.
    if trade.commission and (trade.scope is Scope.CROSS or trade.commission_asset == received[0]):
        amounts.append(("TRADING_COMMISSION", trade.commission_asset, trade.commission))
    return amounts
