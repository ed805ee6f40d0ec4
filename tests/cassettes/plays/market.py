"""What the adapter makes of the market: clock, filters, tiers, rates, fees, the order book."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal as D

from marginbot.domain.market import BookLevel, Fees, Filters, OrderBook, PairRules, Tier
from marginbot.domain.records import Delisting
from marginbot.errors import RequestRejected
from marginbot.exchange.messages import to_ms
from marginbot.exchange.recording.scrub import BEGINNING
from marginbot.exchange.recording.tour import BOOK_LEVELS
from tests.cassettes.tape import Play

TIME, INFO, DEPTH = "get-api-v3-time", "get-api-v3-exchangeInfo", "get-api-v3-depth"
TIERS, RATES = "get-sapi-v1-margin-isolatedMarginTier", "get-sapi-v1-margin-isolatedMarginData"
FEES, SYSTEM, LEAVING = "get-api-v3-account-commission", "get-sapi-v1-system-status", "get-sapi-v1-margin-delist-schedule"
ASSETS, PAIRS = "get-sapi-v1-margin-allAssets", "get-sapi-v1-margin-isolated-allPairs"


def filters(tick: str, step: str, least: str, most: str, market_most: str, notional: str, largest: str | None) -> Filters:
    """No step and no least quantity for MARKET orders, no largest position: as everywhere."""
    most_value = None if largest is None else D(largest)
    return Filters(D(tick), D(step), D(least), D(most), D(0), D(0), D(market_most), D(notional), most_value, None)


BTC_2021 = filters("0.01", "0.000001", "0.000001", "9000", "91.55183534", "10", None)
PEPE_FILTERS = filters("0.00000001", "1", "1", "92233720368", "92233720368", "1", "9000000")
PEPE_2024 = PairRules("PEPEUSDT", "PEPE", "USDT", "TRADING", PEPE_FILTERS)
JUNE_7 = datetime(2023, 6, 7, 18, 6, 42, tzinfo=UTC)
FIRST_TIER = Tier(1, D(10), D("1.111"), D("1.05"), D(9), D(70000))
ONE_EACH = OrderBook((BookLevel(D(4), D(431)),), (BookLevel(D("4.000002"), D(12)),))

PLAYS = [
    Play((f"{TIME}/documented",), "server_time_ms", (), 1_499_827_319_559),
    Play((f"{TIME}/paper-solusdt",), "server_time_ms", (), True, lambda ms: 0 <= ms - to_ms(BEGINNING) < 60_000),
    Play((f"{TIME}/wrong-host-404",), "server_time_ms", (), RequestRejected("404 Not Found", code=None, http_status=404)),
    Play(
        (f"{INFO}/mainnet-2021-btcusdt",),
        "pair_rules",
        ("BTCUSDT",),
        PairRules("BTCUSDT", "BTC", "USDT", "TRADING", BTC_2021),
    ),
    Play((f"{INFO}/mainnet-2021-bccbtc-break",), "pair_rules", ("BCCBTC",), False, lambda rules: rules.trading),
    Play((f"{INFO}/mainnet-2024-pepeusdt",), "pair_rules", ("PEPEUSDT",), PEPE_2024),
    Play((f"{INFO}/paper-solusdt",), "pair_rules", ("SOLUSDT",), True, lambda rules: rules.trading),
    Play((f"{INFO}/paper-two-pairs",), "rules_of", (("SOLUSDT", "BTCUSDT"),), {"BTCUSDT", "SOLUSDT"}, set),
    Play(
        (f"{INFO}/unknown-pair-1121",),
        "pair_rules",
        ("NOPEUSDT",),
        RequestRejected("does not know this pair", code=-1121, http_status=400),
    ),
    Play((f"{TIERS}/documented",), "tiers", ("BTCUSDT",), (FIRST_TIER,)),
    Play((f"{TIERS}/paper-solusdt",), "tiers", ("SOLUSDT",), D(5), lambda tiers: tiers[0].multiple),
    Play((f"{TIERS}/retired-410",), "tiers", ("BTCUSDT",), RequestRejected("410 Gone", code=None, http_status=410)),
    Play(
        (f"{RATES}/documented",),
        "hourly_rates",
        ("BTCUSDT",),
        {"BTC": D("0.00026125"), "USDT": D("0.000475")},
        lambda hourly: {asset: round(rate * 24, 10) for asset, rate in hourly.items()},
    ),
    Play((f"{RATES}/paper-solusdt",), "hourly_rates", ("SOLUSDT",), {"SOL", "USDT"}, set),
    # 0.01 + 0.00000010 + 0.00000112, and the dearer of buyer and seller: 0.04 + 0.00000040 + 0.00000118.
    Play((f"{FEES}/documented",), "fees", ("BTCUSDT",), Fees(maker=D("0.0500028"), taker=D("0.06000292"))),
    Play((f"{FEES}/paper-solusdt",), "fees", ("SOLUSDT",), Fees(maker=D("0.001"), taker=D("0.001"))),
    Play((f"{DEPTH}/documented",), "order_book", ("BNBBTC", 100), ONE_EACH),
    Play(
        (f"{DEPTH}/paper-solusdt",),
        "order_book",
        ("SOLUSDT", BOOK_LEVELS),
        (BOOK_LEVELS, BOOK_LEVELS),
        lambda book: (len(book.bids), len(book.asks)),
    ),
    Play((f"{ASSETS}/documented",), "min_repays", (), {"USDC": D(0), "BNB": D(0)}),
    Play((f"{ASSETS}/paper-solusdt",), "min_repays", (), True, lambda least: {"SOL", "USDT"} <= set(least)),
    Play((f"{PAIRS}/documented",), "isolated_pairs", (), frozenset({"BNBBTC", "TRXBTC"})),
    Play((f"{PAIRS}/paper-solusdt",), "isolated_pairs", (), True, lambda pairs: "SOLUSDT" in pairs),
    Play((f"{SYSTEM}/documented",), "system_normal", (), True),
    Play((f"{SYSTEM}/maintenance",), "system_normal", (), False),
    Play((f"{SYSTEM}/paper-solusdt",), "system_normal", (), True),
    Play((f"{LEAVING}/documented",), "delistings", (), (Delisting("ADAUSDT", JUNE_7), Delisting("BNBUSDT", JUNE_7))),
    Play((f"{LEAVING}/paper-solusdt",), "delistings", (), ()),
]
