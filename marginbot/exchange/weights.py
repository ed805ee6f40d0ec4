"""What each endpoint costs of which budget. Source: weight and weight_kind of the exchange's pages."""

from __future__ import annotations

from enum import Enum
from typing import Final

from marginbot.exchange.messages import Call


class Kind(Enum):
    """The three budgets per minute: `/api` of the address; one `/sapi` endpoint by address, or by account."""

    API = "api"
    SAPI_IP = "ip"
    SAPI_UID = "uid"


BUDGET_SIZES: Final = {Kind.API: 6000, Kind.SAPI_IP: 12_000, Kind.SAPI_UID: 180_000}

_WEIGHTS: Final = {
    "GET /api/v3/time": (Kind.API, 1),
    "GET /api/v3/exchangeInfo": (Kind.API, 20),
    "GET /api/v3/ticker/bookTicker": (Kind.API, 4),
    "POST /api/v3/order/test": (Kind.API, 1),
    "GET /api/v3/account": (Kind.API, 20),
    "GET /api/v3/account/commission": (Kind.API, 20),
    "GET /sapi/v1/margin/isolated/account": (Kind.SAPI_IP, 10),
    "GET /sapi/v1/margin/isolatedMarginTier": (Kind.SAPI_IP, 1),
    "GET /sapi/v1/margin/openOrders": (Kind.SAPI_IP, 10),
    "GET /sapi/v1/margin/order": (Kind.SAPI_IP, 10),
    "GET /sapi/v1/margin/myTrades": (Kind.SAPI_IP, 10),
    "GET /sapi/v1/margin/borrow-repay": (Kind.SAPI_IP, 10),
    "GET /sapi/v1/margin/maxTransferable": (Kind.SAPI_IP, 50),
    "GET /sapi/v1/margin/allAssets": (Kind.SAPI_IP, 1),
    "GET /sapi/v1/margin/isolatedMarginData": (Kind.SAPI_IP, 1),
    "GET /sapi/v1/margin/isolated/allPairs": (Kind.SAPI_IP, 10),
    "GET /sapi/v1/account/apiRestrictions": (Kind.SAPI_IP, 1),
    "GET /sapi/v1/asset/transfer": (Kind.SAPI_IP, 1),
    "GET /sapi/v1/margin/openOrderList": (Kind.SAPI_IP, 10),
    "DELETE /sapi/v1/margin/openOrders": (Kind.SAPI_IP, 1),
    "DELETE /sapi/v1/margin/order": (Kind.SAPI_IP, 10),
    "DELETE /sapi/v1/margin/orderList": (Kind.SAPI_UID, 1),
    "POST /sapi/v1/margin/order": (Kind.SAPI_UID, 6),
    "POST /sapi/v1/margin/borrow-repay": (Kind.SAPI_UID, 1500),
    "POST /sapi/v1/asset/transfer": (Kind.SAPI_UID, 900),
    "POST /sapi/v1/userListenToken": (Kind.SAPI_UID, 1),
}
_DEPTH: Final = ((100, 5), (500, 25), (1000, 50), (5000, 250))


def weight_of(call: Call) -> tuple[Kind, int]:
    """The budget a call draws on and how much; an endpoint not listed counts as a dear one."""
    if call.endpoint == "GET /api/v3/depth":
        levels = int(call.params.get("limit", "100"))
        return Kind.API, next((weight for most, weight in _DEPTH if levels <= most), _DEPTH[-1][1])
    default = (Kind.API, 20) if call.path.startswith("/api/") else (Kind.SAPI_IP, 100)
    return _WEIGHTS.get(call.endpoint, default)
