"""Crumbs of the spot or the cross wallet become BNB, at index prices and for a fee. Isolated accounts are never reached.

Source: POST /sapi/v1/asset/dust, dust-btc; how much is still a crumb, and how often they may go: the codes -5005 and -5006.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from marginbot.paper.books import news
from marginbot.paper.books.amounts import floor8, half_up8
from marginbot.paper.books.house import add
from marginbot.paper.books.records import Crumb, Dribblet, Scope
from marginbot.paper.books.refusal import refuse

if TYPE_CHECKING:
    from marginbot.paper.books.wallets import Account
    from marginbot.paper.books.world import World

BNB = "BNB"


@dataclass(frozen=True, slots=True)
class Offer:
    """What one asset would become: its value in BTC, and in BNB before and after the fee."""

    asset: str
    amount: Decimal
    btc: Decimal
    gross: Decimal
    fee: Decimal

    @property
    def net(self) -> Decimal:
        return self.gross - self.fee


def offers(world: World, account: Account, scope: Scope) -> list[Offer]:
    """Everything that could be converted now."""
    wallet = account.spot if scope is Scope.SPOT else account.cross
    found = (_offer(world, asset, balance.free) for asset, balance in wallet.items() if asset != BNB)
    return [one for one in found if one.net > 0 and one.btc <= world.config.dust_value]


def convert(world: World, account: Account, scope: Scope, assets: Sequence[str]) -> Dribblet:
    """All that is free of each asset goes, or nothing does. Refusals: -1102 -4018 -5001 -5003 -5005 -5006."""
    if not assets:
        raise refuse(-1102, name="asset")
    last = next((row for row in reversed(account.dribblets) if row.scope is scope), None)
    if last is not None and world.now_ms - last.time < world.config.dust_gap_ms:
        raise refuse(-5006)
    chosen = [_chosen(world, account, scope, asset) for asset in dict.fromkeys(assets)]
    row = Dribblet(world.next_id("transaction"), scope, world.now_ms, [])
    for offer in chosen:
        _exchange(world, account, scope, offer)
        row.crumbs.append(Crumb(offer.asset, offer.amount, offer.net, offer.fee))
    account.dribblets.append(row)
    return row


def _chosen(world: World, account: Account, scope: Scope, asset: str) -> Offer:
    if asset not in world.assets:
        raise refuse(-4018)
    wallet = account.spot if scope is Scope.SPOT else account.cross
    if asset == BNB:
        raise refuse(-5001)
    if asset not in wallet or not wallet[asset].free:
        raise refuse(-5003)
    offer = _offer(world, asset, wallet[asset].free)
    if offer.btc > world.config.dust_value:
        raise refuse(-5005, asset=asset, limit=world.text(world.config.dust_value))
    if offer.net <= 0:
        raise refuse(-5001)
    return offer


def _offer(world: World, asset: str, amount: Decimal) -> Offer:
    value, btc, bnb = amount * world.usdt_price(asset), world.usdt_price("BTC"), world.usdt_price(BNB)
    gross = floor8(value / bnb)
    return Offer(asset, amount, half_up8(value / btc), gross, half_up8(gross * world.config.dust_fee))


def _exchange(world: World, account: Account, scope: Scope, offer: Offer) -> None:
    account.wallet(scope, offer.asset).free -= offer.amount
    account.wallet(scope, BNB).free += offer.net
    add(world.house.counterparty, offer.asset, offer.amount)
    add(world.house.counterparty, BNB, -offer.gross)
    add(world.house.fees, BNB, offer.fee)
    news.of_money(world, account.uid, scope, "", offer.asset, -offer.amount)
    news.of_money(world, account.uid, scope, "", BNB, offer.net)
