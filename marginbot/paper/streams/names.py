"""Names of market streams: `btcusdt@bookTicker` and so on."""

from __future__ import annotations

from enum import StrEnum

MOST_STREAMS = 1024


class Stream(StrEnum):
    """The kinds that are served; others may be subscribed and stay silent, as on the exchange itself."""

    BOOK_TICKER = "bookTicker"
    AGG_TRADE = "aggTrade"
    KLINE = "kline_1m"
    MINI_TICKER = "miniTicker"
    AVERAGE = "avgPrice"


KINDS = {kind.value: kind for kind in Stream}


def parse(name: str) -> tuple[str, Stream] | None:
    """(symbol, kind) of a served stream; None for all others, upper-case symbols among them."""
    symbol, _, kind = name.partition("@")
    return (symbol.upper(), KINDS[kind]) if kind in KINDS and symbol == symbol.lower() else None


def is_name(name: object) -> bool:
    """Whether it could be the name of a stream."""
    return isinstance(name, str) and len(name) <= 100 and "@" in name and not name.startswith("@")
