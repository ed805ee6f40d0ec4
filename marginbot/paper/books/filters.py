"""The filters of a symbol, applied to an order before it reaches the engine. Zero steps and bounds mean "no rule"."""

from __future__ import annotations

from decimal import Decimal

from marginbot.paper.books import stops
from marginbot.paper.books.amounts import is_multiple
from marginbot.paper.books.config import Config
from marginbot.paper.books.listing import Listing
from marginbot.paper.books.market import Market
from marginbot.paper.books.records import STOP_TYPES, Scope
from marginbot.paper.books.refusal import filter_failure, refuse
from marginbot.paper.books.ticket import Ticket
from marginbot.paper.books.wallets import Account


def check_filters(ticket: Ticket, market: Market, account: Account, config: Config) -> None:
    """Raise -1013 (or the notional code of margin orders) for the first filter that `ticket` breaks."""
    listing = market.listing
    for price in (ticket.price, ticket.stop_price):
        if price is not None:
            _check_price(price, listing)
    if ticket.price is not None:
        _check_percent_price(ticket.side, ticket.price, market)
    if ticket.quantity is not None:
        _check_quantity(ticket, ticket.quantity, listing)
        _check_iceberg(ticket, ticket.quantity, listing)
    if ticket.trailing_delta is not None:
        _check_trailing(ticket, ticket.trailing_delta, listing)
    _check_notional(ticket, market, config)
    _check_band(ticket, market, config)
    _check_open_orders(ticket, listing, account)
    if listing.max_position and ticket.side == "BUY" and ticket.quantity is not None:
        _check_position(ticket, ticket.quantity, listing, account, config)


def _check_price(price: Decimal, listing: Listing) -> None:
    too_high = listing.max_price and price > listing.max_price
    if price < listing.min_price or too_high or not is_multiple(price, listing.tick):
        raise filter_failure("PRICE_FILTER")


def _check_percent_price(side: str, price: Decimal, market: Market) -> None:
    listing, reference = market.listing, market.mid
    down, up = listing.multipliers(side)
    if price < reference * down or (up and price > reference * up):
        raise filter_failure("PERCENT_PRICE" if listing.notional_filter == "MIN_NOTIONAL" else "PERCENT_PRICE_BY_SIDE")


def _check_quantity(ticket: Ticket, quantity: Decimal, listing: Listing) -> None:
    too_large = listing.max_quantity and quantity > listing.max_quantity
    if quantity < listing.step or too_large or not is_multiple(quantity, listing.step) or not quantity:
        raise filter_failure("LOT_SIZE")
    if ticket.type != "MARKET":
        return
    too_much = listing.market_max_quantity and quantity > listing.market_max_quantity
    if quantity < listing.market_min_quantity or too_much or not is_multiple(quantity, listing.market_step):
        raise filter_failure("MARKET_LOT_SIZE")


def _check_iceberg(ticket: Ticket, quantity: Decimal, listing: Listing) -> None:
    if not ticket.iceberg:
        return
    if ticket.iceberg > quantity or not is_multiple(ticket.iceberg, listing.step):
        raise filter_failure("LOT_SIZE")
    if listing.iceberg_parts and quantity > ticket.iceberg * listing.iceberg_parts:
        raise filter_failure("ICEBERG_PARTS")


def _check_trailing(ticket: Ticket, delta: int, listing: Listing) -> None:
    if stops.acts_above(ticket.type, ticket.side):
        least, most = listing.min_trailing_above, listing.max_trailing_above
    else:
        least, most = listing.min_trailing_below, listing.max_trailing_below
    if delta < least or (most and delta > most):
        raise filter_failure("TRAILING_DELTA")


def _check_notional(ticket: Ticket, market: Market, config: Config) -> None:
    listing = market.listing
    price = ticket.price or ticket.stop_price or market.mid
    value = ticket.quote_quantity if ticket.quantity is None else ticket.quantity * price
    bound = listing.max_notional if ticket.price is not None or listing.notional_max_to_market else None
    too_much = bound and value is not None and value > bound
    if value is None or value < listing.min_notional or too_much:
        on_margin = ticket.scope is not Scope.SPOT and listing.notional_filter == "NOTIONAL"
        raise filter_failure(listing.notional_filter, config.margin_notional_code if on_margin else -1013)


def _check_band(ticket: Ticket, market: Market, config: Config) -> None:
    """Margin orders only: the marketable side of a limit price stays within the band around the index."""
    if ticket.scope is Scope.SPOT or ticket.price is None or not config.limit_price_band:
        return
    if ticket.scope is Scope.ISOLATED and not config.band_on_isolated:
        return
    highest = market.index * (1 + config.limit_price_band)
    lowest = market.index * (1 - config.limit_price_band)
    if ticket.price > highest if ticket.side == "BUY" else ticket.price < lowest:
        raise refuse(-3064)


def _check_open_orders(ticket: Ticket, listing: Listing, account: Account) -> None:
    bounds = [most for most in (listing.max_orders, listing.max_algo_orders) if most]
    if not bounds or len(account.open_orders) < min(bounds):
        return
    resting = [order for order in account.open_orders.values() if order.symbol == ticket.symbol]
    if ticket.type != "MARKET" and listing.max_orders and len(resting) >= listing.max_orders:
        raise filter_failure("MAX_NUM_ORDERS")
    waiting = sum(order.type in STOP_TYPES and not order.working for order in resting)
    if ticket.type in STOP_TYPES and listing.max_algo_orders and waiting >= listing.max_algo_orders:
        raise filter_failure("MAX_NUM_ALGO_ORDERS")


def _check_position(ticket: Ticket, quantity: Decimal, listing: Listing, account: Account, config: Config) -> None:
    scope = Scope.SPOT if config.max_position_counts == "spot" else ticket.scope
    held = account.balance(scope, listing, listing.base).total
    resting = account.open_orders.values()
    wanted = [o.remaining for o in resting if o.is_buy and o.symbol == ticket.symbol and o.scope is scope]
    if held + sum(wanted, quantity) > listing.max_position:
        raise filter_failure("MAX_POSITION")
