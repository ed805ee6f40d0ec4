"""/sapi crumbs: what could become BNB, doing it, and what was done. Spot or cross wallet, by `accountType`."""

from __future__ import annotations

from decimal import Decimal

from marginbot.paper.api.endpoint import Caller, Endpoint, Security, WeightKind
from marginbot.paper.api.params import Params, Row, choice, integer
from marginbot.paper.books import dust
from marginbot.paper.books.amounts import ZERO
from marginbot.paper.books.records import Dribblet, Scope
from marginbot.paper.books.world import World

ACCOUNTS = {"SPOT": Scope.SPOT, "MARGIN": Scope.CROSS}
MOST_ROWS = 100


def convertible(world: World, caller: Caller, params: Params) -> object:
    """Every crumb with its value in BTC, and in BNB before and after the fee."""
    offers = dust.offers(world, world.account(caller.uid), _scope(params))
    return {
        "details": [
            {
                "asset": one.asset,
                "assetFullName": world.terms(one.asset).full_name,
                "amountFree": world.text(one.amount),
                "toBTC": world.text(one.btc),
                "toBNB": world.text(one.gross),
                "toBNBOffExchange": world.text(one.net),
                "exchange": world.text(one.fee),
            }
            for one in offers
        ],
        "totalTransferBtc": world.text(sum((one.btc for one in offers), ZERO)),
        "totalTransferBNB": world.text(sum((one.gross for one in offers), ZERO)),
        "dribbletPercentage": world.text(world.config.dust_fee),
    }


def convert(world: World, caller: Caller, params: Params) -> object:
    """Assets comma separated. The samples disagree on whether amounts are meant before the fee: here they are what arrived."""
    row = dust.convert(world, world.account(caller.uid), _scope(params), params["asset"].split(","))
    arrived, fees = _sums(row)
    return {
        "totalServiceCharge": world.text(fees),
        "totalTransfered": world.text(arrived),
        "transferResult": [part | {"tranId": part.pop("transId")} for part in _parts(world, row)],
    }


def history(world: World, caller: Caller, params: Params) -> object:
    """Conversions, newest first, 100 at most."""
    scope, start, end = _scope(params), integer(params, "startTime"), integer(params, "endTime")
    rows = [
        row
        for row in reversed(world.account(caller.uid).dribblets)
        if row.scope is scope and (start is None or row.time >= start) and (end is None or row.time <= end)
    ]
    return {"total": len(rows), "userAssetDribblets": [_group(world, row) for row in rows[:MOST_ROWS]]}


def _group(world: World, row: Dribblet) -> Row:
    arrived, fees = _sums(row)
    return {
        "operateTime": row.time,
        "totalTransferedAmount": world.text(arrived),
        "totalServiceChargeAmount": world.text(fees),
        "transId": row.tran_id,
        "userAssetDribbletDetails": [part | {"targetAsset": dust.BNB} for part in _parts(world, row)],
    }


def _parts(world: World, row: Dribblet) -> list[Row]:
    return [
        {
            "transId": row.tran_id,
            "serviceChargeAmount": world.text(crumb.fee),
            "amount": world.text(crumb.amount),
            "operateTime": row.time,
            "transferedAmount": world.text(crumb.arrived),
            "fromAsset": crumb.asset,
        }
        for crumb in row.crumbs
    ]


def _sums(row: Dribblet) -> tuple[Decimal, Decimal]:
    """(BNB that arrived, BNB kept as fee)."""
    return sum((crumb.arrived for crumb in row.crumbs), ZERO), sum((crumb.fee for crumb in row.crumbs), ZERO)


def _scope(params: Params) -> Scope:
    return ACCOUNTS[choice(params, "accountType", frozenset(ACCOUNTS), "SPOT")]


_BASE, _SIGNED, _IP, _KIND = "/sapi/v1/asset", Security.SIGNED, WeightKind.SAPI_IP, ("accountType",)
_TRADE = ("enableSpotAndMarginTrading",)

ENDPOINTS = (
    Endpoint("POST", f"{_BASE}/dust", _SIGNED, 10, WeightKind.SAPI_UID, convert, ("asset",), _KIND, _TRADE),
    Endpoint("POST", f"{_BASE}/dust-btc", _SIGNED, 1, _IP, convertible, (), _KIND),
    Endpoint("GET", f"{_BASE}/dribblet", _SIGNED, 1, _IP, history, (), (*_KIND, "startTime", "endTime")),
)
