"""Calling the endpoints as the shell does: by method and path, with text parameters."""

from __future__ import annotations

from typing import Any

from marginbot.paper.api.endpoint import Caller
from marginbot.paper.api.table import ENDPOINTS
from marginbot.paper.books.world import World

BY_PATH = {(endpoint.method, endpoint.path): endpoint for endpoint in ENDPOINTS}
NEEDED = ("enableReading", "enableMargin", "enableSpotAndMarginTrading", "permitsUniversalTransfer")
FULL = Caller(1, "key", dict.fromkeys(NEEDED, True))
ISOLATED = {"symbol": "BTCUSDT", "isIsolated": "TRUE"}


def call(world: World, method: str, path: str, caller: Caller = FULL, **params: str) -> Any:
    """The answer of one endpoint. `/api` paths in full, others below /sapi/v1."""
    full = path if path.startswith(("/api", "/sapi")) else f"/sapi/v1/{path}"
    endpoint = BY_PATH[method, full]
    assert set(endpoint.required) <= set(params) <= {*endpoint.required, *endpoint.optional}
    return endpoint.handler(world, caller, params)


def row(world: World, symbol: str = "BTCUSDT") -> dict[str, Any]:
    """The isolated account of one pair as the exchange shows it."""
    found: dict[str, Any] = call(world, "GET", "margin/isolated/account", symbols=symbol)["assets"][0]
    return found


def market_order(world: World, side: str, quantity: str, **params: str) -> Any:
    wanted = {"symbol": "BTCUSDT", "side": side, "type": "MARKET", "quantity": quantity} | params
    return call(world, "POST", "margin/order", **wanted)


def limit_order(world: World, side: str, quantity: str, price: str, **params: str) -> Any:
    wanted = {"symbol": "BTCUSDT", "side": side, "type": "LIMIT", "timeInForce": "GTC", "quantity": quantity}
    return call(world, "POST", "margin/order", price=price, **(wanted | params))
