"""The language in which a beginning is written down: who holds, owes and ordered what, on which pairs, and what happens then.

All of it is data, in Python or in a TOML or JSON file of the same fields. Amounts and prices are text.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from marginbot.paper.books.events import Event
from marginbot.paper.books.market_drive import Drive


@dataclass(frozen=True, slots=True)
class Position:
    """An isolated account: what is free and what was borrowed, with `hours` hours of interest unpaid.

    base_interest, quote_interest: unpaid interest instead of what `hours` come to; it may stand without a loan.
    """

    symbol: str
    base: str = "0"
    quote: str = "0"
    base_borrowed: str = "0"
    quote_borrowed: str = "0"
    hours: int = 0
    base_interest: str | None = None
    quote_interest: str | None = None
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Resting:
    """An open order of an isolated account: LIMIT, or with `stop_price` a STOP_LOSS_LIMIT (or `type`)."""

    symbol: str
    side: str
    quantity: str
    price: str
    stop_price: str | None = None
    type: str | None = None
    client_id: str = ""


@dataclass(frozen=True, slots=True)
class RestingList:
    """An open OCO list: a limit order, and a stop order that becomes a limit order at `stop_limit_price` when that is given."""

    symbol: str
    side: str
    quantity: str
    price: str
    stop_price: str
    stop_limit_price: str | None = None
    client_id: str = ""


@dataclass(frozen=True, slots=True)
class Pair:
    """What differs from the catalogue. rules: fields of listing.Listing; book: arguments of actions.set_book."""

    price: str | None = None
    index: str | None = None
    status: str = "TRADING"
    rules: dict[str, Any] = field(default_factory=dict)
    book: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Past:
    """A row of history without any effect today: a REPAY, or a transfer IN or OUT, so many seconds ago."""

    kind: str
    symbol: str
    asset: str
    amount: str
    seconds_ago: int


@dataclass(frozen=True, slots=True)
class Scenario:
    """`spot` is free money by asset; `moves` are (seconds, price) scripts by symbol and `drives` whatever else moves a
    price, by symbol; all other pairs are calm.

    about: one line for people. pairs: by symbol. assets: fields of listing.AssetTerms by asset. account: fields of
    wallets.Account (fees, tax, BNB switches). config: switches of config.Config by name. faults: fields of
    paper.faults.Fault. Decimals are text everywhere.
    """

    about: str = ""
    spot: dict[str, str] = field(default_factory=dict)
    positions: tuple[Position, ...] = ()
    orders: tuple[Resting, ...] = ()
    lists: tuple[RestingList, ...] = ()
    past: tuple[Past, ...] = ()
    pairs: dict[str, Pair] = field(default_factory=dict)
    assets: dict[str, dict[str, Any]] = field(default_factory=dict)
    account: dict[str, Any] = field(default_factory=dict)
    moves: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    drives: dict[str, Drive] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)
    events: tuple[Event, ...] = ()
    faults: tuple[dict[str, Any], ...] = ()
