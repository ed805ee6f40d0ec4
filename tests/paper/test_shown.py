"""What another exchange shows, as its pages write it."""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from marginbot.paper.books import catalogue
from marginbot.paper.books.listing import exchange_info_filters
from marginbot.paper.shown import Elsewhere, Quote, Unreadable, adopt, read_book, read_quotes, read_rules

OURS = {symbol: market.listing for symbol, market in catalogue.markets().items()}


@pytest.mark.parametrize("symbol", OURS)
def test_rules_that_are_shown_and_adopted_are_the_same(symbol):
    other = OURS["BTCUSDT" if symbol != "BTCUSDT" else "SHIBUSDT"]
    adopted = adopt(other, exchange_info_filters(OURS[symbol]))
    assert exchange_info_filters(adopted) == exchange_info_filters(OURS[symbol])
    assert (adopted.symbol, adopted.leverage) == (other.symbol, other.leverage)


def test_the_rules_of_2021_are_understood_too():
    filters = [
        {"filterType": "PERCENT_PRICE", "multiplierUp": "5", "multiplierDown": "0.2", "avgPriceMins": 5},
        {"filterType": "MIN_NOTIONAL", "minNotional": "10.00000000", "applyToMarket": True, "avgPriceMins": 5},
    ]
    adopted = adopt(OURS["BTCUSDT"], filters)
    assert (adopted.notional_filter, adopted.min_notional) == ("MIN_NOTIONAL", D(10))


def test_an_empty_side_has_the_price_zero_and_the_pair_no_market():
    quotes = read_quotes([{"symbol": "BTCUSDT", "bidPrice": "0.00000000", "askPrice": "60000.00000000"}])
    assert not quotes["BTCUSDT"].is_whole
    assert Elsewhere({"BTCUSDT": OURS["BTCUSDT"]}, {"BTCUSDT": "TRADING"}, quotes).markets(catalogue.markets()) == {}


def test_a_pair_that_does_not_trade_there_has_no_market():
    shown = {"symbols": [{"symbol": "BTCUSDT", "status": "HALT", "filters": []}, {"symbol": "FOREIGN"}]}
    listings, statuses = read_rules(shown, OURS)
    assert (list(listings), statuses) == (["BTCUSDT"], {"BTCUSDT": "HALT"})
    quotes = {"BTCUSDT": Quote(D(1), D(3))}
    assert Elsewhere(listings, statuses, quotes).markets(catalogue.markets()) == {}


@pytest.mark.parametrize(
    ("read", "answer"),
    [
        (read_quotes, {"code": -1}),
        (read_quotes, [{"symbol": "BTCUSDT", "bidPrice": "1"}]),
        (read_quotes, [{"symbol": "BTCUSDT", "bidPrice": "NaN", "askPrice": "1"}]),
        (read_quotes, [{"symbol": "BTCUSDT", "bidPrice": "-1", "askPrice": "1"}]),
        (read_quotes, None),
        (read_book, {"bids": []}),
        (read_book, {"bids": [["1"]], "asks": []}),
        (read_book, {"bids": [["x", "1"]], "asks": []}),
        (lambda answer: read_rules(answer, OURS), {"symbols": [{"symbol": "BTCUSDT", "status": "TRADING"}]}),
        (lambda answer: read_rules(answer, OURS), {"symbols": [{"symbol": "BTCUSDT", "filters": [{}]}]}),
    ],
)
def test_what_no_exchange_promises_is_unreadable(read, answer):
    with pytest.raises(Unreadable):
        read(answer)
