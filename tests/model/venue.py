"""What happens to the customer: prices, hours, books, closed pairs, and the moods of the exchange."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from marginbot.paper.books import risk
from tests.model import wishes
from tests.model.owner import Owner
from tests.model.wishes import Place

SECOND, MINUTE, HOUR = 1000, 60_000, 3_600_000
# What may be switched, on and off.
SWITCHES = [
    ("loan_pending_ms", 0), ("loan_pending_ms", 700), ("transfer_pending_ms", 0), ("transfer_pending_ms", 700),
    ("loans_fail", False), ("loans_fail", True), ("transfers_fail", False), ("transfers_fail", True),
    ("loan_gap_ms", 0), ("loan_gap_ms", 500), ("loans_serial", "pair"), ("cooling_off", True), ("cooling_off", False),
    ("liquidates", True), ("liquidates", False), ("liquidation_ms", 1000), ("liquidation_ms", 0),
    ("liquidation_cancels_first", False), ("manual_isolated_liquidation", True), ("rising_ratios", True),
    ("isolated_fees_in_bnb", True), ("isolated_fees_in_bnb", False), ("isolated_interest_in_bnb", True),
    ("auto_repay_share", "1"), ("auto_repay_share", "0.5"), ("refuse_crumbs", True), ("refuse_crumbs", False),
    ("transfer_cap", "0"), ("transfer_cap", "50"), ("account_stale_reads", 0), ("account_stale_reads", 1),
    ("half_sale_ms", 0), ("half_sale_ms", 500), ("delist_delay_ms", 2 * HOUR), ("delist_settles", False), ("dust_gap_ms", 0),
    ("dust_value", "10"),
]  # fmt: skip
FROM_THE_BEGINNING = [("refill_ms", 0), ("refill_ms", 60_000), *SWITCHES]
SPEEDS: dict[str, list[tuple[str, object]]] = {"fast": [], "slow": [("loan_pending_ms", 700), ("transfer_pending_ms", 700)]}
SPEEDS["failing"] = [*SPEEDS["slow"], ("loans_fail", True), ("transfers_fail", True)]
MARKETS = ("normal", "thin", "empty", "no-bids", "no-asks", "HALT", "range")
RARE = ("will leave", "soon", "coin leaves", "top up", "interest", "inventory", "minimum")
READS = {
    "/api/v3/account": {}, "/api/v3/openOrders": {}, "/api/v3/depth": {"symbol": "BTCUSDT"}, "/sapi/v1/margin/account": {},
    "/sapi/v1/margin/openOrderList": {}, "/sapi/v1/margin/allOrderList": {}, "/sapi/v1/margin/interestHistory": {},
    "/sapi/v1/margin/forceLiquidationRec": {}, "/sapi/v1/margin/delist-schedule": {},
}  # fmt: skip
READS_OF_A_PAIR = (
    "/api/v3/allOrders", "/api/v3/myTrades", "/sapi/v1/margin/openOrders", "/sapi/v1/margin/allOrders",
    "/sapi/v1/margin/myTrades",
)  # fmt: skip


class Venue(Owner):
    """A customer on an exchange where things happen."""

    @initialize(
        positions=st.lists(st.tuples(wishes.margin_places, wishes.sides), min_size=1, max_size=4),
        moods=st.lists(st.sampled_from(FROM_THE_BEGINNING), max_size=4, unique_by=lambda switch: switch[0]),
        thin=st.none() | wishes.symbols, tops_up=st.booleans(), speed=st.sampled_from(("fast", "slow", "failing")),
        loans_at=st.sampled_from(("placing", "execution")),
    )  # fmt: skip
    def begins(
        self, positions: list[tuple[Place, str]], moods: list[tuple[str, object]], thin: str | None, tops_up: bool, speed: str,
        loans_at: str,
    ) -> None:  # fmt: skip
        self.is_funded()
        for place, side in positions:
            self.market_order(place, side, Decimal("0.95"), "MARGIN_BUY", "", in_quote=False)
        if thin is not None:
            self.the_market_changes(thin, "thin")
        if tops_up:
            self.happen("auto_topup", symbol="BTCUSDT")
        for mood in [("margin_buy_borrows", loans_at), *SPEEDS[speed], *moods]:
            self.the_exchange_changes_its_mood(mood)

    @rule(ms=st.sampled_from((1, 400, SECOND, MINUTE, HOUR, 25 * HOUR)))
    def time_passes(self, ms: int) -> None:
        self.wait(ms)

    @rule(symbol=wishes.symbols, move=wishes.moves, index=st.none() | wishes.moves)
    def the_price_jumps(self, symbol: str, move: Decimal, index: Decimal | None) -> None:
        now = self.client.world.market(symbol).mid
        elsewhere = None if index is None else wishes.amount(now * index)
        self.happen("set_price", symbol=symbol, price=wishes.amount(now * move), index=elsewhere)

    @precondition(lambda self: any(self.client.account.isolated[symbol].owes() for symbol in wishes.SYMBOLS))
    @rule(data=st.data(), beyond=st.sampled_from(("-0.2", "-0.1", "-0.001", "0.01", "0.03", "0.08")).map(Decimal))
    def the_price_nears_the_end(self, data: st.DataObject, beyond: Decimal) -> None:
        """So far from where the exchange takes over, below nought on the wrong side of it."""
        owing = [symbol for symbol in wishes.SYMBOLS if self.client.account.isolated[symbol].owes()]
        symbol = data.draw(st.sampled_from(owing), label="pair")
        pair, market = self.client.account.isolated[symbol], self.client.world.market(symbol)
        end = risk.liquidation_price(pair, risk.pair_tier(market.listing, pair, self.client.world.config).liquidation_ratio)
        if end:
            price = end * (1 + beyond if end < market.index else 1 - beyond)
            self.happen("set_price", symbol=symbol, price=wishes.amount(price))

    @precondition(lambda self: bool(self.client.account.open_orders))
    @rule(data=st.data(), beyond=st.sampled_from((-5, 0, 5)))
    def the_price_reaches_an_order(self, data: st.DataObject, beyond: int) -> None:
        self.the_price_comes_to(self.an_open_order(data), beyond)

    @rule(symbol=wishes.symbols, moves=st.lists(wishes.moves, min_size=1, max_size=3), seconds=st.integers(1, 5))
    def the_price_wanders(self, symbol: str, moves: list[Decimal], seconds: int) -> None:
        now = self.client.world.market(symbol).mid
        points = [[step * seconds, wishes.amount(now * move)] for step, move in enumerate(moves, start=1)]
        self.happen("drive_price", symbol=symbol, kind="script", points=points, smoothing_s=seconds)

    @rule(symbol=wishes.symbols, what=st.sampled_from(MARKETS))
    def the_market_changes(self, symbol: str, what: str) -> None:
        """Whatever was odd before, its pair trades freely again unless that is what changes."""
        self.happen("set_status", symbol=symbol, status="HALT" if what == "HALT" else "TRADING")
        price = wishes.amount(self.client.world.market(symbol).mid) if what == "range" else None
        self.happen("set_range", symbol=symbol, reference=price, up="1.002", down="0.998")
        self.happen("set_book", symbol=symbol, state="normal" if what in ("HALT", "range") else what)

    @rule(switch=st.sampled_from(SWITCHES))
    def the_exchange_changes_its_mood(self, switch: tuple[str, object]) -> None:
        name, value = switch
        self.happen("set_switch", name=name, value=value)

    @rule(symbol=wishes.symbols, what=st.sampled_from(RARE))
    def something_rare(self, symbol: str, what: str) -> None:
        if what == "interest":
            self.happen("post_interest", hours=10)
        elif what == "inventory":
            for client in self.clients():
                client.world.assets["USDT"].inventory = Decimal(100)
        elif what == "minimum":
            for client in self.clients():
                client.world.assets["USDT"].min_repay = Decimal("0.01")
        elif what == "coin leaves":
            self.happen("delist", asset="ADA", in_hours=1)
        elif what == "top up":
            self.happen("auto_topup", symbol=symbol, on=True)
        else:
            self.happen("delist", symbol=symbol, in_hours=48 if what == "will leave" else 1)

    @rule(symbol=wishes.symbols)
    def everything_is_read(self, symbol: str) -> None:
        pair = {"isIsolated": "TRUE", "symbol": symbol}
        for client in self.clients():
            for path, params in READS.items():
                client.read(path, **params)
            for path in READS_OF_A_PAIR:
                client.read(path, **(pair if path.startswith("/sapi") else {"symbol": symbol}))
