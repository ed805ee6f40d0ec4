"""What is true of the books at every moment, whatever was done to them. Each function asserts one such thing.

Where it can, the truth is reckoned again from what an order or an answer says, not by the books' own functions.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from decimal import ROUND_CEILING, Decimal, localcontext
from functools import lru_cache
from typing import Any

from marginbot.domain import margin
from marginbot.domain.account import IsolatedAccount
from marginbot.domain.amounts import Symbol, half_up
from marginbot.domain.market import Tier
from marginbot.exchange.messages import Answer, Call, from_epoch
from marginbot.exchange.wire_account import read_isolated_accounts
from marginbot.exchange.wire_market import read_tiers
from marginbot.paper.books.records import Order, Scope
from marginbot.paper.books.ticket import BORROWING_EFFECTS
from marginbot.paper.books.wallets import Account, Balance
from marginbot.paper.books.world import World
from marginbot.paper.messages import Response
from tests.model.client import Client

ACCOUNT = "/sapi/v1/margin/isolated/account"
TIERS = "/sapi/v1/margin/isolatedMarginTier"
Where = tuple[Scope, str, str]
PLACEHOLDER = Decimal(999)
EIGHT = Decimal("1E-8")


def balances(world: World, account: Account) -> Iterator[tuple[Where, Balance]]:
    """Every balance with its place: scope, pair (isolated only), asset."""
    for scope, wallet in ((Scope.SPOT, account.spot), (Scope.CROSS, account.cross)):
        for asset, balance in wallet.items():
            yield (scope, "", asset), balance
    for symbol, pair in account.isolated.items():
        listing = world.market(symbol).listing
        yield (Scope.ISOLATED, symbol, listing.base), pair.base
        yield (Scope.ISOLATED, symbol, listing.quote), pair.quote


def no_balance_is_negative(client: Client) -> None:
    for where, balance in balances(client.world, client.account):
        assert min(balance.free, balance.locked, balance.borrowed, balance.interest) >= 0, (where, balance)


def every_balance_has_eight_decimals(client: Client) -> None:
    """A ninth digit could neither be shown nor sent back."""
    for where, balance in balances(client.world, client.account):
        for amount in (balance.free, balance.locked, balance.borrowed, balance.interest):
            assert amount == amount.quantize(EIGHT), (where, balance)


def what_is_locked_is_what_open_orders_need(client: Client) -> None:
    world, account = client.world, client.account
    groups: dict[tuple[str, int], list[Order]] = defaultdict(list)
    for order in account.orders.values():
        assert order.locked == 0 or order.is_open(), order
        if order.is_open():
            single = order.list_id == -1
            groups["single" if single else "list", order.order_id if single else order.list_id].append(order)
    locked: dict[Where, Decimal] = defaultdict(Decimal)
    for orders in groups.values():
        held = sum(order.locked for order in orders)
        # Two orders of a list stand for the same money: the dearer one says how much.
        need = max(_need(order) for order in orders)
        if world.config.margin_buy_borrows == "execution" and orders[0].side_effect in BORROWING_EFFECTS:
            assert held <= need, orders
        else:
            assert held == need, orders
        locked[_place_of(world, orders[0])] += held
    for where, balance in balances(world, account):
        assert balance.locked == locked.pop(where, 0), (where, balance)
    assert not any(locked.values()), locked


def an_order_is_the_sum_of_its_trades(client: Client) -> None:
    base: dict[int, Decimal] = defaultdict(Decimal)
    quote: dict[int, Decimal] = defaultdict(Decimal)
    for trade in client.account.trades:
        base[trade.order_id] += trade.quantity
        quote[trade.order_id] += trade.quote_quantity
    for number, order in client.account.orders.items():
        assert (order.executed, order.quote_executed) == (base[number], quote[number]), order
        assert order.executed <= order.quantity, order
        assert (order.status == "FILLED") == (order.executed == order.quantity), order


def a_client_id_names_one_open_order(client: Client) -> None:
    names = [(order.scope, order.symbol, order.client_id) for order in client.account.open_orders.values()]
    assert len(names) == len(set(names)), names


def nothing_appeared_or_vanished(client: Client, funded: dict[str, Decimal]) -> None:
    assert {asset: amount for asset, amount in client.world.totals().items() if amount} == funded


def the_bot_reckons_what_the_exchange_shows(client: Client) -> None:
    """Margin level and liquidation price of the bot's own mathematics, at 8 digits, against the answer it was reckoned from.

    999 stands for "no debt" and is also the highest level shown; 0 for "no price liquidates this".
    """
    call = Call("GET", ACCOUNT, signed=True)
    response = client.ask("GET", ACCOUNT, {})
    assert response.status == 200, response.body
    accounts = read_isolated_accounts(_answer(call, response, client.now_ms))
    for row in json.loads(response.body)["assets"]:
        account = accounts[Symbol(row["symbol"])]
        level = margin.margin_level(account)
        shown = PLACEHOLDER if level is None else min(PLACEHOLDER, half_up(level))
        assert Decimal(row["marginLevel"]) == shown, row
        assert account.reported_level == (shown if account.owes and shown not in (0, PLACEHOLDER) else None)
        assert Decimal(row["liquidatePrice"]) == _liquidation_price(client, account), row


def a_refusal_has_a_code(response: Response) -> None:
    """A code of the exchange and never that of a defect, which would leave the outcome unknown."""
    body = json.loads(response.body)
    assert 400 <= response.status < 500, (response.status, body)
    assert set(body) == {"code", "msg"}, body
    assert body["code"] < -1000, body


def picture(world: World) -> dict[str, Any]:
    """All a refusal must leave as it was: everything but numbers given out in vain, and empty pockets that were looked into."""
    data: dict[str, Any] = world.dump()
    del data["ids"]
    for account in data["accounts"].values():
        del account["views"]
        for wallet in (account["spot"], account["cross"]):
            for asset in [asset for asset, balance in wallet.items() if not any(map(Decimal, balance.values()))]:
                del wallet[asset]
    for purse in data["house"].values():
        for asset in [asset for asset, held in purse.items() if not Decimal(held)]:
            del purse[asset]
    for market in data["markets"].values():
        if market["taken"] and data["running_ms"] - market["taken_at"] >= data["config"]["refill_ms"]:
            # The book is filled up again as soon as anybody looks at it.
            market["taken"], market["update_id"] = {}, market["update_id"] + 1
    return data


def two_worlds_are_alike(one: World, other: World) -> None:
    assert one.ids == other.ids
    first, second = picture(one), picture(other)
    assert first == second, list(_differences("", first, second))


def _differences(where: str, one: Any, other: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(one, dict) and isinstance(other, dict):
        for name in one.keys() | other.keys():
            yield from _differences(f"{where}.{name}", one.get(name), other.get(name))
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for number, (first, second) in enumerate(zip(one, other, strict=True)):
            yield from _differences(f"{where}[{number}]", first, second)
    elif one != other:
        yield where, one, other


def _place_of(world: World, order: Order) -> Where:
    listing = world.market(order.symbol).listing
    symbol = order.symbol if order.scope is Scope.ISOLATED else ""
    return order.scope, symbol, listing.quote if order.is_buy else listing.base


def _need(order: Order) -> Decimal:
    """A sell locks the coins it still has to deliver, a buy their price, rounded up.

    A trailing buy without a price locks what its coins cost when it was placed, which the order does not tell.
    """
    left, price = order.quantity - order.executed, order.price or order.stop_price
    if not order.is_buy:
        return left
    if not price:
        return order.locked
    with localcontext() as context:
        context.prec = 60
        return (left * price).quantize(EIGHT, ROUND_CEILING)


def _liquidation_price(client: Client, account: IsolatedAccount) -> Decimal:
    if not account.owes:
        # Nor is there a tier to ask for once the pair has left margin.
        return Decimal(0)
    price = margin.liquidation_price(account, _tiers(client, account.symbol, client.world.config.rising_ratios))
    return half_up(price) if price else Decimal(0)


@lru_cache(maxsize=8)
def _tiers(client: Client, symbol: Symbol, rising: bool) -> tuple[Tier, ...]:
    """As answered; `rising` is the one switch that changes them."""
    call = Call("GET", TIERS, {"symbol": symbol}, signed=True)
    return read_tiers(_answer(call, client.ask("GET", TIERS, {"symbol": symbol}), client.now_ms), symbol)


def _answer(call: Call, response: Response, now_ms: int) -> Answer:
    return Answer(call, response.status, {}, response.body, from_epoch(now_ms))
