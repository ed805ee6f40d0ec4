"""What the exchange has told once stays told: histories only grow, numbers rise, and what is over stays as it ended."""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy
from itertools import pairwise
from typing import Any

from tests.model.client import Client

PENDING = "PENDING"


class Histories:
    """What was seen so far of one customer's histories."""

    def __init__(self) -> None:
        self._ids: dict[str, list[int]] = {}
        self._over: dict[tuple[str, int], Any] = {}

    def look(self, client: Client) -> None:
        """Look again, and assert that nothing told before has changed."""
        account = client.account
        self._grows("orders", account.orders)
        self._grows("lists", account.lists)
        self._grows("trades", (trade.trade_id for trade in account.trades))
        self._grows("loans", (loan.tx_id for loan in account.loans))
        self._grows("transfers", (row.tran_id for row in account.transfers))
        self._grows("interest", (row.tx_id for row in account.interest))
        self._grows("liquidations", (row.order_id for row in account.liquidations))
        self._grows("seizures", (row.tran_id for row in account.seizures))
        self._grows("dribblets", (row.tran_id for row in account.dribblets))
        self._grows("debt exchanges", (row.tran_id for row in account.debt_exchanges))
        for order in account.orders.values():
            self._stays("order", order.order_id, order, over=not order.is_open())
        for loan in account.loans:
            self._stays("loan", loan.tx_id, loan, over=loan.status != PENDING)
        for row in account.transfers:
            self._stays("transfer", row.tran_id, row, over=row.status != PENDING)
        for trade in account.trades:
            self._stays("trade", trade.trade_id, trade, over=True)

    def _grows(self, name: str, numbers: Iterable[int]) -> None:
        seen, now = self._ids.get(name, []), list(numbers)
        assert now[: len(seen)] == seen, (name, seen, now)
        assert all(first < second for first, second in pairwise(now)), (name, now)
        self._ids[name] = now

    def _stays(self, kind: str, number: int, record: Any, *, over: bool) -> None:
        ended = self._over.get((kind, number))
        if ended is not None:
            assert record == ended, (kind, record, ended)
        elif over:
            self._over[kind, number] = copy(record)
