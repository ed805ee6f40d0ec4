"""Something happens in the middle of an unwind: interest, the owner, the exchange."""

from __future__ import annotations

from marginbot.paper.books.events import on
from marginbot.paper.books.scenario import Pair, Scenario
from marginbot.paper.books.scenes.first import LONG_3H, SPOT

ORDER, LOAN, TRANSFER = "POST /sapi/v1/margin/order", "POST /sapi/v1/margin/borrow-repay", "POST /sapi/v1/asset/transfer"

SCENES = {
    "interest-between": Scenario(
        about="a full hour's interest is posted between the look and the first repayment",
        spot=SPOT,
        positions=(LONG_3H,),
        events=(on(LOAN, "post_interest", hours=1),),
    ),
    "many-hours": Scenario(
        about="hours of interest are posted before the first, second and third repayment",
        spot=SPOT,
        positions=(LONG_3H,),
        events=tuple(on(LOAN, "post_interest", nth=number, hours=2) for number in (1, 2, 3)),
    ),
    "liquidation-in-the-middle": Scenario(
        about="the exchange takes the position over after the first slice is sold, and needs 20 s",
        spot=SPOT,
        positions=(LONG_3H,),
        pairs={"BTCUSDT": Pair(rules={"market_max_quantity": "0.02000000"})},
        config={"liquidation_ms": 20_000},
        events=(on(ORDER, "start_liquidation", after=True, symbol="BTCUSDT"),),
    ),
    "owner-trades": Scenario(
        about="the owner sells 0.02 BTC by hand right before our first order arrives",
        spot=SPOT,
        positions=(LONG_3H,),
        events=(on(ORDER, "owner_trade", symbol="BTCUSDT", side="SELL", quantity="0.02"),),
    ),
    "owner-transfers": Scenario(
        about="the owner moves 150 USDT in before the first repayment and 50 out before the first sweep",
        spot=SPOT,
        positions=(LONG_3H,),
        events=(
            on(LOAN, "owner_transfer", symbol="BTCUSDT", asset="USDT", amount="150", way="in"),
            on(TRANSFER, "owner_transfer", symbol="BTCUSDT", asset="USDT", amount="50", way="out"),
        ),
    ),
}
