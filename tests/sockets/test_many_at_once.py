"""Twenty pairs cross at one moment: all are closed, the queue of loans holds, and no budget comes near its end.

Ticks come one after the other over a socket; who goes first when they come together: tests/engine/daemon/test_many_pairs.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal as D
from pathlib import Path
from typing import Any

from marginbot.paper.api.endpoint import WeightKind
from marginbot.paper.api.table import ENDPOINTS
from marginbot.paper.books.catalogue import LISTED
from marginbot.paper.books.listing import Listing
from marginbot.paper.books.tiers import tiers_of
from marginbot.paper.weights import Limits
from tests.sockets.daemon import a_world, begun, long_of, watched_from
from tests.sockets.server import LOAN, ORDER

POLICY = """
[[policy]]
pairs = ["*"]
[[policy.rule]]
name = "get out"
when = { distance_to_liquidation_below = "12" }
do = "unwind"
max_slippage_bps = "500"
"""
WORTH = {"USDT": D(5000), "BTC": D("0.05"), "JPY": D(750_000)}
SIZES = {WeightKind.API: Limits().api, WeightKind.SAPI_IP: Limits().sapi_ip, WeightKind.SAPI_UID: Limits().sapi_uid}
SYMBOLS = [listing.symbol for listing, _, _ in LISTED]


def distance(number: int) -> D:
    """Price distance to liquidation of a pair at the start, 15 to 16.9 %: the later pairs of the list are the nearer ones."""
    return D("0.169") - D("0.001") * number


def a_long(number: int, listing: Listing, price: str) -> dict[str, str]:
    """Worth WORTH, with the debt that puts its liquidation at that distance."""
    base = (WORTH[listing.quote] / D(price)).quantize(D("0.00000001"))
    owed = base * D(price) * (1 - distance(number)) / tiers_of(listing)[0].liquidation_ratio
    return long_of(listing.symbol, f"{base:f}", f"{owed.quantize(D('0.00000001')):f}")


def spent(entries: Iterable[Mapping[str, Any]]) -> dict[str, D]:
    """Which part of each budget of a minute these requests use, by what the exchange charges."""
    known = {(one.method, one.path): one for one in ENDPOINTS}
    used: dict[str, D] = {}
    for entry in entries:
        endpoint = known.get((entry["method"], entry["path"]))
        if endpoint is not None:
            budget = "/api" if endpoint.kind is WeightKind.API else f"{endpoint.method} {endpoint.path}"
            weight = endpoint.weight(entry["params"]) if callable(endpoint.weight) else endpoint.weight
            used[budget] = used.get(budget, D(0)) + D(weight) / SIZES[endpoint.kind]
    return used


def test_twenty_pairs_that_cross_in_one_moment_are_all_closed_within_every_budget(tmp_path: Path):
    positions = [a_long(number, listing, price) for number, (listing, price, _) in enumerate(LISTED)]
    with a_world(tmp_path, {"spot": {"USDT": "1000"}, "positions": positions}) as server:
        bot = watched_from(server, tmp_path / "bot", POLICY)
        try:
            daemon = begun(bot, server, *SYMBOLS)
            assert len(SYMBOLS) == 20
            for listing, price, _ in LISTED:
                event = {"on": "GET /api/v3/ping", "do": "set_price", "symbol": listing.symbol, "price": f"{D(price) * 9 / 10:f}"}
                server.control("POST", "event", event)
            started = len(server.log())
            server.http.get("/api/v3/ping")
            daemon.until(lambda: len(daemon.told("an errand ended")) >= 20, "not every pair was worked on")
            assert {line["outcome"] for line in daemon.told("an errand ended")} == {"flat"}
            log = server.log()
            daemon.stop()
            orders = [entry["params"]["symbol"] for entry in log if (entry["method"], entry["path"]) == ("POST", ORDER)]
            assert sorted(orders) == sorted(SYMBOLS), "one order each"
            assert [entry for entry in log if entry["status"] == 429] == []
            repaid = [entry for entry in log if (entry["method"], entry["path"]) == ("POST", LOAN)]
            assert len([entry for entry in repaid if entry["status"] != 200]) <= 2, "the loan queue keeps them apart"
            assert server.call("GET", "/sapi/v1/margin/forceLiquidationRec")["total"] == 0
            parts = spent(log[started:])
            assert max(parts.values()) < D("0.55"), parts
            whole = spent(log)
            assert max(whole.values()) < D("0.6"), "not even when the daemon began in the same minute"
        finally:
            bot.close()
