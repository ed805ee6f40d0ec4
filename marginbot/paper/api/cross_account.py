"""/sapi terms of the cross account: fees and limits of its assets, what they count as collateral, and its leverage."""

from __future__ import annotations

from marginbot.paper.api.endpoint import Caller, Endpoint, Security, WeightKind
from marginbot.paper.api.params import Params, Row, integer, vip_level
from marginbot.paper.books import cross, risk
from marginbot.paper.books.amounts import ZERO
from marginbot.paper.books.cross_bars import BARS, set_leverage
from marginbot.paper.books.listing import AssetTerms
from marginbot.paper.books.records import Scope
from marginbot.paper.books.refusal import refuse
from marginbot.paper.books.world import World

WHOLE_VALUE = frozenset({"BTC", "ETH", "USDT"})
# (from, to, share that counts), values in USD: the published sample.
Tiers = tuple[tuple[str, str | None, str], ...]
TIERED: Tiers = (("0", "13000000", "1"), ("13000000", "20000000", "0.975"), ("20000000", None, "0"))
ALWAYS_WHOLE: Tiers = (("0", None, "1"),)


def fee_data(world: World, caller: Caller, params: Params) -> object:
    """Interest and borrowing limits of one coin or of all."""
    level = vip_level(world, params)
    terms = [world.terms(params["coin"])] if "coin" in params else [one for one in world.assets.values() if one.cross]
    return [_fees(world, one, level) for one in terms]


def collateral_ratios(world: World, caller: Caller, params: Params) -> object:
    """Which share of a coin's value counts as collateral, by the value held; the last tier has no end."""
    groups = (
        (TIERED, [name for name in world.assets if name not in WHOLE_VALUE]),
        (ALWAYS_WHOLE, [name for name in world.assets if name in WHOLE_VALUE]),
    )
    return [{"collaterals": [_tier(*tier) for tier in tiers], "assetNames": names} for tiers, names in groups]


def max_leverage(world: World, caller: Caller, params: Params) -> object:
    """Choose the leverage of the cross account; isolated pairs have none to choose."""
    leverage = integer(params, "maxLeverage")
    if leverage is None or leverage not in BARS:
        raise refuse(-1130, name="maxLeverage")
    account = world.account(caller.uid)
    assets, debt = cross.values(world, account)
    set_leverage(world, account, leverage, assets / debt if debt else None)
    return {"success": True}


def fee_data_weight(params: Params) -> int:
    return 1 if "coin" in params else 5


def _fees(world: World, terms: AssetTerms, level: int) -> Row:
    """The limit is the largest that any pair of the coin allows: for the cross account none is published."""
    asset = terms.asset
    pairs = [one.listing for one in world.markets.values() if asset in (one.listing.base, one.listing.quote)]
    limits = [risk.borrow_limit(listing, asset) for listing in pairs if listing.isolated]
    leaves = not terms.cross or world.is_delisting(Scope.CROSS, "", asset)
    return {
        "vipLevel": level,
        "coin": asset,
        "transferIn": not leaves,
        "borrowable": terms.borrowable and not leaves,
        "dailyInterest": world.text(terms.daily_rate),
        "yearlyInterest": world.text(terms.daily_rate * 365),
        "borrowLimit": world.text(max(limits, default=ZERO)),
        "marginablePairs": [listing.symbol for listing in pairs if listing.margin],
    }


def _tier(least: str, most: str | None, share: str) -> Row:
    return {"minUsdValue": least, **({} if most is None else {"maxUsdValue": most}), "discountRate": share}


_BASE = "/sapi/v1/margin"
_SIGNED, _IP, _UID = Security.SIGNED, WeightKind.SAPI_IP, WeightKind.SAPI_UID

ENDPOINTS = (
    Endpoint("GET", f"{_BASE}/crossMarginData", _SIGNED, fee_data_weight, _IP, fee_data, (), ("vipLevel", "coin")),
    Endpoint("GET", f"{_BASE}/crossMarginCollateralRatio", Security.KEY, 100, _IP, collateral_ratios),
    Endpoint(
        "POST", f"{_BASE}/max-leverage", _SIGNED, 3000, _UID, max_leverage, ("maxLeverage",), (), ("enableMargin",),
        per_minute=1,
    ),
)  # fmt: skip
