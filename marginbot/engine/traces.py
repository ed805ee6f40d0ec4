"""Traces: what balances say about a write that left no record. Pure; `settle` does the looking."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import Enum

from marginbot.domain.account import AssetBalance, IsolatedAccount
from marginbot.domain.amounts import CRUMB, Asset, exact, parse_amount
from marginbot.domain.plan import Side
from marginbot.engine.journal.entries import Intent

NO_RECORD_AFTER_MS = {"repay": 10_000, "sweep": 10_000, "top_up": 60_000}
MOVED_OTHERWISE_MS = 60_000
"""From here on a write that left no record is absent although balances moved, unless the coin it takes fell: somebody else
moved them (a person who tops up in the middle must not keep the pair from being worked on for ever)."""


class Fate(Enum):
    """What the look-up found. ABSENT: it never happened and never will; FAILED: the exchange took it and undid it."""

    DONE = "done"
    ABSENT = "absent"
    FAILED = "failed"


def balances_before(account: IsolatedAccount, spot: Mapping[Asset, Decimal]) -> dict[str, str]:
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


@exact
def with_spot_moved(intent: Intent, amount: Decimal) -> Intent:
    """The intent as if spot had held so much more before it: what our own later transfers brought there says nothing of it."""
    asset, _ = money_of(intent)
    name = "base_spot" if intent.before["base_asset"] == asset else "quote_spot"
    if amount == 0 or name not in intent.before:
        return intent
    return replace(intent, before={**intent.before, name: format(_was(intent, asset, "spot") + amount, "f")})


def money_of(intent: Intent) -> tuple[Asset, Decimal]:
    """What a repayment or transfer was to move."""
    if intent.asset is None or intent.amount is None:
        raise ValueError(f"intent {intent.id} of kind {intent.kind} has no amount")
    return intent.asset, intent.amount


@dataclass(slots=True)
class Twice:
    """Balances judge only when two looks in a row say the same: one may be stale, or all zero."""

    last: Fate | None = None

    def say(self, fate: Fate | None) -> Fate | None:
        """What one more look says; answers it when the look before said the same."""
        said, self.last = self.last, fate
        return fate if fate is said else None


def _was(intent: Intent, asset: Asset, what: str) -> Decimal:
    name = "base" if intent.before["base_asset"] == asset else "quote"
    return parse_amount(intent.before.get(f"{name}_{what}", "0"))


def order_left_no_trace(intent: Intent, now: IsolatedAccount, late_ms: int) -> bool:
    """Whether balances fit an order that never was; late_ms: since it could last have been placed."""
    before = intent.before
    equal = now.base.total == parse_amount(before["base_total"]) and now.quote.total == parse_amount(before["quote_total"])
    given = now.base if intent.step["side"] == Side.SELL.value else now.quote
    return equal or (late_ms >= MOVED_OTHERWISE_MS and given.total >= _was(intent, given.asset, "total"))


@exact
def fate_of_repay(intent: Intent, side: AssetBalance, ago_ms: int) -> Fate | None:
    """DONE, ABSENT, or None while the owed side of the account does not tell."""
    _, amount = money_of(intent)
    if _liability_fell(intent, side, amount):
        return Fate.DONE
    if ago_ms >= NO_RECORD_AFTER_MS[intent.kind] and _repay_left_no_trace(intent, side):
        return Fate.ABSENT
    owed = _was(intent, side.asset, "borrowed") + _was(intent, side.asset, "interest")
    return Fate.ABSENT if ago_ms >= MOVED_OTHERWISE_MS and side.liability >= owed else None


def fate_of_transfer(intent: Intent, isolated: Decimal, spot: Decimal, ago_ms: int) -> Fate | None:
    """DONE, ABSENT, or None while the two wallets do not tell; one that was accepted waits for its record."""
    asset, amount = money_of(intent)
    moved = _wallets_moved(intent, isolated, spot, amount)
    if moved == (True, True):
        return Fate.DONE
    if intent.exchange_id is not None:
        return None
    if moved == (False, False) and ago_ms >= NO_RECORD_AFTER_MS[intent.kind]:
        return Fate.ABSENT
    source, what = (isolated, "total") if intent.kind == "sweep" else (spot, "spot")
    return Fate.ABSENT if ago_ms >= MOVED_OTHERWISE_MS and source >= _was(intent, asset, what) else None


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
    asset, _ = money_of(intent)
    sign = -1 if intent.kind == "sweep" else 1
    isolated_by = (isolated - _was(intent, asset, "total")) * sign
    spot_by = (spot - _was(intent, asset, "spot")) * -sign
    if isolated_by not in (0, amount) or spot_by not in (0, amount):
        return None
    return isolated_by == amount, spot_by == amount
