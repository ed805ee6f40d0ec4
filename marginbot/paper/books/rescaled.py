"""A beginning at other prices than it was written for: the same leverage, the same level, other amounts of quote."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from marginbot.paper.books import catalogue
from marginbot.paper.books.amounts import ONE, floor_step, half_up8
from marginbot.paper.books.market import Market
from marginbot.paper.books.scenario import Pair, Position, Resting, RestingList, Scenario


def at_prices(scenario: Scenario, markets: Mapping[str, Market]) -> Scenario:
    """The scenario on these markets. Amounts of base stay; amounts of quote and prices grow as the pair's price does.

    What belongs to a pair that is not among the markets is left out; nothing moves a price, for the markets do that.
    """
    written = catalogue.markets()
    factors = {symbol: market.mid / _written_for(scenario, written[symbol]) for symbol, market in markets.items()}
    return replace(
        scenario,
        positions=tuple(_position(one, factors[one.symbol]) for one in scenario.positions if one.symbol in markets),
        orders=tuple(_order(one, markets[one.symbol], factors[one.symbol]) for one in scenario.orders if one.symbol in markets),
        lists=tuple(_list(one, markets[one.symbol], factors[one.symbol]) for one in scenario.lists if one.symbol in markets),
        past=tuple(one for one in scenario.past if one.symbol in markets),
        pairs={
            symbol: Pair(status=pair.status, rules=pair.rules) for symbol, pair in scenario.pairs.items() if symbol in markets
        },
        moves={},
        drives={},
    )


def _written_for(scenario: Scenario, market: Market) -> Decimal:
    """The price at which the scenario begins by itself."""
    symbol = market.listing.symbol
    if scenario.moves.get(symbol):
        return Decimal(scenario.moves[symbol][0][1])
    pair = scenario.pairs.get(symbol)
    return market.mid if pair is None or pair.price is None else Decimal(pair.price)


def _position(position: Position, factor: Decimal) -> Position:
    interest = position.quote_interest
    return replace(
        position,
        quote=_amount(position.quote, factor),
        quote_borrowed=_amount(position.quote_borrowed, factor),
        quote_interest=None if interest is None else _amount(interest, factor),
    )


def _order(order: Resting, market: Market, factor: Decimal) -> Resting:
    stop = None if order.stop_price is None else _price(order.stop_price, market, factor)
    return replace(order, price=_price(order.price, market, factor), stop_price=stop)


def _list(resting: RestingList, market: Market, factor: Decimal) -> RestingList:
    limit = None if resting.stop_limit_price is None else _price(resting.stop_limit_price, market, factor)
    return replace(
        resting,
        price=_price(resting.price, market, factor),
        stop_price=_price(resting.stop_price, market, factor),
        stop_limit_price=limit,
    )


def _amount(text: str, factor: Decimal) -> str:
    return format(half_up8(Decimal(text) * factor), "f")


def _price(text: str, market: Market, factor: Decimal) -> str:
    """On the tick, and one tick at least."""
    tick = market.listing.tick or ONE.scaleb(-8)
    return format(max(floor_step(Decimal(text) * factor, tick), tick), "f")
