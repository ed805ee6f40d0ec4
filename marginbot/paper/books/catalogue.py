"""What every scenario's exchange lists: pairs with their rules and books, assets with their loan terms. Data only."""

from __future__ import annotations

from decimal import Decimal as D

from marginbot.paper.books.listing import AssetTerms, Listing
from marginbot.paper.books.market import Market, Path


def assets() -> dict[str, AssetTerms]:
    """By name: daily rate, smallest loan, smallest repayment. 0.00024 a day is 0.001 % an hour."""
    rows = (
        ("USDT", "TetherUS", "0.00024", "0.1", "0.00000001"),
        ("BTC", "Bitcoin", "0.00012", "0.00001", "0.00000001"),
        ("ETH", "Ethereum", "0.00012", "0.0001", "0.00000001"),
        ("SOL", "Solana", "0.00024", "0.001", "0.00000001"),
        ("ADA", "Cardano", "0.00048", "0.1", "0.00000001"),
        ("XRP", "Ripple", "0.00048", "0.1", "0.00000001"),
        ("DOGE", "Dogecoin", "0.00048", "1", "0.00000001"),
        ("SHIB", "Shiba Inu", "0.00048", "1000", "0.00000001"),
        ("BNB", "BNB", "0.00024", "0.001", "0.00000001"),
        ("PEPE", "Pepe", "0.00048", "10000", "0.00000001"),
        ("JPY", "Japanese Yen", "0.00024", "100", "0.00000001"),
        ("LTC", "Litecoin", "0.00024", "0.01", "0.00000001"),
        ("LINK", "ChainLink", "0.00048", "0.1", "0.00000001"),
        ("AVAX", "Avalanche", "0.00048", "0.1", "0.00000001"),
        ("DOT", "Polkadot", "0.00048", "0.1", "0.00000001"),
        ("LUNC", "Terra Classic", "0.00072", "1000", "0.00000001"),
        ("BTTC", "BitTorrent", "0.00072", "100000", "0.00000001"),
        ("1000SATS", "1000*SATS", "0.00072", "1000", "0.00000001"),
        ("WBETH", "Wrapped Beacon ETH", "0.00024", "0.0001", "0.00000001"),
    )
    return {name: AssetTerms(name, full, D(rate), D(least), D(repay)) for name, full, rate, least, repay in rows}


def markets() -> dict[str, Market]:
    """By symbol, at calm round prices; each book holds 100 levels a side of about 50,000 USDT each."""
    return {listing.symbol: Market(listing, Path.constant(D(price)), D(level)) for listing, price, level in LISTED}


def rules_of_2021() -> dict[str, str]:
    """What differed for BTCUSDT in March 2021: a finer step, ten dollars at least, and the filter was MIN_NOTIONAL."""
    return {
        "step": "0.00000100",
        "min_notional": "10.00000000",
        "notional_filter": "MIN_NOTIONAL",
        "market_max_quantity": "91.55183534",
    }


LISTED = (
    (
        Listing(
            "BTCUSDT", "BTC", "USDT", D("0.01000000"), D("0.00001000"), D("5.00000000"), 10, D("9"), D("70000"),
            min_price=D("0.01000000"), market_max_quantity=D("120.57276000"),
        ),
        "100000", "0.5",
    ),
    (
        Listing(
            "ETHUSDT", "ETH", "USDT", D("0.01000000"), D("0.00010000"), D("5.00000000"), 10, D("90"), D("70000"),
            min_price=D("0.01000000"), market_max_quantity=D("2600.41270000"),
        ),
        "4000", "12",
    ),
    (
        Listing(
            "SOLUSDT", "SOL", "USDT", D("0.01000000"), D("0.00100000"), D("5.00000000"), 5, D("800"), D("40000"),
            min_price=D("0.01000000"), max_price=D("10000.00000000"), max_quantity=D("90000.00000000"),
            market_max_quantity=D("8000.00000000"),
        ),
        "200", "250",
    ),
    (
        Listing(
            "ADAUSDT", "ADA", "USDT", D("0.00010000"), D("0.10000000"), D("5.00000000"), 3, D("60000"), D("30000"),
            min_price=D("0.00010000"), max_price=D("1000.00000000"), max_quantity=D("900000.00000000"),
            market_max_quantity=D("500000.00000000"),
        ),
        "1", "50000",
    ),
    (
        Listing(
            "XRPUSDT", "XRP", "USDT", D("0.00010000"), D("0.10000000"), D("5.00000000"), 5, D("20000"), D("30000"),
            min_price=D("0.00010000"), max_price=D("10000.00000000"), max_quantity=D("9222449.00000000"),
            market_max_quantity=D("700000.00000000"),
        ),
        "2.5", "20000",
    ),
    (
        Listing(
            "DOGEUSDT", "DOGE", "USDT", D("0.00001000"), D("1.00000000"), D("1.00000000"), 5, D("200000"), D("30000"),
            min_price=D("0.00001000"), max_price=D("1000.00000000"), max_quantity=D("9000000.00000000"),
            market_max_quantity=D("9000000.00000000"),
        ),
        "0.25", "200000",
    ),
    (
        Listing(
            "SHIBUSDT", "SHIB", "USDT", D("0.00000001"), D("1.00"), D("1.00000000"), 3, D("900000000"), D("10000"),
            max_price=D("1.00000000"), max_quantity=D("46116860414.00"), market_min_quantity=D("0.00"),
            market_max_quantity=D("46116860414.00"), market_step=D("0.00"),
        ),
        "0.00001", "5000000000",
    ),
    (
        Listing(
            "BNBUSDT", "BNB", "USDT", D("0.01000000"), D("0.00100000"), D("5.00000000"), 5, D("100"), D("40000"),
            min_price=D("0.01000000"), max_price=D("100000.00000000"), market_max_quantity=D("1800.00000000"),
        ),
        "800", "60",
    ),
    (
        Listing(
            "ETHBTC", "ETH", "BTC", D("0.00001000"), D("0.00010000"), D("0.00010000"), 10, D("90"), D("3"),
            min_price=D("0.00001000"), max_price=D("922327.00000000"), max_quantity=D("100000.00000000"),
            market_max_quantity=D("2200.00000000"),
        ),
        "0.04", "12",
    ),
    (
        Listing(
            "BNBBTC", "BNB", "BTC", D("0.00000100"), D("0.00100000"), D("0.00010000"), 5, D("100"), D("1"),
            min_price=D("0.00000100"), max_price=D("100000.00000000"), max_quantity=D("100000.00000000"),
            market_max_quantity=D("3187.67367782"),
        ),
        "0.008", "60",
    ),
    (
        Listing(
            "PEPEUSDT", "PEPE", "USDT", D("0.00000001"), D("1.00"), D("1.00000000"), 3, D("900000000"), D("10000"),
            max_price=D("0.10000000"), max_quantity=D("92233720368.00"), market_min_quantity=D("0.00"),
            market_max_quantity=D("92233720368.00"), market_step=D("0.00"),
        ),
        "0.00001", "5000000000",
    ),
    (
        Listing(
            "BTCJPY", "BTC", "JPY", D("1.00000000"), D("0.00000100"), D("100.00000000"), 5, D("2"), D("20000000"),
            min_price=D("1.00000000"), max_price=D("99928191.00000000"), max_quantity=D("922.00000000"),
            market_max_quantity=D("2.66080705"), max_notional=D("900000000.00000000"),
        ),
        "15000000", "0.5",
    ),
    (
        Listing(
            "LTCUSDT", "LTC", "USDT", D("0.01000000"), D("0.00100000"), D("5.00000000"), 5, D("300"), D("30000"),
            min_price=D("0.01000000"), max_price=D("100000.00000000"), max_quantity=D("90000.00000000"),
            market_max_quantity=D("6000.00000000"),
        ),
        "100", "500",
    ),
    (
        Listing(
            "LINKUSDT", "LINK", "USDT", D("0.01000000"), D("0.01000000"), D("5.00000000"), 5, D("1500"), D("30000"),
            min_price=D("0.01000000"), max_price=D("10000.00000000"), max_quantity=D("90000.00000000"),
            market_max_quantity=D("40000.00000000"),
        ),
        "20", "2500",
    ),
    (
        Listing(
            "AVAXUSDT", "AVAX", "USDT", D("0.01000000"), D("0.01000000"), D("5.00000000"), 5, D("1000"), D("30000"),
            min_price=D("0.01000000"), max_price=D("10000.00000000"), max_quantity=D("90000.00000000"),
            market_max_quantity=D("30000.00000000"),
        ),
        "25", "2000",
    ),
    (
        Listing(
            "DOTUSDT", "DOT", "USDT", D("0.00100000"), D("0.01000000"), D("5.00000000"), 5, D("6000"), D("30000"),
            min_price=D("0.00100000"), max_price=D("10000.00000000"), max_quantity=D("90000.00000000"),
            market_max_quantity=D("80000.00000000"),
        ),
        "5", "10000",
    ),
    (
        Listing(
            "LUNCUSDT", "LUNC", "USDT", D("0.00000001"), D("0.01000000"), D("5.00000000"), 3, D("90000000"), D("10000"),
            max_price=D("10.00000000"), max_quantity=D("8384883677.00000000"),
            market_max_quantity=D("2355412271.60142350"),
        ),
        "0.0001", "500000000",
    ),
    (
        Listing(
            "BTTCUSDT", "BTTC", "USDT", D("0.00000001"), D("1.0"), D("5.00000000"), 3, D("9000000000"), D("10000"),
            max_price=D("0.10000000"), max_quantity=D("92233720368.0"), market_min_quantity=D("0.0"),
            market_max_quantity=D("92233720368.0"), market_step=D("0.0"),
        ),
        "0.000001", "50000000000",
    ),
    (
        Listing(
            "1000SATSUSDT", "1000SATS", "USDT", D("0.00000010"), D("1.00"), D("1.00000000"), 3, D("40000000"), D("10000"),
            min_price=D("0.00000010"), max_price=D("1.00000000"), max_quantity=D("36348600000.00"),
            market_min_quantity=D("0.00"), market_max_quantity=D("2023824223.70"), market_step=D("0.00"),
        ),
        "0.00025", "200000000",
    ),
    (
        Listing(
            "WBETHUSDT", "WBETH", "USDT", D("0.01000000"), D("0.00010000"), D("5.00000000"), 3, D("20"), D("30000"),
            min_price=D("0.01000000"), max_price=D("999996.00000000"), max_quantity=D("92233.00000000"),
            market_max_quantity=D("6.83140251"),
        ),
        "4200", "12",
    ),
)  # fmt: skip
