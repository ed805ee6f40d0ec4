"""One look: everything the planner may know about a pair at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from marginbot.domain.account import IsolatedAccount
from marginbot.domain.amounts import ZERO, Asset
from marginbot.domain.market import Market
from marginbot.domain.records import OpenOrder


@dataclass(frozen=True, slots=True)
class Look:
    """A fresh account read with the market around it.

    transferable: `maxTransferable` per asset, None when not asked. spot: free coins of the spot wallet as last read, with this
    look when it `spot_is_fresh`. orders: the open orders one by one, None when not asked. pending: our own accepted
    repayments and sweeps whose records are not CONFIRMED yet, in words; topping_up: our own top-ups that are not settled,
    which hold nothing up but another top-up; topping_up_for: seconds the slowest of them has been on its way. brought: quote
    value that this episode's top-ups brought or may yet bring. seen_at: monotonic seconds of the oldest answer that amounts
    follow from. shave: assets whose exact repayment the exchange keeps refusing.
    """

    account: IsolatedAccount
    market: Market
    open_orders: int
    seen_at: float
    transferable: Mapping[Asset, Decimal] | None = None
    spot: Mapping[Asset, Decimal] = field(default_factory=dict)
    pending: tuple[str, ...] = ()
    shave: frozenset[Asset] = frozenset()
    book_is_deep: bool = False
    spot_is_fresh: bool = False
    orders: tuple[OpenOrder, ...] | None = None
    topping_up: tuple[str, ...] = ()
    topping_up_for: float = 0.0
    brought: Decimal = ZERO
