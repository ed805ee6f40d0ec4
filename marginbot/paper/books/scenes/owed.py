"""What is owed is hard: on both sides, too small, too large, or locked away by orders."""

from __future__ import annotations

from marginbot.paper.books.scenario import Pair, Position, Resting, RestingList, Scenario
from marginbot.paper.books.scenes.first import SPOT

SCENES = {
    "both-owed": Scenario(
        about="0.01 BTC and 3,500 USDT owed at once, each with its own interest",
        spot=SPOT,
        positions=(
            Position(
                "BTCUSDT",
                base="0.05",
                quote="1500",
                base_borrowed="0.01",
                quote_borrowed="3500",
                hours=5,
                base_interest="0.00000123",
                quote_interest="0.17500001",
            ),
        ),
    ),
    "locked-by-orders": Scenario(
        about="15 of 20 SOL locked by a limit, a stop-limit and an OCO order",
        spot=SPOT,
        positions=(Position("SOLUSDT", base="20", quote="300", quote_borrowed="2000", hours=1),),
        orders=(
            Resting("SOLUSDT", "SELL", "5", "230"),
            Resting("SOLUSDT", "SELL", "4", "179", stop_price="180"),
            Resting("SOLUSDT", "BUY", "1", "170"),
        ),
        lists=(RestingList("SOLUSDT", "SELL", "6", "240", stop_price="185", stop_limit_price="184"),),
    ),
    "debt-below-notional": Scenario(
        about="0.00003 BTC owed and none held: less than the smallest order",
        spot=SPOT,
        positions=(Position("BTCUSDT", quote="1000", base_borrowed="0.00003"),),
    ),
    "debt-below-min-repay": Scenario(
        about="0.9 USDT owed, 0.6 held, and no part repayment below 1 USDT",
        spot=SPOT,
        positions=(Position("BTCUSDT", base="0.01", quote="0.6", quote_borrowed="0.9"),),
        assets={"USDT": {"min_repay": "1"}},
        config={"refuse_crumbs": True},
    ),
    "crumb-debt": Scenario(
        about="1e-8 BTC and 1e-8 USDT of interest are all that is owed",
        spot=SPOT,
        positions=(Position("BTCUSDT", quote="1000", base_interest="0.00000001", quote_interest="0.00000001"),),
    ),
    "insolvent-long": Scenario(
        about="0.04 BTC held, 4,500 USDT owed, and the exchange is slow to liquidate",
        spot=SPOT,
        positions=(Position("BTCUSDT", base="0.04", quote_borrowed="4500", hours=2),),
        config={"liquidates": False},
    ),
    "insolvent-short": Scenario(
        about="3,500 USDT held, 0.04 BTC owed, and the exchange is slow to liquidate",
        spot=SPOT,
        positions=(Position("BTCUSDT", quote="3500", base_borrowed="0.04", hours=2),),
        config={"liquidates": False},
    ),
    "above-market-lot": Scenario(
        about="0.05 BTC to sell where one market order takes 0.02 at most",
        spot=SPOT,
        positions=(Position("BTCUSDT", base="0.05", quote_borrowed="4000", hours=3),),
        pairs={"BTCUSDT": Pair(rules={"market_max_quantity": "0.02000000"})},
    ),
    "above-notional-max": Scenario(
        about="5,000 USDT worth to sell where one order may be worth 2,000 at most, market orders too",
        spot=SPOT,
        positions=(Position("BTCUSDT", base="0.05", quote_borrowed="4000", hours=3),),
        pairs={"BTCUSDT": Pair(rules={"max_notional": "2000.00000000", "notional_max_to_market": True})},
    ),
}
