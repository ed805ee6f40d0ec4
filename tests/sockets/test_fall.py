"""A fall of 20 % in 12 s over real sockets: every rung acts once, in order, and the exchange never has to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal as D
from pathlib import Path

import pytest

from tests.sockets.daemon import Daemon, a_world, begun, falls, long_of, price_of, watched_from
from tests.sockets.server import LOAN, ORDER, TRANSFER, Server

RUNGS = ["warn", "pay with idle coins", "bring money", "sell some", "get out"]
LADDER = """
[[policy]]
pairs = [{pairs}]
[[policy.rule]]
name = "warn"
when = {{ margin_level_below = "{0}" }}
do = "alert"
cool_down = "10m"
[[policy.rule]]
name = "pay with idle coins"
when = {{ margin_level_below = "{1}" }}
do = "repay"
cool_down = "10m"
[[policy.rule]]
name = "bring money"
when = {{ margin_level_below = "{2}" }}
do = "top_up"
target_level = "{3}"
budget = {{ per_action = "5000", keep_in_spot = "100" }}
cool_down = "10m"
[[policy.rule]]
name = "sell some"
when = {{ margin_level_below = "{4}" }}
do = "deleverage"
target_level = "{5}"
max_slippage_bps = "400"
cool_down = "10m"
[[policy.rule]]
name = "get out"
when = {{ margin_level_below = "{6}" }}
do = "unwind"
max_slippage_bps = "400"
"""
TEN_FOLD = LADDER.format("1.25", "1.22", "1.19", "1.22", "1.15", "1.18", "1.11", pairs='"BTCUSDT", "ETHUSDT"')
FIVE_FOLD = LADDER.format("1.37", "1.35", "1.31", "1.34", "1.26", "1.29", "1.23", pairs='"SOLUSDT"')
# Levels at the start: BTC 5100 / 4050 = 1.259; ETH 152,000 / 111,400 = 1.364, in its second tier; SOL 5100 / 3700 = 1.378.
THREE_PAIRS = {
    "spot": {"USDT": "20000"},
    "positions": [
        long_of("BTCUSDT", "0.05", "4050", idle="100"),
        long_of("ETHUSDT", "37.5", "111400", idle="2000"),
        long_of("SOLUSDT", "25", "3700", idle="100"),
    ],
}
# 5000 / 4000 = 1.25, and 1.10 at 88,000.
ONE_PAIR = {"spot": {"USDT": "1000"}, "positions": [long_of("BTCUSDT", "0.05", "4000")]}
ONLY_OUT = """
[[policy]]
pairs = ["*"]
[[policy.rule]]
name = "get out"
when = { margin_level_below = "1.10" }
do = "unwind"
max_slippage_bps = "400"
"""
BEGINS = {"BTCUSDT": 100_000, "ETHUSDT": 4_000, "SOLUSDT": 200}
SELLS = {"BTCUSDT": "1.15", "ETHUSDT": "1.15", "SOLUSDT": "1.26"}


@contextmanager
def three_pairs_watched(folder: Path) -> Iterator[tuple[Server, Daemon]]:
    with a_world(folder, THREE_PAIRS) as server:
        bot = watched_from(server, folder / "bot", TEN_FOLD + FIVE_FOLD)
        try:
            daemon = begun(bot, server, *BEGINS)
            yield server, daemon
            daemon.stop()
        finally:
            bot.close()


def all_fall(server: Server) -> None:
    for symbol, price in BEGINS.items():
        falls(server, symbol, [(0, str(price)), (12, str(price * 8 // 10))])


def acts(daemon: Daemon, symbol: str) -> list[str]:
    """Kinds of the writes in the journal that were done, sweeps of dust aside."""
    done = [step for step in daemon.steps(symbol) if step["state"] == "done"]
    return [step["kind"] for step in done if step["kind"] != "sweep" or step["asset"] == "USDT"]


def down_to(server: Server, part: str) -> bool:
    return price_of(server, "BTCUSDT") <= 100_000 * D(part)


def is_over(server: Server, daemon: Daemon, symbol: str) -> bool:
    """Some was sold at least, the last rung that fired has ended, and nothing is owed or the level is above that of selling."""
    fired, ended, row = daemon.fired(symbol), daemon.ended(symbol), server.row(symbol)
    safe = D(row["quoteAsset"]["borrowed"]) == 0 or D(row["marginLevel"]) > D(SELLS[symbol])
    return safe and RUNGS[3] in fired and bool(ended) and ended[-1][0] == fired[-1]


def assert_saved(server: Server, symbol: str, *, flat: bool) -> None:
    """No liquidation, nothing borrowed after the start, and flat or above the level at which some is sold."""
    assert server.call("GET", "/sapi/v1/margin/forceLiquidationRec")["total"] == 0
    assert server.call("GET", LOAN, type="BORROW", isolatedSymbol=symbol)["total"] <= 1
    if flat:
        server.assert_empty(symbol)
        return
    assert D(server.row(symbol)["marginLevel"]) > D(SELLS[symbol])


def test_in_a_fall_of_a_fifth_every_rung_acts_once_and_in_order(tmp_path: Path):
    with three_pairs_watched(tmp_path) as (server, daemon):
        all_fall(server)
        for symbol in ("BTCUSDT", "SOLUSDT"):
            daemon.until(lambda of=symbol: ("get out", "flat") in daemon.ended(of), f"{symbol} was not closed")  # type: ignore[misc]
            assert daemon.fired(symbol) == RUNGS
            assert daemon.ended(symbol) == [*((rung, "reached") for rung in RUNGS[1:4]), ("get out", "flat")]
            assert_saved(server, symbol, flat=True)
            kinds = acts(daemon, symbol)
            assert (kinds[0], kinds[-1]) == ("repay", "sweep")
            assert kinds.index("top_up") < kinds.index("close"), "a rung may take two steps while the price runs away from it"
        daemon.until(lambda: down_to(server, "0.8"), "the price did not fall")
        daemon.until(lambda: ("sell some", "reached") in daemon.ended("ETHUSDT"), "nothing of ETH was sold")
        assert daemon.ended("ETHUSDT") == [(rung, "reached") for rung in RUNGS[1:4]]
        assert_saved(server, "ETHUSDT", flat=False)
        assert acts(daemon, "ETHUSDT")[0] == "repay"


def test_an_api_that_fails_for_two_of_the_twelve_seconds_costs_no_pair(tmp_path: Path):
    with three_pairs_watched(tmp_path) as (server, daemon):
        all_fall(server)
        daemon.until(lambda: down_to(server, "0.9"), "the price did not fall")
        server.fault(kind="disconnect", path="/sapi/*", count=None)
        server.fault(kind="answer", status=503, path="/api/v3/[!t]*", count=None)
        daemon.until(lambda: down_to(server, "0.867"), "the price did not fall")
        server.control("DELETE", "faults")
        daemon.until(lambda: down_to(server, "0.8"), "the price did not fall")
        for symbol in BEGINS:
            daemon.until(lambda of=symbol: is_over(server, daemon, of), f"{symbol} is in danger")  # type: ignore[misc]
            fired = daemon.fired(symbol)
            assert fired == RUNGS[: len(fired)], "each rung once, in order; one that had no time to act is told"
            rungs = [rung for rung, _ in daemon.ended(symbol)]
            assert rungs == sorted(set(rungs), key=RUNGS.index), "no rung acts twice"
            assert_saved(server, symbol, flat=fired == RUNGS)


@pytest.mark.parametrize("write", [ORDER, LOAN, TRANSFER])
def test_a_daemon_killed_in_an_unwind_goes_to_flat_when_it_starts_again_though_the_price_is_back(tmp_path: Path, write: str):
    with a_world(tmp_path, ONE_PAIR) as server:
        bot = watched_from(server, tmp_path / "bot", ONLY_OUT)
        try:
            killed = begun(bot, server, "BTCUSDT")
            server.hold("POST", write)
            falls(server, "BTCUSDT", [(0, "100000"), (2, "86000")], smoothing_s=0)
            server.struck()
            killed.running.kill()
            server.control("POST", "price", {"symbol": "BTCUSDT", "price": "100000"})
            daemon = begun(bot, server)
            daemon.until(lambda: ("get out", "flat") in daemon.ended("BTCUSDT"), "it was not closed")
            daemon.stop()
            assert_saved(server, "BTCUSDT", flat=True)
            assert server.done_by_us("BTCUSDT") == {"close": 1, "repay": 1, "sweep": 1}
            assert {entry["state"] for entry in daemon.steps("BTCUSDT")} == {"done"}
        finally:
            bot.close()
