"""Values for tests, plain unless told otherwise: a 5x BTCUSDT long of 0.05 BTC at 100,000 that owes 4000 USDT.

Numbers are given as text. The filters of `PAIRS` are those of `exchangeInfo` of 2021-03-24 and 2024-09-08.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal as D

from hypothesis import HealthCheck, settings

from marginbot.domain.account import AssetBalance, IsolatedAccount, LevelStatus
from marginbot.domain.amounts import Asset, Symbol
from marginbot.domain.look import Look
from marginbot.domain.market import BookLevel, Fees, Filters, Market, OrderBook, PairRules, Tier
from marginbot.domain.plan import Goal, Into, Limits

EIGHT = datetime(2027, 1, 15, 8, tzinfo=UTC)


def thoroughly(examples: int) -> settings:
    """Settings of a property: the same examples on every run and every machine, however slow."""
    return settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )


def filters(
    tick: str = "0.01",
    step: str = "0.00001",
    min_qty: str = "0.00001",
    max_qty: str = "9000",
    market_max: str = "0",
    min_value: str = "5",
    max_value: str = "0",
    max_position: str = "0",
    market_step: str = "0",
    market_min: str = "0",
) -> Filters:
    """A pair's filters; "0" stands for "no rule", as it does on the wire."""
    return Filters(
        tick_size=D(tick),
        step_size=D(step),
        min_qty=D(min_qty),
        max_qty=D(max_qty) or None,
        market_step_size=D(market_step),
        market_min_qty=D(market_min),
        market_max_qty=D(market_max) or None,
        min_notional=D(min_value),
        max_notional=D(max_value) or None,
        max_position=D(max_position) or None,
    )


NO_RULES = filters(tick="0", step="0", min_qty="0", max_qty="0", min_value="0")


@dataclass(frozen=True)
class Pair:
    """A pair, its filters and a price that it had."""

    base: Asset
    quote: Asset
    index: D
    filters: Filters

    @property
    def symbol(self) -> Symbol:
        return Symbol(self.base + self.quote)


def a_pair(base: str, quote: str, index: str, its_filters: Filters) -> Pair:
    return Pair(Asset(base), Asset(quote), D(index), its_filters)


def _real(tick: str, step: str, most: str, market_most: str, least_value: str, most_value: str = "9000000") -> Filters:
    return filters(tick, step, step, most, market_most, least_value, most_value)


BTCUSDT = a_pair("BTC", "USDT", "100000", filters())
BTC, USDT = BTCUSDT.base, BTCUSDT.quote
DOGEUSDT = a_pair("DOGE", "USDT", "0.1", _real("0.00001", "1", "9000000", "19499637.40167364", "1"))
PAIRS = {
    "plain": BTCUSDT,
    "BTCUSDT 2021": a_pair("BTC", "USDT", "55000", _real("0.01", "0.000001", "9000", "91.55183534", "10", "0")),
    "BTCUSDT 2024": a_pair("BTC", "USDT", "55000", _real("0.01", "0.00001", "9000", "129.84957276", "5")),
    "DOGEUSDT 2021": a_pair("DOGE", "USDT", "0.05", _real("0.0000001", "1", "90000000", "12040867.56280361", "10", "0")),
    "DOGEUSDT 2024": DOGEUSDT,
    "SHIBUSDT": a_pair("SHIB", "USDT", "0.0000135", _real("0.00000001", "1", "46116860414", "46116860414", "1")),
    "PEPEUSDT": a_pair("PEPE", "USDT", "0.0000072", _real("0.00000001", "1", "92233720368", "92233720368", "1")),
    "BNBBTC 2021": a_pair("BNB", "BTC", "0.0045", _real("0.0000001", "0.01", "100000", "8638.65990278", "0.0001", "0")),
    "BNBBTC 2024": a_pair("BNB", "BTC", "0.0092", _real("0.000001", "0.001", "100000", "3187.67367782", "0.0001")),
    "ETHBTC": a_pair("ETH", "BTC", "0.042", _real("0.00001", "0.0001", "100000", "2255.71583723", "0.0001")),
    "BTCJPY": a_pair("BTC", "JPY", "7800000", _real("1", "0.000001", "922", "2.66080705", "100", "900000000")),
    "WBETHUSDT": a_pair("WBETH", "USDT", "2400", _real("0.01", "0.0001", "92233", "6.83140251", "5")),
    "bounded": a_pair("BTC", "USDT", "100", filters("0.01", "0.1", "0.1", "7", "5", "1", "600", "40", "0.5", "1")),
    "no rules": a_pair("BTC", "USDT", "100", NO_RULES),
}


def a_balance(free: str = "0", locked: str = "0", borrowed: str = "0", interest: str = "0", asset: Asset = USDT) -> AssetBalance:
    """One side; `an_account` gives it the name of its asset."""
    return AssetBalance(asset, D(free), D(locked), D(borrowed), D(interest))


def an_account(
    base: AssetBalance | None = None,
    quote: AssetBalance | None = None,
    index: str | None = None,
    reported: str | None = None,
    status: LevelStatus = LevelStatus.NORMAL,
    pair: Pair = BTCUSDT,
) -> IsolatedAccount:
    """The plain long, or whatever its two sides are said to be."""
    return IsolatedAccount(
        symbol=pair.symbol,
        base=replace(base or a_balance("0.05"), asset=pair.base),
        quote=replace(quote or a_balance(borrowed="4000"), asset=pair.quote),
        index_price=pair.index if index is None else D(index),
        reported_level=None if reported is None else D(reported),
        status=status,
        created=True,
        enabled=True,
        trade_enabled=True,
        at=EIGHT,
    )


def a_short(free: str = "5000", borrowed: str = "0.04", base_free: str = "0", interest: str = "0") -> IsolatedAccount:
    """1000 USDT of one's own and 0.04 BTC borrowed and sold at 100,000."""
    return an_account(a_balance(base_free, borrowed=borrowed, interest=interest), a_balance(free))


def flat(base: str = "0", quote: str = "0") -> IsolatedAccount:
    """Nothing owed; coins as given."""
    return an_account(a_balance(base), a_balance(quote))


def side_of_book(*levels: str) -> tuple[BookLevel, ...]:
    """ "99990 x 10" is ten base coins wanted at 99,990."""
    return tuple(BookLevel(*(D(number) for number in level.split(" x "))) for level in levels)


def a_book(bids: tuple[str, ...] = ("99990 x 10",), asks: tuple[str, ...] = ("100010 x 10",)) -> OrderBook:
    """Bids from the highest, asks from the lowest; one basis point to either side unless told otherwise."""
    return OrderBook(side_of_book(*bids), side_of_book(*asks))


TEN_TIMES = (
    Tier(1, D(10), D("1.111"), D("1.05"), D(9), D(50000)),
    Tier(2, D("8.91"), D("1.1264"), D("1.06"), D(18), D(100000)),
    Tier(3, D("8.05"), D("1.1418"), D("1.07"), D(27), D(200000)),
    Tier(4, D("7.36"), D("1.1572"), D("1.08"), D(36), D(300000)),
)


def a_market(
    book: OrderBook | None = None,
    pair: Pair = BTCUSDT,
    fee: str = "0.001",
    min_repay: dict[Asset, str] | None = None,
    hourly: dict[Asset, str] | None = None,
    status: str = "TRADING",
    its_filters: Filters | None = None,
) -> Market:
    """A calm market without interest, so that sizes can be checked in the head."""
    rules = PairRules(pair.symbol, pair.base, pair.quote, status, its_filters or pair.filters)
    rates = {pair.base: D(0), pair.quote: D(0)} | {asset: D(rate) for asset, rate in (hourly or {}).items()}
    least = {asset: D(amount) for asset, amount in (min_repay or {}).items()}
    return Market(rules, TEN_TIMES, Fees(D(fee), D(fee)), book or a_book(), least, rates)


def a_look(
    account: IsolatedAccount | None = None,
    market: Market | None = None,
    open_orders: int = 0,
    seen_at: float = 0.0,
    transferable: dict[Asset, str] | None = None,
    spot: dict[Asset, str] | None = None,
    pending: tuple[str, ...] = (),
    shave: frozenset[Asset] = frozenset(),
    deep: bool = False,
) -> Look:
    """The plain long, seen just now at second 0; nobody asked yet what may be transferred."""
    return Look(
        account or an_account(),
        market or a_market(),
        open_orders,
        seen_at,
        None if transferable is None else {asset: D(amount) for asset, amount in transferable.items()},
        {asset: D(amount) for asset, amount in (spot or {}).items()},
        pending,
        shave,
        deep,
    )


def to_flat(into: Into = Into.QUOTE, sweep: bool = True) -> Goal:
    return Goal(BTCUSDT.symbol, into, sweep)


def limits(slippage_bps: str = "100", crumb: str = "0") -> Limits:
    return Limits(D(slippage_bps), D(crumb))
