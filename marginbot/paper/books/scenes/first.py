"""Beginnings for everyday use: the default world, the demonstration, and plain positions."""

from __future__ import annotations

from marginbot.paper.books.scenario import Position, Resting, Scenario

LONG = Position("BTCUSDT", base="0.05", quote_borrowed="4000")
SHORT = Position("BTCUSDT", quote="5000", base_borrowed="0.04")
LONG_BTC = Position("BTCUSDT", base="0.05", quote="12.5", quote_borrowed="4000", hours=3)
LONG_3H = Position("BTCUSDT", base="0.05", quote_borrowed="4000", hours=3)
LONG_WITH_IDLE_QUOTE = Position("BTCUSDT", base="0.05", quote="60", quote_borrowed="4000", hours=3)
FALL_IN_LEGS = [
    (0, "100000"), (2, "100000"), (4, "97000"), (5, "97000"), (7, "95500"), (9, "95500"), (11, "93600"), (13, "93600"),
    (15, "90200"), (17, "90200"), (21, "82900"), (23, "82900"), (26, "80000"),
]  # fmt: skip
SHORT_ETH = Position("ETHUSDT", quote="6000", base_borrowed="1", hours=2)
LONG_SOL = Position("SOLUSDT", base="20", quote="300", quote_borrowed="2000", hours=1)
SOL_ORDERS = (Resting("SOLUSDT", "SELL", "5", "230"), Resting("SOLUSDT", "BUY", "1", "180"))
SPOT = {"USDT": "1000"}

SCENES = {
    "default": Scenario(
        about="a long, a short, a long with open orders and an empty pair",
        spot={"USDT": "2500", "BTC": "0.01", "BNB": "0.5"},
        positions=(LONG_BTC, SHORT_ETH, LONG_SOL, Position("ADAUSDT")),
        orders=SOL_ORDERS,
    ),
    "demo": Scenario(
        about="a long with idle coins whose price falls by 20 % in 26 s, with a rest after each leg",
        spot={"USDT": "2500"},
        positions=(LONG_WITH_IDLE_QUOTE,),
        moves={"BTCUSDT": FALL_IN_LEGS},
    ),
    "empty": Scenario(about="nothing but 10,000 USDT in spot", spot={"USDT": "10000"}),
    "long": Scenario(about="0.05 BTC held, 4,000 USDT owed", spot=SPOT, positions=(LONG,)),
    "short": Scenario(about="5,000 USDT held, 0.04 BTC owed", spot=SPOT, positions=(SHORT,)),
    "open-orders": Scenario(
        about="20 SOL held, 2,000 USDT owed, a sell and a buy order stand", spot=SPOT, positions=(LONG_SOL,), orders=SOL_ORDERS
    ),
    "flat": Scenario(about="an opened pair with nothing in it", spot=SPOT, positions=(Position("ADAUSDT"),)),
}
