"""What every client must have gone through by the end of its life, seen from outside."""

from __future__ import annotations

from decimal import Decimal

from tests.conformance.tap import Tap
from tests.sockets.server import Server

PAIR = "BTCUSDT"
MARGIN = "/sapi/v1/margin"
WRITES = {
    "POST /sapi/v1/asset/transfer": 2,
    f"POST {MARGIN}/borrow-repay": 2,
    f"POST {MARGIN}/order": 3,
    f"DELETE {MARGIN}/order": 1,
    f"POST {MARGIN}/order/oco": 1,
    f"DELETE {MARGIN}/orderList": 1,
}
READS = (f"GET {MARGIN}/order", f"GET {MARGIN}/openOrders", f"GET {MARGIN}/allOrders", f"GET {MARGIN}/myTrades",
         f"GET {MARGIN}/borrow-repay", f"GET {MARGIN}/isolated/account")  # fmt: skip


def check_life(server: Server, tap: Tap) -> None:
    """Nothing was refused or misshapen, every kind of call was made, and the pair owes and locks nothing."""
    assert tap.refused() == []
    assert tap.wrongs() == []
    calls = tap.calls()
    assert {name: calls[name] for name in WRITES} == WRITES
    assert [name for name in READS if not calls[name]] == []
    row = server.row(PAIR)
    for side in (row["baseAsset"], row["quoteAsset"]):
        assert [Decimal(side[name]) for name in ("borrowed", "interest", "locked")] == [0, 0, 0]
    assert Decimal(row["quoteAsset"]["free"]) == 0
