"""The pair is unlike BTCUSDT: coarse or tiny steps, another quote coin, old filters, a state in which nothing trades."""

from __future__ import annotations

from decimal import Decimal

from marginbot.paper.books.amounts import floor8
from marginbot.paper.books.catalogue import LISTED, rules_of_2021
from marginbot.paper.books.events import at, on
from marginbot.paper.books.scenario import Pair, Position, Resting, Scenario
from marginbot.paper.books.scenes.first import LONG, LONG_3H, SPOT

ORDER = "POST /sapi/v1/margin/order"
NO_RULES = dict.fromkeys(
    (
        "tick", "step", "min_notional", "min_price", "max_price", "max_quantity", "market_min_quantity",
        "market_max_quantity", "market_step", "max_notional",
    ),
    "0.00000000",
)  # fmt: skip


def _twenty() -> tuple[Position, ...]:
    """One position a pair, worth 5,000 USDT or so: a long, a short, idle coins, an empty one, and so on."""
    worths = {"BTC": Decimal("0.05"), "JPY": Decimal(750_000)}
    positions: list[Position] = []
    for number, (listing, price, _) in enumerate(LISTED):
        worth = worths.get(listing.quote, Decimal(5_000))
        whole = floor8(worth / Decimal(price))
        kinds = (
            Position(listing.symbol, base=str(whole), quote_borrowed=str(worth * 4 / 5), hours=number + 1),
            Position(listing.symbol, quote=str(worth), base_borrowed=str(floor8(whole * 4 / 5)), hours=number + 1),
            Position(listing.symbol, base=str(whole), quote=str(worth / 500)),
            Position(listing.symbol),
        )
        positions.append(kinds[number % 4])
    return tuple(positions)


SCENES = {
    "doge-long": Scenario(
        about="20,000.5 DOGE held, whole coins only; 4,000 USDT owed",
        spot=SPOT,
        positions=(Position("DOGEUSDT", base="20000.5", quote_borrowed="4000", hours=3),),
    ),
    "shib-long": Scenario(
        about="500 million SHIB held, a tick of 1e-8 at a price of 1e-5; 4,000 USDT owed",
        spot=SPOT,
        positions=(Position("SHIBUSDT", base="500000000.37", quote_borrowed="4000", hours=3),),
    ),
    "pepe-short": Scenario(
        about="400 million PEPE owed with interest in whole coins, 5,000 USDT held",
        spot=SPOT,
        positions=(Position("PEPEUSDT", quote="6500", base_borrowed="400000000", hours=2),),
    ),
    "bnbbtc-long": Scenario(
        about="10 BNB held, 0.064 BTC owed: everything counts in BTC",
        spot={"BTC": "0.01"},
        positions=(Position("BNBBTC", base="10.00012", quote_borrowed="0.064", hours=3),),
    ),
    "ethbtc-short": Scenario(
        about="2 ETH owed, 0.1 BTC held: everything counts in BTC",
        spot={"BTC": "0.01"},
        positions=(Position("ETHBTC", quote="0.1", base_borrowed="2", hours=3),),
    ),
    "btcjpy-long": Scenario(
        about="0.05 BTC held, 600,000 JPY owed: a tick of one yen, 100 yen at least",
        spot={"JPY": "10000"},
        positions=(Position("BTCJPY", base="0.0500005", quote_borrowed="600000", hours=3),),
    ),
    "zero-steps": Scenario(
        about="every step, minimum and maximum of the pair is 0, which means no rule",
        spot=SPOT,
        positions=(Position("BTCUSDT", base="0.05123457", quote_borrowed="4000", hours=3),),
        pairs={"BTCUSDT": Pair(rules=NO_RULES)},
    ),
    "min-notional-2021": Scenario(
        about="the filters of March 2021: MIN_NOTIONAL of 10 USDT, step 0.000001, other order of filters",
        spot=SPOT,
        positions=(Position("BTCUSDT", base="0.0512345", quote_borrowed="4000", hours=3),),
        pairs={"BTCUSDT": Pair(rules=rules_of_2021())},
    ),
    "changing-steps": Scenario(
        about="tick and step grow a hundredfold right before the first order arrives",
        spot=SPOT,
        positions=(Position("BTCUSDT", base="0.05123", quote_borrowed="4000", hours=3),),
        events=(on(ORDER, "change_filters", symbol="BTCUSDT", tick="1.00000000", step="0.00100000"),),
    ),
    "halted": Scenario(
        about="the pair is in BREAK: nothing trades", spot=SPOT, positions=(LONG,), pairs={"BTCUSDT": Pair(status="BREAK")}
    ),
    "cancel-only": Scenario(
        about="orders can be cancelled but not placed, and one locks 0.02 BTC",
        spot=SPOT,
        positions=(LONG_3H,),
        orders=(Resting("BTCUSDT", "SELL", "0.02", "110000"),),
        pairs={"BTCUSDT": Pair(status="CANCEL_ONLY")},
    ),
    "delisting": Scenario(
        about="the pair leaves isolated margin in 12 hours: no borrowing, no transfers in beyond the debt",
        spot=SPOT,
        positions=(LONG_3H,),
        events=(at(0, "delist", symbol="BTCUSDT", in_hours=12),),
    ),
    "disabled": Scenario(
        about="the pair's account is switched off with a position in it",
        spot=SPOT,
        positions=(Position("BTCUSDT", base="0.05", quote_borrowed="4000", hours=3, enabled=False),),
    ),
    "never-opened": Scenario(about="BTCUSDT has never had an account, only ADAUSDT", spot=SPOT, positions=(Position("ADAUSDT"),)),
    "no-enabled-key": Scenario(
        about="the account answer has no `enabled`, as in old ones",
        spot=SPOT,
        positions=(LONG_3H,),
        config={"omit_enabled": True},
    ),
    "wrong-row-first": Scenario(
        about="healthy pairs, never opened ones among them, come before the one in debt",
        spot=SPOT,
        positions=(LONG_3H, Position("ETHUSDT", base="1"), Position("SOLUSDT", quote="100")),
        config={"ghost_rows": True, "reversed_rows": True},
    ),
    "twenty-pairs": Scenario(
        about="every pair has an account: longs, shorts, idle coins, empty ones", spot=SPOT, positions=_twenty()
    ),
}
