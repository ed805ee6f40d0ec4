"""Every endpoint the emulated exchange answers, and the paths the real one has removed."""

from __future__ import annotations

from dataclasses import replace

from marginbot.paper.api import (
    cross_account,
    customer,
    dust,
    flows,
    isolated,
    liquidations,
    loans,
    margin_orders,
    market_data,
    order_lists,
    public,
    reference,
    risk_keys,
    schedules,
    small_debts,
    special_keys,
    spot,
    spot_delistings,
    tape,
    transfers,
    wallet_balance,
)
from marginbot.paper.api.endpoint import Endpoint
from marginbot.paper.books.amounts import precise

_ROOMS = (public, market_data, spot, isolated, reference, loans, transfers, margin_orders, order_lists, customer,
          flows, cross_account, schedules, small_debts, liquidations, risk_keys, tape, dust, wallet_balance,
          special_keys, spot_delistings)  # fmt: skip

# Handlers reckon in the books' own decimal context, not in that of whoever serves them.
ENDPOINTS: tuple[Endpoint, ...] = tuple(
    replace(endpoint, handler=precise(endpoint.handler)) for room in _ROOMS for endpoint in room.ENDPOINTS
)

_MARGIN = "/sapi/v1/margin"

# Answered with 404 and HTML, so that callers prove they survive it.
RETIRED: frozenset[tuple[str, str]] = frozenset(
    {
        ("POST", f"{_MARGIN}/isolated/create"),
        ("POST", f"{_MARGIN}/transfer"),
        ("POST", f"{_MARGIN}/isolated/transfer"),
        ("GET", f"{_MARGIN}/isolated/transfer"),
        ("POST", f"{_MARGIN}/loan"),
        ("GET", f"{_MARGIN}/loan"),
        ("POST", f"{_MARGIN}/repay"),
        ("GET", f"{_MARGIN}/repay"),
        ("GET", f"{_MARGIN}/asset"),
        ("GET", f"{_MARGIN}/pair"),
        ("GET", f"{_MARGIN}/isolated/pair"),
        ("GET", f"{_MARGIN}/dribblet"),
        ("GET", f"{_MARGIN}/dust"),
        ("POST", f"{_MARGIN}/dust"),
        ("GET", f"{_MARGIN}/leverageBracket"),
        *((method, f"/sapi/v1/userDataStream{end}") for method in ("POST", "PUT", "DELETE") for end in ("", "/isolated")),
        *((method, "/api/v3/userDataStream") for method in ("POST", "PUT", "DELETE")),
    }
)
