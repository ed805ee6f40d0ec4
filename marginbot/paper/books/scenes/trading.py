"""The market is hard: thin or empty books, price ranges, fees that are not where they are expected."""

from __future__ import annotations

from marginbot.paper.books.events import at, on
from marginbot.paper.books.scenario import Pair, Position, Scenario
from marginbot.paper.books.scenes.first import LONG_3H, SHORT, SPOT

ORDER = "POST /sapi/v1/margin/order"

SCENES = {
    "thin-book": Scenario(
        about="the whole book holds 0.012 of the 0.05 BTC to sell, the second level a percent away",
        spot=SPOT,
        positions=(LONG_3H,),
        pairs={"BTCUSDT": Pair(book={"quantity": "0.004", "levels": 3, "gap_bps": "100"})},
    ),
    "book-returns": Scenario(
        about="nobody bids for ten seconds, then the book is as usual",
        spot=SPOT,
        positions=(LONG_3H,),
        pairs={"BTCUSDT": Pair(book={"state": "no-bids"})},
        events=(at(10, "set_book", symbol="BTCUSDT", state="normal"),),
    ),
    "price-range": Scenario(
        about="sellers trade down to 0.05 % below the reference price only: market orders expire half filled",
        spot=SPOT,
        positions=(LONG_3H,),
        pairs={"BTCUSDT": Pair(book={"quantity": "0.005"})},
        events=(at(0, "set_range", symbol="BTCUSDT", reference="100000", up="1.0005", down="0.9995"),),
    ),
    "order-limit": Scenario(
        about="two unfilled orders in ten seconds are all that is allowed, and the owner places them first (-1015)",
        spot=SPOT,
        positions=(LONG_3H,),
        pairs={"BTCUSDT": Pair(rules={"market_max_quantity": "0.01000000"})},
        config={"order_limit_10s": 2},
        events=tuple(
            on(ORDER, "owner_order", symbol="BTCUSDT", side="SELL", quantity="0.001", price=price)
            for price in ("110000", "120000")
        ),
    ),
    "max-position": Scenario(
        about="0.04 BTC are owed, and the pair's position may not exceed 0.015 BTC: bought back in parts",
        spot=SPOT,
        positions=(SHORT,),
        pairs={"BTCUSDT": Pair(rules={"max_position": "0.01500000"})},
    ),
    "fees-in-bnb": Scenario(
        about="fees of isolated trades are taken from the BNB in spot",
        spot={"USDT": "1000", "BNB": "0.5"},
        positions=(SHORT,),
        account={"spot_bnb_burn": True},
        config={"isolated_fees_in_bnb": True},
    ),
    "tax": Scenario(
        about="0.05 % tax and 0.02 % special commission come on top of the fee, in the coin received",
        spot=SPOT,
        positions=(SHORT, Position("ETHUSDT", base="1", quote_borrowed="3000", hours=1)),
        account={"special": {"maker": "0.0002", "taker": "0.0002"}, "tax": {"buyer": "0.0005", "seller": "0.0005"}},
    ),
}
