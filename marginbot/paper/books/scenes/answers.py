"""The exchange says what is not so: old, half, empty or wrong answers, and histories that come late."""

from __future__ import annotations

from marginbot.paper.books.scenario import Past, Scenario
from marginbot.paper.books.scenes.first import LONG_3H, SPOT

ACCOUNT = {"method": "GET", "path": "/sapi/v1/margin/isolated/account"}
ORDER = {"method": "POST", "path": "/sapi/v1/margin/order"}
LOAN = {"method": "POST", "path": "/sapi/v1/margin/borrow-repay"}
TRANSFER = {"method": "POST", "path": "/sapi/v1/asset/transfer"}
LOST = {"kind": "disconnect"}
LOST_BEFORE = {"kind": "disconnect", "executed": False}

SCENES = {
    "lagging-account": Scenario(
        about="isolated accounts are shown as they were two seconds ago",
        spot=SPOT,
        positions=(LONG_3H,),
        config={"account_lag_ms": 2_000},
    ),
    "half-sale": Scenario(
        about="for three seconds after a trade the coins sold are gone and what they brought is not there",
        spot=SPOT,
        positions=(LONG_3H,),
        config={"half_sale_ms": 3_000},
    ),
    "all-zero-once": Scenario(
        about="the first account read shows zeros everywhere",
        spot=SPOT,
        positions=(LONG_3H,),
        faults=({"kind": "rewrite", "rewrite": "all_zero", **ACCOUNT},),
    ),
    "level-999-with-debt": Scenario(
        about="every account read says level 999 although 4,000 USDT are owed",
        spot=SPOT,
        positions=(LONG_3H,),
        faults=({"kind": "rewrite", "rewrite": "level_999", "count": None, **ACCOUNT},),
    ),
    "odd-level": Scenario(
        about="level and index of every account read are of different instants, 3 % apart",
        spot=SPOT,
        positions=(LONG_3H,),
        faults=({"kind": "rewrite", "rewrite": "odd_level", "count": None, **ACCOUNT},),
    ),
    "lost-order-lookup": Scenario(
        about="the answer to the first order is lost, and lookups do not know the order for three seconds",
        spot=SPOT,
        positions=(LONG_3H,),
        config={"lookup_lag_ms": 3_000},
        faults=(LOST | ORDER,),
    ),
    "late-history": Scenario(
        about="answers to the first repayment and transfer are lost, and history lists them five seconds late",
        spot=SPOT,
        positions=(LONG_3H,),
        config={"history_lag_ms": 5_000},
        faults=(LOST | LOAN, LOST | TRANSFER),
    ),
    "history-in-seconds": Scenario(
        about="as late-history, but at once, with times in seconds and rows in no order",
        spot=SPOT,
        positions=(LONG_3H,),
        past=(
            Past("REPAY", "BTCUSDT", "USDT", "10", 7200),
            Past("REPAY", "BTCUSDT", "USDT", "20", 3600),
            Past("OUT", "BTCUSDT", "USDT", "30", 7200),
            Past("OUT", "BTCUSDT", "USDT", "40", 3600),
        ),
        config={"history_in_seconds": True, "history_shuffled": True},
        faults=(LOST | LOAN, LOST | TRANSFER),
    ),
    "foreign-row": Scenario(
        about="the first repayment never arrives, and history has another one of the same amount half a minute old",
        spot=SPOT,
        positions=(LONG_3H,),
        past=(Past("REPAY", "BTCUSDT", "USDT", "4000.12", 30),),
        faults=(LOST_BEFORE | LOAN,),
    ),
}
