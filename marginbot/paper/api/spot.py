"""/api/v3 with a key: the spot wallet, its orders and its fees. A special margin key deals with its margin account's orders."""

from __future__ import annotations

from decimal import Decimal
from functools import partial

from marginbot.paper.api import margin_key_rows, order_queries
from marginbot.paper.api.endpoint import Caller, Endpoint, Security, WeightKind
from marginbot.paper.api.margin_key_rows import scope_of
from marginbot.paper.api.order_limits import order_counts
from marginbot.paper.api.order_rows import new_order, order_row
from marginbot.paper.api.params import Params, flag
from marginbot.paper.api.tickets import read_ticket, response_form
from marginbot.paper.books import trading
from marginbot.paper.books.amounts import ZERO
from marginbot.paper.books.listing import exchange_info_filters
from marginbot.paper.books.records import Scope
from marginbot.paper.books.refusal import refuse
from marginbot.paper.books.wallets import Account, Balance, Rates
from marginbot.paper.books.world import World

TRADE_COMBINATIONS = (
    frozenset[str](),
    frozenset({"orderId"}),
    frozenset({"startTime"}),
    frozenset({"endTime"}),
    frozenset({"fromId"}),
    frozenset({"startTime", "endTime"}),
    frozenset({"orderId", "fromId"}),
)
NOTHING = Balance()


def spot_account(world: World, caller: Caller, params: Params) -> object:
    """The spot wallet only: every listed asset, or those held with `omitZeroBalances`."""
    account = world.account(caller.uid)
    held = {asset: account.spot.get(asset, NOTHING) for asset in world.assets}
    if flag(params, "omitZeroBalances"):
        held = {asset: balance for asset, balance in held.items() if balance.total}
    maker, taker = int(account.maker_fee * 10_000), int(account.taker_fee * 10_000)
    may_trade = bool(caller.rights.get("enableSpotAndMarginTrading", False))
    return {
        "makerCommission": maker,
        "takerCommission": taker,
        "buyerCommission": 0,
        "sellerCommission": 0,
        "commissionRates": _rates(world, account.maker_fee, account.taker_fee),
        "canTrade": may_trade,
        "canWithdraw": bool(caller.rights.get("enableWithdrawals", False)),
        "canDeposit": True,
        "brokered": False,
        "requireSelfTradePrevention": False,
        "preventSor": False,
        "updateTime": world.now_ms,
        "accountType": "SPOT",
        "balances": [
            {"asset": asset, "free": world.text(balance.free), "locked": world.text(balance.locked)}
            for asset, balance in held.items()
        ],
        "permissions": ["SPOT"],
        "uid": account.uid,
    }


def commission(world: World, caller: Caller, params: Params) -> object:
    account, symbol = world.account(caller.uid), world.market(params["symbol"]).listing.symbol
    return {
        "symbol": symbol,
        "standardCommission": _rates(world, account.maker_fee, account.taker_fee),
        "specialCommission": _extra(world, account.special),
        "taxCommission": _extra(world, account.tax),
        "discount": _discount(world, account),
    }


def place_order(world: World, caller: Caller, params: Params) -> object:
    ticket = read_ticket(params, scope_of(caller, params["symbol"]))
    form = response_form(params)
    placed = trading.place(world, world.account(caller.uid), ticket)
    return new_order(world, margin_key_rows.as_spot(placed.order), placed.trades, form)


def test_order(world: World, caller: Caller, params: Params) -> object:
    """Everything that is checked before the engine, and nothing else; the rates too when asked for."""
    account = world.account(caller.uid)
    trading.check(world, account, read_ticket(params, scope_of(caller, params["symbol"])))
    if not flag(params, "computeCommissionRates"):
        return {}
    standard = {"maker": world.text(account.maker_fee), "taker": world.text(account.taker_fee)}
    return {
        "standardCommissionForOrder": standard,
        "specialCommissionForOrder": _for_order(world, account.special, params["side"]),
        "taxCommissionForOrder": _for_order(world, account.tax, params["side"]),
        "discount": _discount(world, account),
    }


def get_order(world: World, caller: Caller, params: Params) -> object:
    account, scope = world.account(caller.uid), scope_of(caller, params["symbol"])
    return order_row(world, margin_key_rows.as_spot(order_queries.find_order(world, account, scope, params, missing=-2013)))


def cancel_order(world: World, caller: Caller, params: Params) -> object:
    account = world.account(caller.uid)
    row = order_queries.cancel_one(world, account, scope_of(caller, params["symbol"]), params)
    return row if caller.margin_symbol is None else margin_key_rows.cancelled(world, account, row)


def get_open_orders(world: World, caller: Caller, params: Params) -> object:
    account, symbol = world.account(caller.uid), params.get("symbol", caller.margin_symbol or None)
    rows = order_queries.open_orders(world, account, scope_of(caller, symbol or ""), symbol)
    return rows if caller.margin_symbol is None else margin_key_rows.orders(world, account, rows)


def cancel_open_orders(world: World, caller: Caller, params: Params) -> object:
    account = world.account(caller.uid)
    rows = order_queries.cancel_all(world, account, scope_of(caller, params["symbol"]), params["symbol"])
    return rows if caller.margin_symbol is None else [margin_key_rows.cancelled(world, account, row) for row in rows]


def get_all_orders(world: World, caller: Caller, params: Params) -> object:
    account, scope = world.account(caller.uid), scope_of(caller, params["symbol"])
    rows = order_queries.all_orders(world, account, scope, params, largest=1000)
    return rows if scope is Scope.SPOT else margin_key_rows.orders(world, account, rows)


def get_my_trades(world: World, caller: Caller, params: Params) -> object:
    if frozenset(params) - {"symbol", "limit"} not in TRADE_COMBINATIONS:
        raise refuse(-1128)
    account, scope = world.account(caller.uid), scope_of(caller, params["symbol"])
    rows = order_queries.my_trades(world, account, scope, params)
    return rows if scope is Scope.SPOT else margin_key_rows.trades(world, account, rows)


def my_filters(world: World, caller: Caller, params: Params) -> object:
    """The rules of one pair. Nothing here binds the exchange as a whole or one asset alone (MAX_ASSET)."""
    listing = world.market(params["symbol"]).listing
    return {"exchangeFilters": [], "symbolFilters": exchange_info_filters(listing), "assetFilters": []}


def _rates(world: World, maker: Decimal, taker: Decimal) -> dict[str, str]:
    return {"maker": world.text(maker), "taker": world.text(taker), "buyer": world.text(ZERO), "seller": world.text(ZERO)}


def _extra(world: World, rates: Rates) -> dict[str, str]:
    return {name: world.text(getattr(rates, name)) for name in ("maker", "taker", "buyer", "seller")}


def _for_order(world: World, rates: Rates, side: str) -> dict[str, str]:
    return {"maker": world.text(rates.of(side, maker=True)), "taker": world.text(rates.of(side, maker=False))}


def _discount(world: World, account: Account) -> dict[str, object]:
    return {
        "enabledForAccount": account.spot_bnb_burn,
        "enabledForSymbol": True,
        "discountAsset": "BNB",
        "discount": world.text(1 - world.config.bnb_discount),
    }


def test_order_weight(params: Params) -> int:
    return 20 if params.get("computeCommissionRates", "false").lower() == "true" else 1


def open_orders_weight(params: Params) -> int:
    return 6 if "symbol" in params else 80


def my_trades_weight(params: Params) -> int:
    return 5 if "orderId" in params else 20


_SIGNED, _API, _TRADE = Security.SIGNED, WeightKind.API, ("enableSpotAndMarginTrading",)
_PLACE = ("symbol", "side", "type")
_NEW = (
    "timeInForce", "quantity", "quoteOrderQty", "price", "newClientOrderId", "strategyId", "strategyType", "stopPrice",
    "trailingDelta", "icebergQty", "newOrderRespType", "selfTradePreventionMode", "pegPriceType", "pegOffsetValue",
    "pegOffsetType",
)  # fmt: skip
_ID = ("orderId", "origClientOrderId")
_TIMES = ("startTime", "endTime")
_CANCEL = (*_ID, "newClientOrderId", "cancelRestrictions")

_for_orders = partial(Endpoint, margin_keys=True)
_change = partial(_for_orders, free_when_done=True)

ENDPOINTS = (
    Endpoint("GET", "/api/v3/account", _SIGNED, 20, _API, spot_account, (), ("omitZeroBalances",)),
    _for_orders("GET", "/api/v3/account/commission", _SIGNED, 20, _API, commission, ("symbol",)),
    _for_orders("GET", "/api/v3/myFilters", _SIGNED, 40, _API, my_filters, ("symbol",)),
    _for_orders("GET", "/api/v3/rateLimit/order", _SIGNED, 40, _API, order_counts),
    _change("POST", "/api/v3/order", _SIGNED, 1, _API, place_order, _PLACE, _NEW, _TRADE),
    _for_orders(
        "POST", "/api/v3/order/test", _SIGNED, test_order_weight, _API, test_order, _PLACE,
        (*_NEW, "computeCommissionRates"), _TRADE,
    ),
    _for_orders("GET", "/api/v3/order", _SIGNED, 4, _API, get_order, ("symbol",), _ID),
    _change("DELETE", "/api/v3/order", _SIGNED, 1, _API, cancel_order, ("symbol",), _CANCEL, _TRADE),
    _for_orders("GET", "/api/v3/openOrders", _SIGNED, open_orders_weight, _API, get_open_orders, (), ("symbol",)),
    _change("DELETE", "/api/v3/openOrders", _SIGNED, 1, _API, cancel_open_orders, ("symbol",), (), _TRADE),
    _for_orders(
        "GET", "/api/v3/allOrders", _SIGNED, 20, _API, get_all_orders, ("symbol",), ("orderId", *_TIMES, "limit")
    ),
    _for_orders(
        "GET", "/api/v3/myTrades", _SIGNED, my_trades_weight, _API, get_my_trades, ("symbol",),
        ("orderId", *_TIMES, "fromId", "limit"),
    ),
)  # fmt: skip
