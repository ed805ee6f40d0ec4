"""Settling: finding out what became of a write whose answer is missing. Never sends, only looks, until it is sure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from marginbot.domain.account import IsolatedAccount
from marginbot.domain.amounts import Asset, Symbol
from marginbot.domain.records import LoanRecord, OrderReport, RecordStatus, TransferRecord
from marginbot.engine.journal.entries import Intent, State
from marginbot.engine.journal.journal import Journal
from marginbot.engine.patience import DeadlineReached, Interrupted, Patience
from marginbot.engine.ports import Exchange
from marginbot.engine.traces import Fate, Twice, fate_of_repay, fate_of_transfer, money_of, order_left_no_trace
from marginbot.errors import AnswerMalformed, ExchangeError

AFTER_WINDOW_MS = 2_000
WIDEST_WINDOW_MS = 10_000
MISSES_APART = 1.0
FILLS_AFTER = (0.0, 0.3, 0.7)
"""When the fills of an order are asked for; fees are worth no more waiting than that."""
LOOK_BACK = timedelta(seconds=60)
SOME_LOOKS_MS = 10_000
FORGOTTEN_MS = 3_600_000
"""No write shows up after an hour that has not shown up by then; without this a pair could be locked out for ever."""


@dataclass(frozen=True, slots=True)
class Settled:
    """The fate of a write and the evidence for it: the order, or the record, or None where balances proved it."""

    fate: Fate
    order: OrderReport | None = None
    record: LoanRecord | TransferRecord | None = None


@dataclass(slots=True)
class Settler:
    """Looks up one pair's writes. `account` is its number in the journal; `leftovers`: those of a process that died."""

    exchange: Exchange
    journal: Journal
    patience: Patience
    account: str
    leftovers: bool = False

    async def settle(self, intent: Intent, since_ms: int) -> Settled:
        """Look until the fate of `intent` is certain. since_ms: when it was sent, or the restart, by the server's clock.

        Raises: DeadlineReached or Interrupted when it is not certain in time; the intent then stays open in the journal.
        """
        match intent.kind:
            case "close" | "backstop":
                settled = await self._order(intent, since_ms)
            case "repay":
                settled = await self._repay(intent, since_ms)
            case "sweep" | "top_up":
                settled = await self._transfer(intent, since_ms)
            case _:
                settled = await self._cancel(intent)
        self.note(intent, settled)
        return settled

    def note(self, intent: Intent, settled: Settled) -> None:
        """Write the fate down."""
        state = {Fate.DONE: State.DONE, Fate.ABSENT: State.ABSENT, Fate.FAILED: State.REFUSED}[settled.fate]
        if settled.order is not None:
            found: str | None = settled.order.order_id
        else:
            found = settled.record.record_id if settled.record is not None else None
        evidence = "found by looking it up" if found else "judged by the balances"
        self.journal.outcome(intent.id, state, self.patience.clock.now(), found, f"{settled.fate.value}: {evidence}")

    async def _order(self, intent: Intent, since_ms: int) -> Settled:
        first_miss: float | None = None
        client_id = intent.client_id or ""
        while True:
            found, server_ms = await self._together(
                lambda: self.exchange.order_by_client_id(intent.symbol, client_id), self.exchange.server_time_ms
            )
            if found is not None and (found.final or intent.kind == "backstop"):
                return Settled(Fate.DONE, order=await self.with_fills(found))
            now = self.patience.clock.monotonic()
            if found is not None:
                first_miss = None
            else:
                first_miss = now if first_miss is None else first_miss
                late_ms = server_ms - (since_ms + self._window_ms() + AFTER_WINDOW_MS)
                if late_ms > 0 and now - first_miss >= MISSES_APART and await self._order_left_no_trace(intent, late_ms):
                    return Settled(Fate.ABSENT)
            await self.patience.pause(MISSES_APART)

    def _window_ms(self) -> int:
        """A process that died may have widened its window after a -1021; this one knows its own."""
        return max(self.exchange.recv_window_ms, WIDEST_WINDOW_MS) if self.leftovers else self.exchange.recv_window_ms

    async def _order_left_no_trace(self, intent: Intent, late_ms: int) -> bool:
        open_ids, now = await self._together(
            lambda: self.exchange.open_order_client_ids(intent.symbol), lambda: self._account(intent.symbol)
        )
        forgotten = self._ago_ms(intent.sent_ms) >= FORGOTTEN_MS and late_ms >= SOME_LOOKS_MS
        return intent.client_id not in open_ids and (forgotten or order_left_no_trace(intent, now, late_ms))

    async def with_fills(self, order: OrderReport) -> OrderReport:
        """The same order with its fills, so that fees are known; as it is when nothing was executed or nobody tells."""
        if order.fills is not None or order.executed_qty == 0:
            return order
        for wait in FILLS_AFTER:
            try:
                await self.patience.pause(wait)
                fills = await self.exchange.fills_of(order.symbol, order.order_id)
            except ExchangeError:
                continue
            except (DeadlineReached, Interrupted):
                break  # What the order did is known: that must not be lost for its fees.
            if sum((fill.quantity for fill in fills), Decimal(0)) == order.executed_qty:
                return replace(order, fills=fills)
        return order

    async def _repay(self, intent: Intent, since_ms: int) -> Settled:
        asset, _ = money_of(intent)
        balances = Twice()
        while True:
            rows, account = await self._together(
                lambda: self.exchange.repayments(intent.symbol, asset, self.since(intent)), lambda: self._account(intent.symbol)
            )
            told = fate_of_repay(intent, account.side(asset), self._ago_ms(since_ms))
            row = self.own_row(rows, intent, moved=told is Fate.DONE)
            if row is not None and row.status is not RecordStatus.PENDING:
                return Settled(Fate.DONE if row.status is RecordStatus.CONFIRMED else Fate.FAILED, record=row)
            if (believed := balances.say(self._without_row(intent, row, told, since_ms))) is not None:
                return Settled(believed)
            await self.patience.pause(1.0)

    async def _transfer(self, intent: Intent, since_ms: int) -> Settled:
        ask = self.exchange.transfers_out if intent.kind == "sweep" else self.exchange.transfers_in
        balances = Twice()
        while True:
            rows, account, spot = await self._together(
                lambda: ask(intent.symbol, self.since(intent)), lambda: self._account(intent.symbol), self.exchange.spot_wallet
            )
            settled = self.transfer(intent, rows, account, spot.free, since_ms, balances)
            if settled is not None:
                return settled
            await self.patience.pause(1.0)

    def transfer(
        self,
        intent: Intent,
        rows: Sequence[TransferRecord],
        account: IsolatedAccount,
        spot: Mapping[Asset, Decimal],
        since_ms: int,
        balances: Twice,
    ) -> Settled | None:
        """What one look says of a transfer, None when it does not tell yet. balances: kept from look to look."""
        asset, _ = money_of(intent)
        told = fate_of_transfer(intent, account.side(asset).total, spot.get(asset, Decimal(0)), self._ago_ms(since_ms))
        row = self.own_row(rows, intent, moved=told is Fate.DONE)
        if row is not None and row.status is not RecordStatus.PENDING:
            return Settled(Fate.DONE if row.status is RecordStatus.CONFIRMED else Fate.FAILED, record=row)
        believed = balances.say(self._without_row(intent, row, told, since_ms))
        return None if believed is None else Settled(believed)

    async def _cancel(self, intent: Intent) -> Settled:
        """Of one order or list: whether it is among the open ones; of all: whether any order is open."""
        left = await self.patience.ask(lambda: self.exchange.open_order_client_ids(intent.symbol))
        meant = left & frozenset(intent.step["client_ids"]) if "client_ids" in intent.step else left
        return Settled(Fate.ABSENT if meant else Fate.DONE)

    def own_row(self, rows: Any, intent: Intent, moved: bool) -> Any:
        """The record of this intent. One dated before the send is somebody else's, unless the balances moved as ours would."""
        if intent.exchange_id is not None:
            return next((row for row in rows if row.record_id == intent.exchange_id), None)
        asset, amount = money_of(intent)
        tied = self.journal.tied_ids(self.account, intent.kind)
        mine = [row for row in rows if row.asset == asset and row.amount == amount and row.record_id not in tied]
        sent_at = self.since(intent) + LOOK_BACK
        return max((row for row in mine if moved or row.at >= sent_at), key=lambda row: row.at, default=None)

    def _without_row(self, intent: Intent, row: Any, told: Fate | None, since_ms: int) -> Fate | None:
        """What balances say where history says nothing; no record of any status after an hour means it never happened."""
        if row is not None:
            return None
        return Fate.ABSENT if told is None and self._forgotten(intent, since_ms) else told

    def _forgotten(self, intent: Intent, since_ms: int) -> bool:
        """An hour after the send, and after a few looks: the stamp may be of a clock that was slow."""
        return self._ago_ms(intent.sent_ms) >= FORGOTTEN_MS and self._ago_ms(since_ms) >= SOME_LOOKS_MS

    def _ago_ms(self, since_ms: int) -> int:
        return self.exchange.server_now_ms() - since_ms

    def since(self, intent: Intent) -> datetime:
        """Where histories are read from. A clock that ran ahead when the intent was written must not hide its record."""
        return datetime.fromtimestamp(min(intent.sent_ms, self.exchange.server_now_ms()) // 1000, UTC) - LOOK_BACK

    async def _account(self, symbol: Symbol) -> IsolatedAccount:
        accounts = await self.exchange.isolated_accounts()
        if symbol not in accounts:
            raise AnswerMalformed(f"the answer of the isolated accounts has no row of {symbol}")
        return accounts[symbol]

    async def _together(self, *questions: Any) -> list[Any]:
        return await self.patience.ask(lambda: self.exchange.together(*(question() for question in questions)))
