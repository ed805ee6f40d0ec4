"""/sapi isolated accounts: the account answer, enabling and disabling, tiers and fees of pairs."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from marginbot.paper.api.endpoint import Caller, Endpoint, Security, WeightKind
from marginbot.paper.api.params import DAY, Params, integer
from marginbot.paper.books import risk, views
from marginbot.paper.books.amounts import ZERO, half_up8
from marginbot.paper.books.market import Market
from marginbot.paper.books.records import Scope
from marginbot.paper.books.refusal import refuse
from marginbot.paper.books.tiers import tiers_of
from marginbot.paper.books.wallets import Balance, IsolatedPair
from marginbot.paper.books.world import World

Pairs = Mapping[str, IsolatedPair]

MOST_SYMBOLS = 5
ACCOUNT = "/sapi/v1/margin/isolated/account"


def isolated_account(world: World, caller: Caller, params: Params) -> object:
    """Every isolated account with three totals, or up to five named ones, opened or not, without totals."""
    pairs, btc = views.shown(world, world.account(caller.uid)), world.usdt_price("BTC")
    if "symbols" in params:
        symbols = params["symbols"].split(",")
        if len(symbols) > MOST_SYMBOLS:
            raise refuse(world.config.too_many_symbols_code, name="symbols")
        markets = [world.market(symbol) if symbol in pairs else _isolated(world, symbol) for symbol in symbols]
        return {"assets": [_row(world, pairs, market, btc) for market in markets]}
    assets = [_row(world, pairs, world.market(symbol), btc) for symbol in _listed(world, pairs)]
    return {"assets": assets, **_totals(world, pairs, btc)}


def _listed(world: World, pairs: Pairs) -> list[str]:
    """Which pairs the unfiltered answer lists, in its order."""
    opened = list(pairs)
    if world.config.reversed_rows:
        opened.reverse()
    if not world.config.ghost_rows:
        return opened
    return [symbol for symbol, market in world.markets.items() if market.listing.isolated and symbol not in pairs] + opened


def enable(world: World, caller: Caller, params: Params) -> object:
    """Switch a disabled account on again; -11001 when it was never opened, -3004 when too many are on."""
    account = world.account(caller.uid)
    pair = world.pair(account, params["symbol"])
    others = sum(other.enabled for other in account.isolated.values() if other is not pair)
    if others >= world.config.max_isolated_accounts:
        raise refuse(-3004)
    pair.enabled = pair.trade_enabled = True
    return {"success": True, "symbol": pair.symbol}


def disable(world: World, caller: Caller, params: Params) -> object:
    """Switch an empty account off, once in 24 hours per pair."""
    account = world.account(caller.uid)
    pair = world.pair(account, params["symbol"])
    orders = any(o.scope is Scope.ISOLATED and o.symbol == pair.symbol for o in account.open_orders.values())
    recent = pair.disabled_at_ms is not None and world.now_ms - pair.disabled_at_ms < DAY
    in_use = (orders or not pair.is_empty()) and world.config.disable_needs_empty
    if in_use or recent or not pair.enabled:
        raise refuse(-3004)
    pair.enabled = pair.trade_enabled = False
    pair.disabled_at_ms = world.now_ms
    return {"success": True, "symbol": pair.symbol}


def account_limit(world: World, caller: Caller, params: Params) -> object:
    enabled = sum(pair.enabled for pair in world.account(caller.uid).isolated.values())
    return {"enabledAccount": enabled, "maxAccount": world.config.max_isolated_accounts}


def margin_tiers(world: World, caller: Caller, params: Params) -> object:
    """The tiers of one pair, or one of them."""
    wanted = integer(params, "tier")
    listing = _isolated(world, params["symbol"]).listing
    return [
        {
            "symbol": listing.symbol,
            "tier": tier.number,
            "effectiveMultiple": world.text(tier.multiple),
            "initialRiskRatio": world.text(tier.initial_ratio),
            "liquidationRiskRatio": world.text(tier.liquidation_ratio),
            "baseAssetMaxBorrowable": world.text(tier.base_max),
            "quoteAssetMaxBorrowable": world.text(tier.quote_max),
        }
        for tier in tiers_of(listing, world.config)
        if wanted is None or tier.number == wanted
    ]


def margin_data(world: World, caller: Caller, params: Params) -> object:
    """Daily interest and borrowing limits of one pair or of all."""
    symbol = params.get("symbol")
    markets = [_isolated(world, symbol)] if symbol else [m for m in world.markets.values() if m.listing.isolated]
    level = integer(params, "vipLevel") or 0
    return [
        {
            "vipLevel": level,
            "symbol": market.listing.symbol,
            "leverage": str(market.listing.leverage),
            "data": [_fee_row(world, market, asset) for asset in (market.listing.base, market.listing.quote)],
        }
        for market in markets
    ]


def _fee_row(world: World, market: Market, asset: str) -> dict[str, object]:
    limit = risk.borrow_limit(market.listing, asset)
    rate = world.terms(asset).daily_rate
    return {"coin": asset, "dailyInterest": world.text(rate), "borrowLimit": world.text(limit)}


def _isolated(world: World, symbol: str) -> Market:
    market = world.market(symbol)
    if not market.listing.isolated:
        raise refuse(-1121)
    return market


def _row(world: World, pairs: Pairs, market: Market, btc: Decimal) -> dict[str, object]:
    """One `assets` row; rebuilt only when a figure in it has changed since it was last asked for."""
    pair = pairs.get(market.listing.symbol)
    shown = pair or IsolatedPair(market.listing.symbol, enabled=False, trade_enabled=False)
    base, quote, terms = shown.base, shown.quote, world.assets
    key = (
        base.free, base.locked, base.borrowed, base.interest, quote.free, quote.locked, quote.borrowed, quote.interest,
        market.index, btc, shown.enabled, shown.trade_enabled, shown.liquidating_until, world.config.pad_decimals,
        world.config.excessive_level, world.config.pre_liquidation_gap, pair is None,
        terms[market.listing.base].borrowable, terms[market.listing.quote].borrowable, world.config.omit_enabled,
        world.config.liquidates, market.listing, world.config.liquidate_rate_percent,
        world.config.margin_ratio_of, world.config.rising_ratios, world.config.margin_call_3x, world.config.margin_call_5x,
        world.config.margin_call_10x,
    )  # fmt: skip
    if shown.rendered is None or shown.rendered[0] != key:
        shown.rendered = (key, _render(world, market, shown, btc, created=pair is not None))
    return shown.rendered[1]


def _render(world: World, market: Market, pair: IsolatedPair, btc: Decimal, *, created: bool) -> dict[str, object]:
    listing, index, text = market.listing, market.index, world.text
    tier, level = risk.pair_tier(listing, pair, world.config), risk.margin_level(pair, market.index)
    price = risk.liquidation_price(pair, tier.liquidation_ratio)
    rate = half_up8(abs(index - price) / index) if price else ZERO
    rate = rate * 100 if world.config.liquidate_rate_percent else rate
    leverage = tier.multiple if world.config.margin_ratio_of == "tier" else Decimal(listing.leverage)
    status = risk.level_status(level, tier, world.config)
    in_btc = world.usdt_price(listing.quote) / btc
    enabled = {} if world.config.omit_enabled else {"enabled": pair.enabled}
    return {
        "baseAsset": _side(world, listing.base, pair.base, index * in_btc),
        "quoteAsset": _side(world, listing.quote, pair.quote, in_btc),
        "symbol": listing.symbol,
        "isolatedCreated": created,
        **enabled,
        "marginLevel": text(risk.shown_level(level)),
        "marginLevelStatus": "FORCE_LIQUIDATION" if pair.liquidating_until is not None else status,
        "marginRatio": text(leverage),
        "indexPrice": text(index),
        "liquidatePrice": text(price),
        "liquidateRate": text(rate),
        "tradeEnabled": pair.trade_enabled,
    }


def _side(world: World, asset: str, balance: Balance, in_btc: Decimal) -> dict[str, object]:
    text = world.text
    return {
        "asset": asset,
        "borrowEnabled": world.terms(asset).borrowable,
        "borrowed": text(balance.borrowed),
        "free": text(balance.free),
        "interest": text(balance.interest),
        "locked": text(balance.locked),
        "netAsset": text(balance.net),
        "netAssetOfBtc": text(half_up8(balance.net * in_btc)),
        "repayEnabled": True,
        "totalAsset": text(balance.total),
    }


def _totals(world: World, pairs: Pairs, btc: Decimal) -> dict[str, object]:
    assets = debt = ZERO
    for pair in pairs.values():
        market = world.market(pair.symbol)
        quote = world.usdt_price(market.listing.quote)
        assets += risk.assets_value(pair, market.index) * quote
        debt += risk.debt_value(pair, market.index) * quote
    values = {"totalAssetOfBtc": assets, "totalLiabilityOfBtc": debt, "totalNetAssetOfBtc": assets - debt}
    return {name: world.text(half_up8(value / btc)) for name, value in values.items()}


def margin_data_weight(params: Params) -> int:
    return 1 if "symbol" in params else 10


_SIGNED, _IP, _UID = Security.SIGNED, WeightKind.SAPI_IP, WeightKind.SAPI_UID
_BASE = "/sapi/v1/margin"

ENDPOINTS = (
    Endpoint("GET", ACCOUNT, _SIGNED, 10, _IP, isolated_account, (), ("symbols",)),
    Endpoint("POST", ACCOUNT, _SIGNED, 300, _UID, enable, ("symbol",), (), ("enableSpotAndMarginTrading",)),
    Endpoint("DELETE", ACCOUNT, _SIGNED, 300, _UID, disable, ("symbol",), (), ("enableSpotAndMarginTrading",)),
    Endpoint("GET", f"{_BASE}/isolated/accountLimit", _SIGNED, 1, _IP, account_limit),
    Endpoint("GET", f"{_BASE}/isolatedMarginTier", _SIGNED, 1, _IP, margin_tiers, ("symbol",), ("tier",)),
    Endpoint("GET", f"{_BASE}/isolatedMarginData", _SIGNED, margin_data_weight, _IP, margin_data, (), ("vipLevel", "symbol")),
)
