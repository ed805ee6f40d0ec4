"""Forced liquidation of an isolated account: orders vanish, the position is traded away, debts and the fee are paid."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from marginbot.paper.books import risk, takeover, top_up
from marginbot.paper.books.amounts import ZERO, half_up8
from marginbot.paper.books.house import add
from marginbot.paper.books.market import Market
from marginbot.paper.books.records import Liquidation, Scope, Trade
from marginbot.paper.books.wallets import Account, IsolatedPair

if TYPE_CHECKING:
    from marginbot.paper.books.world import World

NAME = "autoclose"


def watch(world: World, account: Account, pair: IsolatedPair, market: Market) -> None:
    """Level or debts have changed: top the account up at its margin call, take it over at its liquidation ratio."""
    if pair.auto_top_up:
        top_up.act(world, account, pair, market)
    if world.config.liquidates and is_due(world, pair, market):
        begin(world, account, pair)


def is_due(world: World, pair: IsolatedPair, market: Market) -> bool:
    """Whether the exchange must take over: the level is at the liquidation ratio of the position's tier or below."""
    if pair.liquidating_until is not None or not pair.owes():
        return False
    level = risk.margin_level(pair, market.index)
    return level is not None and level <= risk.pair_tier(market.listing, pair, world.config).liquidation_ratio


def begin(world: World, account: Account, pair: IsolatedPair) -> None:
    """Freeze the fee, cancel the pair's orders and shut its owner out until `finish`."""
    if world.config.liquidation_cancels_first:
        takeover.cancel_orders(world, account, Scope.ISOLATED, pair.symbol)
    market = world.market(pair.symbol)
    pair.liquidation_fee = half_up8(risk.assets_value(pair, market.index) * world.config.liquidation_fee)
    pair.liquidating_until = world.running_ms + world.config.liquidation_ms
    if not world.config.liquidation_ms:
        finish(world, account, pair)
        return
    world.wake_at(pair.liquidating_until)


def finish(world: World, account: Account, pair: IsolatedPair) -> None:
    """Trade the position into quote, repay both debts, take the fee; the insurance fund pays what is missing."""
    takeover.cancel_orders(world, account, Scope.ISOLATED, pair.symbol)
    market, scope = world.market(pair.symbol), Scope.ISOLATED
    surplus = pair.base.free - pair.base.debt
    if surplus:
        close_with(world, account, scope, market, "SELL" if surplus > 0 else "BUY", abs(surplus))
    for asset, balance in ((market.listing.base, pair.base), (market.listing.quote, pair.quote)):
        debt, insured = takeover.pay_debt(world, asset, balance)
        takeover.note(world, account, "OTHER_LIQUIDATION", scope, pair.symbol, asset, insured)
        takeover.note(world, account, "REPAY_LIQUIDATION", scope, pair.symbol, asset, -debt)
    fee = min(pair.liquidation_fee, pair.quote.free)
    pair.quote.free -= fee
    add(world.house.insurance, market.listing.quote, fee)
    takeover.note(world, account, "LIQUIDATION_FEE", scope, pair.symbol, market.listing.quote, -fee)
    pair.liquidating_until, pair.liquidation_fee = None, ZERO


def close_with(world: World, account: Account, scope: Scope, market: Market, side: str, quantity: Decimal) -> None:
    """One order of the system, with its records: forceLiquidationRec, and both assets of the capital flow."""
    made = takeover.trade(world, account, scope, market, side, quantity, NAME)
    if made is None:
        return
    symbol = market.listing.symbol
    account.liquidations.append(
        Liquidation(made.order_id, symbol, side, made.price, made.price, made.quantity, made.quantity, world.now_ms, scope)
    )
    _note_both(world, account, made, market)


def _note_both(world: World, account: Account, made: Trade, market: Market) -> None:
    kind, sign = ("BUY_LIQUIDATION", 1) if made.is_buyer else ("SELL_LIQUIDATION", -1)
    listing = market.listing
    for asset, amount in ((listing.base, sign * made.quantity), (listing.quote, -sign * made.quote_quantity)):
        takeover.note(world, account, kind, made.scope, made.symbol, asset, amount, made.order_id)
