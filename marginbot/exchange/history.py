"""Loan and transfer histories, read to their last page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Final, TypeVar

from marginbot.domain.amounts import Asset, Symbol
from marginbot.domain.records import LoanRecord, TransferRecord
from marginbot.errors import MoneyError
from marginbot.exchange.messages import Answer, to_ms
from marginbot.exchange.wire import read
from marginbot.exchange.wire_account import LoanPage, LoanRow, TransferPage, TransferRow

PAGE_SIZE: Final = 100
Query = dict[str, str | int]
Fetch = Callable[[Query], Awaitable[Answer]]
Row = TypeVar("Row", LoanRow, TransferRow)
Record = TypeVar("Record", LoanRecord, TransferRecord)


async def all_loans(
    fetch: Fetch, symbol: Symbol, asset: Asset, since: datetime | None = None, record_id: str | None = None
) -> tuple[LoanRecord, ...]:
    """Repayments of one pair and asset, newest first. Rows of other pairs, assets or the cross account are left out."""

    def ours(page: LoanPage) -> list[LoanRecord]:
        rows = _rows(page.total, page.rows)
        return [row.record() for row in rows if row.isolatedSymbol == symbol and row.asset == asset]

    query: Query = {"type": "REPAY", "asset": asset, "isolatedSymbol": symbol}
    if record_id is not None:
        query["txId"] = record_id
    if since is not None:
        query["startTime"] = to_ms(since)
    return await _all_pages(fetch, query, lambda answer: read(answer, LoanPage, lambda page: (page.total, ours(page))))


async def all_transfers(
    fetch: Fetch, transfer_type: str, symbol_name: str, symbol: Symbol, since: datetime
) -> tuple[TransferRecord, ...]:
    """Transfers of one type and pair since then. symbol_name: `fromSymbol` or `toSymbol`, as the type demands."""

    def ours(page: TransferPage) -> list[TransferRecord]:
        return [row.record() for row in _rows(page.total, page.rows) if row.type == transfer_type]

    query: Query = {"type": transfer_type, symbol_name: symbol, "startTime": to_ms(since)}
    return await _all_pages(fetch, query, lambda answer: read(answer, TransferPage, lambda page: (page.total, ours(page))))


async def _all_pages(fetch: Fetch, query: Query, parse: Callable[[Answer], tuple[int, Sequence[Record]]]) -> tuple[Record, ...]:
    """Page after page up to the total announced; a row that slid onto the next page meanwhile counts once."""
    found: dict[str, Record] = {}
    page = 1
    while True:
        paging: Query = {"size": PAGE_SIZE} if page == 1 else {"current": page, "size": PAGE_SIZE}
        total, records = parse(await fetch({**query, **paging}))
        found.update((record.record_id, record) for record in records)
        if page * PAGE_SIZE >= total:
            return tuple(found.values())
        page += 1


def _rows(total: int, rows: list[Row] | None) -> list[Row]:
    if rows is None and total:
        raise MoneyError(f"{total} records announced and no rows")
    return rows or []
