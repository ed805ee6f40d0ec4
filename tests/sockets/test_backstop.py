"""The fall of 20 % with the backstop alone: the daemon is killed before it, and stop orders at the exchange save every pair."""

from __future__ import annotations

from decimal import Decimal as D
from pathlib import Path

from tests.sockets.daemon import a_world, begun, falls, long_of, watched_from
from tests.sockets.server import LOAN, Server

LADDER = """
[[policy]]
pairs = [{pairs}]
backstop = true
[[policy.rule]]
name = "get out"
when = {{ margin_level_below = "{level}" }}
do = "unwind"
max_slippage_bps = "400"
"""
POLICY = LADDER.format(pairs='"BTCUSDT", "ETHUSDT"', level="1.11") + LADDER.format(pairs='"SOLUSDT"', level="1.23")
# Last rung and liquidation: BTC 92,350 and 87,250; ETH 3641 and 3444; SOL 182 and 170.2: each within 15 % of the price.
THREE_PAIRS = {
    "spot": {"USDT": "1000"},
    "positions": [
        long_of("BTCUSDT", "0.05", "4250", idle="100"),
        long_of("ETHUSDT", "1.25", "4100"),
        long_of("SOLUSDT", "25", "3700"),
    ],
}
BEGINS = {"BTCUSDT": 100_000, "ETHUSDT": 4_000, "SOLUSDT": 200}


def waiting(server: Server, symbol: str) -> list[str]:
    """The types of the open orders of a pair."""
    rows = server.call("GET", "/sapi/v1/margin/openOrders", symbol=symbol, isIsolated="TRUE")
    return [row["type"] for row in rows]


def test_the_same_fall_with_nobody_there_but_the_backstop_liquidates_no_pair(tmp_path: Path):
    with a_world(tmp_path, THREE_PAIRS) as server:
        bot = watched_from(server, tmp_path / "bot", POLICY)
        try:
            killed = begun(bot, server, *BEGINS)
            killed.until(lambda: all(waiting(server, of) == ["STOP_LOSS_LIMIT"] for of in BEGINS), "a backstop is missing")
            killed.running.kill()
            for symbol, price in BEGINS.items():
                falls(server, symbol, [(0, str(price)), (4, str(price * 8 // 10))])
            killed.until(lambda: all(waiting(server, of) == [] for of in BEGINS), "a backstop was not filled")
            for symbol in BEGINS:
                row = server.row(symbol)
                assert (D(row["quoteAsset"]["borrowed"]), row["marginLevelStatus"]) == (0, "EXCESSIVE")
            again = begun(bot, server, *BEGINS)
            for symbol in BEGINS:
                again.until(lambda of=symbol: again.ended(of) == [("backstop", "flat")], f"{symbol} did not come home")  # type: ignore[misc]
                server.assert_empty(symbol)
                assert server.call("GET", LOAN, type="BORROW", isolatedSymbol=symbol)["total"] <= 1, "no debt but the first"
            assert server.call("GET", "/sapi/v1/margin/forceLiquidationRec")["total"] == 0
            again.stop()
        finally:
            bot.close()
