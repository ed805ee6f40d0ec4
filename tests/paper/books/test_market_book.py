"""A book that was shown stands in the place of the synthetic one, until the price goes on."""

from __future__ import annotations

from decimal import Decimal as D

from marginbot.paper.books import trading
from marginbot.paper.books.market_book import ShownBook
from marginbot.paper.books.records import Scope
from marginbot.paper.books.ticket import Ticket
from tests.paper.books.builders import BTCUSDT, UID, a_world, after

BOOK = ShownBook(((D(99990), D("0.02")), (D(99000), D("1"))), ((D(100010), D("0.5")),))


def test_a_sale_eats_the_levels_that_were_shown_and_no_others():
    world = a_world("long")
    market = world.market(BTCUSDT)
    market.show_book(BOOK)
    ticket = Ticket(Scope.ISOLATED, BTCUSDT, "SELL", "MARKET", D("0.05"))
    placed = trading.place(world, world.account(UID), ticket)
    assert [(trade.price, trade.quantity) for trade in placed.trades] == [(D(99990), D("0.02")), (D(99000), D("0.03"))]
    assert list(market.depth("SELL")) == [(1, D(99000), D("0.97"))]


def test_the_best_prices_are_those_shown():
    market = a_world().market(BTCUSDT)
    market.show_book(BOOK)
    assert (market.best("SELL"), market.best("BUY"), market.mid) == (D(99990), D(100010), D(100000))


def test_a_side_without_levels_is_empty():
    market = a_world().market(BTCUSDT)
    market.show_book(ShownBook((), BOOK.asks))
    assert (market.is_empty("SELL"), list(market.depth("SELL")), market.is_empty("BUY")) == (True, [], False)


def test_a_new_price_takes_the_shown_book_away():
    world = a_world()
    market = world.market(BTCUSDT)
    market.show_book(BOOK)
    after(world, 1000)
    assert market.shown_book is BOOK
    world.set_price(BTCUSDT, "90000")
    assert market.best("SELL") == D(90000)
