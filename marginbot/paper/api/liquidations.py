"""/sapi liquidating by hand, and the loans that a liquidation may leave to customers who are eligible; none here are."""

from __future__ import annotations

from marginbot.paper.api.endpoint import Caller, Endpoint, Security, WeightKind
from marginbot.paper.api.params import DAY, Params, choice, needed_amount, page, window
from marginbot.paper.books.amounts import ZERO
from marginbot.paper.books.by_hand import liquidate_cross, liquidate_pair
from marginbot.paper.books.refusal import refuse
from marginbot.paper.books.world import World

TYPES = frozenset({"MARGIN", "ISOLATED"})
# What the deficit of a liquidation is counted in.
LOAN_ASSET = "USDC"
PAGE = 50


def manual_liquidation(world: World, caller: Caller, params: Params) -> object:
    """Close the cross account, or one pair where the region of this exchange allows it; tells the largest debt repaid."""
    kind, account = choice(params, "type", TYPES, ""), world.account(caller.uid)
    if kind == "ISOLATED":
        if "symbol" not in params:
            raise refuse(-1102, name="symbol")
        if not world.config.manual_isolated_liquidation:
            raise refuse(-1002)
        owed = liquidate_pair(world, account, params["symbol"])
    else:
        owed = liquidate_cross(world, account)
    return {
        "asset": owed.asset,
        "interest": world.text(owed.interest),
        "principal": world.text(owed.principal),
        "liabilityAsset": owed.money,
        "liabilityQty": float(owed.value),  # a bare number on the wire
    }


def liquidation_loan(world: World, caller: Caller, params: Params) -> object:
    """A loan of nothing: the insurance fund bears every deficit here."""
    nothing = world.text(ZERO)
    return {"asset": LOAN_ASSET, "amount": nothing, "repaidAmount": nothing, "remainingAmount": nothing}


def repay_loan(world: World, caller: Caller, params: Params) -> object:
    """Refused with -3036, since there is no such loan; a call that makes no sense with its own code."""
    if needed_amount(params, "amount") <= 0:
        raise refuse(-1130, name="amount")
    if params["asset"] != LOAN_ASSET:
        raise refuse(-3027)
    raise refuse(-3036)


def loan_repayments(world: World, caller: Caller, params: Params) -> object:
    """None. A window that begins too long ago is cut, and never refused for its width."""
    window(params, world.now_ms, default_ms=7 * DAY, largest_ms=max(world.now_ms, 7 * DAY))
    page(params, PAGE)
    return {"total": 0, "rows": []}


_BASE = "/sapi/v1/margin"
_LOAN, _SIGNED, _UID = f"{_BASE}/liquidation-loan", Security.SIGNED, WeightKind.SAPI_UID
_PAGED = ("startTime", "endTime", "current", "size")

ENDPOINTS = (
    Endpoint(
        "POST", f"{_BASE}/manual-liquidation", _SIGNED, 3000, _UID, manual_liquidation, ("type",), ("symbol",),
        ("enableSpotAndMarginTrading",),
    ),
    Endpoint("GET", _LOAN, _SIGNED, 100, _UID, liquidation_loan),
    Endpoint("POST", f"{_LOAN}/repay", _SIGNED, 100, _UID, repay_loan, ("asset", "amount"), (), ("enableMargin",)),
    Endpoint("GET", f"{_LOAN}/repay-history", _SIGNED, 100, _UID, loan_repayments, (), _PAGED),
)  # fmt: skip
