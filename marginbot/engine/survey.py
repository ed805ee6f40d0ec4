"""The survey: every isolated pair of the account at one moment, for people who want to see how near the edge they are."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

from marginbot.domain.account import IsolatedAccount
from marginbot.domain.amounts import Asset, Symbol, exact
from marginbot.domain.margin import (
    daily_rate_pct,
    distance_pct,
    equity_value,
    interest_per_day,
    liability_value,
    liquidation_price,
    margin_level,
    tier_of,
)
from marginbot.domain.market import Tier
from marginbot.engine.patience import Patience
from marginbot.engine.ports import Exchange
from marginbot.errors import ConfigError, SafetyRefused


@dataclass(frozen=True, slots=True)
class PairSurvey:
    """One pair: the account and what follows from it. Values in quote; None where nothing is owed.

    interest_per_day is also None when the exchange did not tell the rate of a coin that is owed; daily_rate_pct is the same
    in % of the debt. tiers: as the exchange lists them for the pair.
    """

    account: IsolatedAccount
    margin_level: Decimal | None
    liquidation_level: Decimal
    liquidation_price: Decimal | None
    distance_pct: Decimal | None
    equity_value: Decimal
    liability_value: Decimal
    interest_per_day: Decimal | None
    daily_rate_pct: Decimal | None
    tiers: tuple[Tier, ...]


@dataclass(frozen=True, slots=True)
class Survey:
    """The account at `at`: free coins in spot, pairs from the most endangered on, the pairs that are switched off, its number."""

    at: datetime
    spot: Mapping[Asset, Decimal]
    pairs: tuple[PairSurvey, ...]
    disabled: tuple[Symbol, ...]
    account: str


async def survey(exchange: Exchange, patience: Patience, symbols: Iterable[Symbol] = ()) -> Survey:
    """Two round trips for the whole account, or for the named pairs.

    Raises: ConfigError for a name the exchange does not know, SafetyRefused for a pair never opened or switched off.
    """
    wanted = tuple(symbols)
    _, accounts, spot = await patience.ask(lambda: exchange.together(*_account(exchange)))
    for symbol in wanted:
        await _check(exchange, patience, accounts, symbol)
    shown = [row for symbol, row in accounts.items() if row.created and row.enabled and (not wanted or symbol in wanted)]
    details = await patience.ask(lambda: exchange.together(*_details(exchange, shown)))
    pairs = [judge(row, details[2 * n], details[2 * n + 1]) for n, row in enumerate(shown)]
    off = tuple(symbol for symbol, row in accounts.items() if row.created and not row.enabled)
    return Survey(patience.clock.now(), spot.free, tuple(sorted(pairs, key=danger_order)), off, spot.uid)


def danger_order(pair: PairSurvey) -> tuple[bool, Decimal, Symbol]:
    """Sorts the most endangered first: the level over the liquidation level; pairs that owe nothing come last."""
    ratio = Decimal(0) if pair.margin_level is None else pair.margin_level / pair.liquidation_level
    return pair.margin_level is None, ratio, pair.account.symbol


@exact
def judge(account: IsolatedAccount, tiers: tuple[Tier, ...], rates: Mapping[Asset, Decimal]) -> PairSurvey:
    """All figures of one pair from one account row. rates: hourly, by asset."""
    edge = liquidation_price(account, tiers)
    return PairSurvey(
        account=account,
        margin_level=margin_level(account),
        liquidation_level=tier_of(account, tiers).liquidation_level,
        liquidation_price=edge,
        distance_pct=distance_pct(account, edge),
        equity_value=equity_value(account),
        liability_value=liability_value(account),
        interest_per_day=interest_per_day(account, rates),
        daily_rate_pct=daily_rate_pct(account, rates),
        tiers=tiers,
    )


def _account(exchange: Exchange) -> tuple[Awaitable[Any], ...]:
    return exchange.server_time_ms(), exchange.isolated_accounts(), exchange.spot_wallet()


def _details(exchange: Exchange, rows: Iterable[IsolatedAccount]) -> list[Awaitable[Any]]:
    calls: list[Awaitable[Any]] = []
    for row in rows:
        calls += [exchange.tiers(row.symbol), exchange.hourly_rates(row.symbol)]
    return calls


async def _check(exchange: Exchange, patience: Patience, accounts: Mapping[Symbol, IsolatedAccount], symbol: Symbol) -> None:
    row = accounts.get(symbol)
    if row is not None and row.created and row.enabled:
        return
    names = await patience.ask(exchange.isolated_pairs)
    if symbol not in names:
        near = get_close_matches(symbol, names, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise ConfigError(f"SYMBOL: the exchange does not know the pair {symbol}{hint}", "SYMBOL")
    state = "was never opened" if row is None or not row.created else "is disabled"
    raise SafetyRefused(f"the isolated margin account of {symbol} {state}: there is nothing to show")
