"""Settling: finding out what became of a write whose answer is missing. Never sends, only looks, until it is sure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any

from marginbot.domain.account import AssetBalance, IsolatedAccount
from marginbot.domain.amounts import CRUMB, Asset, exact, parse_amount
from marginbot.domain.records import LoanRecord, OrderReport, RecordStatus, TransferRecord
from marginbot.engine.journal import Intent, Journal, State
from marginbot.engine.patience import Patience
from marginbot.engine.ports import Exchange

AFTER_WINDOW_MS = 2_000
MISSES_APART = 1.0
NO_RECORD_AFTER_MS = 10_000
LOOK_BACK = timedelta(seconds=60)


class Fate(Enum):
    """What the look-up found. ABSENT: it never happened and never will; FAILED: the exchange took it and undid it."""

    DONE = "done"
    ABSENT = "absent"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Settled:
    """The fate of a write and the evidence for it: the order, or the record, or None where balances proved it."""

    fate: Fate
    order: OrderReport | None = None
    record: LoanRecord | TransferRecord | None = None


@dataclass(slots=True)
class Settler:
    """Looks up one pair's writes. `account` is the number of the account in the journal."""

    exchange: Exchange
    journal: Journal
    patience: Patience
    account: str

    async def settle(self, intent: Intent, since_ms: int) -> Settled:
        """Look until the fate of `intent` is certain. since_ms: when it was sent, or the restart, by the server's clock.

        Raises: DeadlineReached or Interrupted when it is not certain in time; the intent then stays open in the journal.
        """
        match intent.kind:
            case "close":
                settled = await self._order(intent, since_ms)
            case "repay":
                settled = await self._repay(intent, since_ms)
            case "sweep" | "top_up":
                settled = await self._transfer(intent, since_ms)
            case _:
                settled = await self._cancel(intent)
        self._note(intent, settled)
        return settled

    def _note(self, intent: Intent, settled: Settled) -> None:
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
            if found is not None and found.final:
                return Settled(Fate.DONE, order=await self.with_fills(found))
            now = self.patience.clock.monotonic()
            if found is None:
                first_miss = now if first_miss is None else first_miss
                late = server_ms > since_ms + self.exchange.recv_window_ms + AFTER_WINDOW_MS
                if late and now - first_miss >= MISSES_APART and await self._order_left_no_trace(intent, client_id):
                    return Settled(Fate.ABSENT)
            await self.patience.pause(MISSES_APART)

    async def _order_left_no_trace(self, intent: Intent, client_id: str) -> bool:
        open_ids, accounts = await self._together(
            lambda: self.exchange.open_order_client_ids(intent.symbol), self.exchange.isolated_accounts
        )
        now: IsolatedAccount = accounts[intent.symbol]
        before = intent.before
        equal = now.base.total == parse_amount(before["base_total"]) and now.quote.total == parse_amount(before["quote_total"])
        return client_id not in open_ids and equal

    async def with_fills(self, order: OrderReport) -> OrderReport:
        """The same order with its fills, so that fees are known; as it is when nothing was executed."""
        if order.fills is not None or order.executed_qty == 0:
            return order
        fills = await self.patience.ask(lambda: self.exchange.fills_of(order.symbol, order.order_id))
        complete = sum((fill.quantity for fill in fills), Decimal(0)) == order.executed_qty
        return OrderReport(
            order.symbol,
            order.order_id,
            order.client_id,
            order.side,
            order.status,
            order.quantity,
            order.executed_qty,
            order.quote_qty,
            fills if complete else None,
        )

    async def _repay(self, intent: Intent, since_ms: int) -> Settled:
        asset, amount = _money(intent)
        quiet: AssetBalance | None = None
        while True:
            rows, accounts = await self._together(
                lambda: self.exchange.repayments(intent.symbol, asset, _since(intent)), self.exchange.isolated_accounts
            )
            row = self._own_row(rows, asset, amount, "repay", intent.exchange_id)
            side = accounts[intent.symbol].side(asset)
            if row is not None and row.status is not RecordStatus.PENDING:
                return Settled(Fate.DONE if row.status is RecordStatus.CONFIRMED else Fate.FAILED, record=row)
            if row is None and _liability_fell(intent, side, amount):
                return Settled(Fate.DONE)
            if row is None and self._long_ago(since_ms) and _repay_left_no_trace(intent, side):
                if quiet is not None:
                    return Settled(Fate.ABSENT)
                quiet = side
            await self.patience.pause(1.0)

    async def _transfer(self, intent: Intent, since_ms: int) -> Settled:
        asset, amount = _money(intent)
        ask = self.exchange.transfers_out if intent.kind == "sweep" else self.exchange.transfers_in
        quiet = 0
        while True:
            rows, accounts, spot = await self._together(
                lambda: ask(intent.symbol, _since(intent)), self.exchange.isolated_accounts, self.exchange.spot_wallet
            )
            row = self._own_row(rows, asset, amount, intent.kind, intent.exchange_id)
            if row is not None and row.status is not RecordStatus.PENDING:
                return Settled(Fate.DONE if row.status is RecordStatus.CONFIRMED else Fate.FAILED, record=row)
            moved = _wallets_moved(intent, accounts[intent.symbol].side(asset).total, spot.free.get(asset, Decimal(0)), amount)
            if row is None and moved == (True, True):
                return Settled(Fate.DONE)
            if row is None and intent.exchange_id is None and moved == (False, False) and self._long_ago(since_ms):
                quiet += 1
                if quiet == 2:
                    return Settled(Fate.ABSENT)
            await self.patience.pause(1.0)

    async def _cancel(self, intent: Intent) -> Settled:
        left = await self.patience.ask(lambda: self.exchange.open_order_count(intent.symbol))
        return Settled(Fate.ABSENT if left else Fate.DONE)

    def _own_row(self, rows: Any, asset: Asset, amount: Decimal, kind: str, known_id: str | None = None) -> Any:
        if known_id is not None:
            return next((row for row in rows if row.record_id == known_id), None)
        tied = self.journal.tied_ids(self.account, kind)
        mine = [row for row in rows if row.asset == asset and row.amount == amount and row.record_id not in tied]
        return max(mine, key=lambda row: row.at, default=None)

    def _long_ago(self, since_ms: int) -> bool:
        return self.exchange.server_now_ms() - since_ms >= NO_RECORD_AFTER_MS

    async def _together(self, *questions: Any) -> list[Any]:
        return await self.patience.ask(lambda: self.exchange.together(*(question() for question in questions)))


def balances_before(account: IsolatedAccount, spot: dict[Asset, Decimal]) -> dict[str, str]:
    """What an intent keeps of the look it rests on, so that its fate can be judged by balances even after a crash."""
    kept = {}
    for name, side in (("base", account.base), ("quote", account.quote)):
        kept[f"{name}_asset"] = str(side.asset)
        kept[f"{name}_total"] = format(side.total, "f")
        kept[f"{name}_free"] = format(side.free, "f")
        kept[f"{name}_borrowed"] = format(side.borrowed, "f")
        kept[f"{name}_interest"] = format(side.interest, "f")
        if side.asset in spot:
            kept[f"{name}_spot"] = format(spot[side.asset], "f")
    return kept


def _money(intent: Intent) -> tuple[Asset, Decimal]:
    if intent.asset is None or intent.amount is None:
        raise ValueError(f"intent {intent.id} of kind {intent.kind} has no amount")
    return intent.asset, intent.amount


def _since(intent: Intent) -> datetime:
    return datetime.fromtimestamp(intent.sent_ms // 1000, UTC) - LOOK_BACK


def _was(intent: Intent, asset: Asset, what: str) -> Decimal:
    name = "base" if intent.before["base_asset"] == asset else "quote"
    return parse_amount(intent.before.get(f"{name}_{what}", "0"))


@exact
def _liability_fell(intent: Intent, side: AssetBalance, amount: Decimal) -> bool:
    before = _was(intent, side.asset, "borrowed") + _was(intent, side.asset, "interest")
    return side.liability <= before - amount + CRUMB and side.free <= _was(intent, side.asset, "free") - amount + CRUMB


def _repay_left_no_trace(intent: Intent, side: AssetBalance) -> bool:
    return (
        side.borrowed == _was(intent, side.asset, "borrowed")
        and side.interest >= _was(intent, side.asset, "interest")
        and side.free == _was(intent, side.asset, "free")
    )


@exact
def _wallets_moved(intent: Intent, isolated: Decimal, spot: Decimal, amount: Decimal) -> tuple[bool, bool] | None:
    """(source moved, destination moved) by exactly the amount or not at all; None when something else moved too."""
    asset, _ = _money(intent)
    sign = -1 if intent.kind == "sweep" else 1
    isolated_by = (isolated - _was(intent, asset, "total")) * sign
    spot_by = (spot - _was(intent, asset, "spot")) * -sign
    if isolated_by not in (0, amount) or spot_by not in (0, amount):
        return None
    return isolated_by == amount, spot_by == amount
