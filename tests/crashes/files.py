"""The price files of real crashes: where they lie, what is in them, and the trading rules of the day.

They are no part of this repository. `CRASH_DATA` names their folder; else it is `shared/data` beside the checkout.
"""

from __future__ import annotations

import gzip
import os
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from decimal import Decimal as D
from pathlib import Path

from marginbot.paper.books.listing import AssetTerms, Listing

HOUR = 3_600_000
STEEPEST, BEFORE, WATCHED, AFTER = HOUR, HOUR, 3 * HOUR, HOUR // 4
"""A position is opened an hour before the hour in which the price moves furthest against it, and followed to a quarter of an
hour after the worst price of the three hours that follow its opening.
"""


def folder() -> Path:
    """Where the price files lie, whether they are there or not."""
    named = os.environ.get("CRASH_DATA")
    return Path(named) if named else Path(__file__).resolve().parents[2].parent / "shared" / "data"


def missing() -> str:
    """Why nothing can be replayed; empty when the files are there."""
    return "" if any(folder().glob("spot_*.csv.gz")) else f"no price files at {folder()}; set CRASH_DATA"


@dataclass(frozen=True, slots=True)
class Bar:
    """One candle: when it opened (ms since 1970), its prices in quote per base, its volume in base."""

    at: int
    opened: D
    high: D
    low: D
    closed: D
    volume: D

    @property
    def row(self) -> str:
        return f"{self.at},{self.opened:f},{self.high:f},{self.low:f},{self.closed:f},{self.volume:f}"


@dataclass(frozen=True, slots=True)
class Crash:
    """One file. listing: the pair with the rules of the day where they are known. halts: trading ends with the last bar.

    until: the last bar that counts (ms since 1970), for a file that goes on with something else.
    """

    file: str
    day: str
    listing: Listing
    daily_rate: str
    until: int | None = None
    halts: bool = False

    @property
    def symbol(self) -> str:
        return self.listing.symbol

    def bars(self) -> list[Bar]:
        """Every bar of the file that counts, oldest first."""
        text = gzip.decompress((folder() / self.file).read_bytes()).decode("ascii")
        rows = [line.split(",")[:6] for line in text.split()[1:]]
        bars = [Bar(int(at), *(D(figure) for figure in figures)) for at, *figures in rows]
        return [bar for bar in bars if self.until is None or bar.at <= self.until]

    def terms(self) -> list[AssetTerms]:
        """Loan terms of both assets."""
        names = (self.listing.base, self.listing.quote)
        return [AssetTerms(name, name, D(self.daily_rate), D("0.00001"), D("0.00000001")) for name in names]


def fall(bars: list[Bar], side: str) -> list[Bar]:
    """The bars from an hour before the steepest hour against a `long` or a `short` to a quarter of an hour after its worst."""
    times = [bar.at for bar in bars]
    worst = [bar.low if side == "long" else 1 / bar.high for bar in bars]
    begins = [bar.closed if side == "long" else 1 / bar.closed for bar in bars]
    spans = [worst[at : bisect_right(times, times[at] + STEEPEST)] for at in range(len(bars))]
    steepest = min(range(len(bars)), key=lambda at: min(spans[at]) / begins[at])
    opened = max(times[0], times[steepest] - BEFORE)
    first, last = bisect_left(times, opened), bisect_right(times, opened + WATCHED)
    bottom = min(range(first, last), key=worst.__getitem__)
    return [bar for bar in bars[first:last] if bar.at < times[bottom] + AFTER]


def _dollars(base: str, tick: str, step: str, least: str, leverage: int, most: str, market_most: str) -> Listing:
    return Listing(
        f"{base}USDT", base, "USDT", D(tick), D(step), D(least), leverage, D("1E9"), D("70000"),
        min_price=D(tick), max_quantity=D(most), market_max_quantity=D(market_most),
    )  # fmt: skip


# Rules of March 2021 and September 2024 where they were recorded; those of BCH, ADA and LUNA are of the same make.
_BTC_2021 = _dollars("BTC", "0.01", "0.000001", "10", 10, "9000", "91.55183534")
_BTC_2024 = _dollars("BTC", "0.01", "0.00001", "5", 10, "9000", "129.84957276")
_ETH = _dollars("ETH", "0.01", "0.00001", "10", 10, "9000", "2551.25866894")
_DOGE = _dollars("DOGE", "0.0000001", "1", "10", 5, "90000000", "12040867.56280361")
_ADA = _dollars("ADA", "0.0001", "0.1", "10", 5, "900000", "500000")
_BCH = _dollars("BCH", "0.01", "0.00001", "10", 5, "90000", "3000")
_LUNA = _dollars("LUNA", "0.00001", "0.01", "10", 5, "90000000", "9000000")
_ETHBTC = Listing(
    "ETHBTC", "ETH", "BTC", D("0.000001"), D("0.001"), D("0.0001"), 5, D("90"), D("3"),
    min_price=D("0.000001"), max_quantity=D("100000"), market_max_quantity=D("3455.56325208"),
)  # fmt: skip

CRASHES = (
    Crash("spot_BTCUSDT_5m_2020-03-11_to_12.csv.gz", "2020-03-12", _BTC_2021, "0.00024"),
    Crash("spot_BCHUSDT_5m_2020-03-11_to_14.csv.gz", "2020-03-12", _BCH, "0.00024"),
    Crash("spot_BTCUSDT_1m_2021-05-18_to_20.csv.gz", "2021-05-19", _BTC_2021, "0.00024"),
    Crash("spot_ETHUSDT_1m_2021-05-18_to_20.csv.gz", "2021-05-19", _ETH, "0.00024"),
    Crash("spot_DOGEUSDT_1m_2021-05-18_to_20.csv.gz", "2021-05-19", _DOGE, "0.00048"),
    Crash("spot_ADAUSDT_1m_2021-05-18_to_20.csv.gz", "2021-05-19", _ADA, "0.00048"),
    Crash("spot_BCHUSDT_1m_2021-05-18_to_20.csv.gz", "2021-05-19", _BCH, "0.00048"),
    Crash("spot_ETHBTC_1m_2021-05-18_to_20.csv.gz", "2021-05-19", _ETHBTC, "0.00012"),
    Crash("spot_LUNAUSDT_1m_2022-05-05_to_31.csv.gz", "2022-05-12", _LUNA, "0.00072", 1652402340000, halts=True),
    Crash("spot_BTCUSDT_5m_2024-08-04_to_06.csv.gz", "2024-08-05", _BTC_2024, "0.00024"),
)
