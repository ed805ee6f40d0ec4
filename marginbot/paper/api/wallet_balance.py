"""/sapi what each wallet of the customer is worth, debts taken off."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from marginbot.paper.api.endpoint import Caller, Endpoint, Security, WeightKind
from marginbot.paper.api.params import Params, Row, flag
from marginbot.paper.books.amounts import ZERO, half_up8
from marginbot.paper.books.refusal import refuse
from marginbot.paper.books.wallets import Account, Balance
from marginbot.paper.books.world import World

# Wallets the real exchange lists too; nobody has them here.
UNUSED = ("Funding", "USDⓈ-M Futures", "COIN-M Futures", "Earn", "Options", "Trading Bots")


def wallet_balances(world: World, caller: Caller, params: Params) -> object:
    """Per wallet, valued in `quoteAsset` (BTC unless asked otherwise) at index prices; its assets with `needBalanceDetail`."""
    quote, detailed = params.get("quoteAsset", "BTC"), flag(params, "needBalanceDetail")
    unit = world.usdt_price(quote) if quote in world.assets else ZERO
    if not unit:
        raise refuse(-4018)
    rows: list[Row] = []
    for name, held in _wallets(world, world.account(caller.uid)).items():
        worth = sum((balance.net * world.usdt_price(asset) for asset, balance in held.items()), ZERO)
        row: Row = {"activate": True, "balance": world.text(half_up8(worth / unit)), "walletName": name}
        rows.append(row | ({"assetBalances": _details(world, held)} if detailed else {}))
    nothing: Row = {"activate": False, "balance": world.text(ZERO)}
    return rows + [nothing | {"walletName": name} | ({"assetBalances": []} if detailed else {}) for name in UNUSED]


def _wallets(world: World, account: Account) -> dict[str, dict[str, Balance]]:
    isolated = []
    for symbol, pair in account.isolated.items():
        listing = world.market(symbol).listing
        isolated += [(listing.base, pair.base), (listing.quote, pair.quote)]
    return {
        "Spot": _sums(account.spot.items()),
        "Cross Margin": _sums(account.cross.items()),
        "Isolated Margin": _sums(isolated),
    }


def _sums(balances: Iterable[tuple[str, Balance]]) -> dict[str, Balance]:
    """One balance an asset, without those in which nothing is held or owed."""
    held: dict[str, Balance] = {}
    for asset, one in balances:
        if not one.is_empty():
            whole = held.setdefault(asset, Balance())
            whole.free, whole.locked = whole.free + one.free, whole.locked + one.locked
            whole.borrowed, whole.interest = whole.borrowed + one.borrowed, whole.interest + one.interest
    return held


def _details(world: World, held: dict[str, Balance]) -> list[Row]:
    zeros = dict.fromkeys(("freeze", "withdrawing"), world.text(ZERO))
    return [
        {
            "asset": asset,
            "assetName": world.terms(asset).full_name,
            "free": world.text(balance.free),
            "locked": world.text(balance.locked),
            **zeros,
            "btcValuation": world.text(_in_btc(world, asset, balance.net)),
        }
        for asset, balance in held.items()
    ]


def _in_btc(world: World, asset: str, amount: Decimal) -> Decimal:
    return half_up8(amount * world.usdt_price(asset) / world.usdt_price("BTC"))


_PATH, _OPTIONAL = "/sapi/v1/asset/wallet/balance", ("quoteAsset", "needBalanceDetail")

ENDPOINTS = (Endpoint("GET", _PATH, Security.SIGNED, 60, WeightKind.SAPI_IP, wallet_balances, (), _OPTIONAL),)
