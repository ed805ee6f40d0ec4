"""/sapi what margin lists, lends and restricts: schedule of new pairs, inventory, rates of the past, restricted assets."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from marginbot.paper.api.endpoint import Caller, Endpoint, Security, WeightKind
from marginbot.paper.api.params import DAY, Params, choice, vip_level, window
from marginbot.paper.books.amounts import ZERO
from marginbot.paper.books.listing import AssetTerms
from marginbot.paper.books.records import Scope
from marginbot.paper.books.world import World

# Shown for what never runs out; more than any account may borrow.
PLENTY = Decimal(10) ** 15
RISK_RATIO = "0.01"


def list_schedule(world: World, caller: Caller, params: Params) -> object:
    """Nothing: every pair of this exchange is on margin already."""
    return []


def available_inventory(world: World, caller: Caller, params: Params) -> object:
    """What there is to lend, in units by asset, to the cross account or to isolated ones; the time is in seconds."""
    kind = choice(params, "type", frozenset({"MARGIN", "ISOLATED"}), "")
    isolated = set(_isolated_assets(world))
    lent = [one for one in world.assets.values() if (one.cross if kind == "MARGIN" else one.asset in isolated)]
    stock = {one.asset: world.text(_left(one)) for one in lent}
    return {"assets": stock, "updateTime": world.now_ms // 1000}


def rate_history(world: World, caller: Caller, params: Params) -> object:
    """The daily rate at each midnight (UTC) of the window, newest first. Rates here do not change."""
    terms, level = world.terms(params["asset"]), vip_level(world, params)
    start, end = window(params, world.now_ms, default_ms=7 * DAY, largest_ms=30 * DAY)
    midnights = range(-(-start // DAY) * DAY, min(end, world.now_ms) + 1, DAY)
    rate = world.text(terms.daily_rate)
    return [
        {"asset": terms.asset, "dailyInterestRate": rate, "timestamp": midnight, "vipLevel": level}
        for midnight in reversed(midnights)
    ]


def restricted_assets(world: World, caller: Caller, params: Params) -> object:
    """Assets that may not be bought on credit: those about to leave. No collateral is ever too much here."""
    leaving = [asset for asset in world.assets if world.is_delisting(Scope.CROSS, "", asset)]
    return {"openLongRestrictedAsset": leaving, "maxCollateralExceededAsset": []}


def risk_ratios(world: World, caller: Caller, params: Params) -> object:
    return [{"asset": asset, "riskBasedLiquidationRatio": RISK_RATIO} for asset in world.assets]


def _isolated_assets(world: World) -> Iterable[str]:
    for market in world.markets.values():
        if market.listing.isolated:
            yield from (market.listing.base, market.listing.quote)


def _left(terms: AssetTerms) -> Decimal:
    if not terms.borrowable:
        return ZERO
    return PLENTY if terms.inventory is None else terms.inventory


_BASE, _KEY, _SIGNED = "/sapi/v1/margin", Security.KEY, Security.SIGNED
_IP, _UID = WeightKind.SAPI_IP, WeightKind.SAPI_UID
_RATES = ("vipLevel", "startTime", "endTime")

ENDPOINTS = (
    Endpoint("GET", f"{_BASE}/list-schedule", _KEY, 100, _IP, list_schedule),
    Endpoint("GET", f"{_BASE}/available-inventory", _SIGNED, 50, _UID, available_inventory, ("type",)),
    Endpoint("GET", f"{_BASE}/interestRateHistory", _SIGNED, 1, _IP, rate_history, ("asset",), _RATES),
    Endpoint("GET", f"{_BASE}/restricted-asset", _KEY, 1, _IP, restricted_assets),
    Endpoint("GET", f"{_BASE}/risk-based-liquidation-ratio", _KEY, 1, _IP, risk_ratios),
)
