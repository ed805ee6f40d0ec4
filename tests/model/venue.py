"""What happens to the customer: prices, hours, books, closed pairs, and the moods of the exchange."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

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
FROM_THE_BEGINNING = [("margin_buy_borrows", "execution"), ("refill_ms", 0), ("refill_ms", 60_000), *SWITCHES]
RARE = ("take over", "will leave", "soon", "coin leaves", "top up", "interest", "inventory", "minimum")
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
        moods=st.lists(st.sampled_from(FROM_THE_BEGINNING), max_size=6, unique_by=lambda switch: switch[0]),
        debts=st.lists(st.tuples(wishes.margin_places, wishes.sides, st.sampled_from(("0.5", "0.97"))), max_size=3),
        thin=st.none() | wishes.symbols,
    )
    def begins(self, moods: list[tuple[str, object]], debts: list[tuple[Place, str, str]], thin: str | None) -> None:
        self.is_funded()
        for place, side, share in debts:
            self.borrow(place, side, Decimal(share))
        if thin is not None:
            self.the_book_changes(thin, "thin")
        for mood in moods:
            self.the_exchange_changes_its_mood(mood)

    @rule(ms=st.sampled_from((1, 400, SECOND, MINUTE, HOUR, 25 * HOUR)))
    def time_passes(self, ms: int) -> None:
        for client in self.clients():
            client.wait(ms)

    @rule(symbol=wishes.symbols, move=wishes.moves, index=st.none() | wishes.moves)
    def the_price_jumps(self, symbol: str, move: Decimal, index: Decimal | None) -> None:
        now = self.client.world.market(symbol).mid
        elsewhere = None if index is None else wishes.amount(now * index)
        self.happen("set_price", symbol=symbol, price=wishes.amount(now * move), index=elsewhere)

    @precondition(lambda self: self.client.account.open_orders)
    @rule(data=st.data(), beyond=st.sampled_from((-5, 0, 5)))
    def the_price_reaches_an_order(self, data: st.DataObject, beyond: int) -> None:
        order = self.an_open_order(data)
        price = (order.stop_price or order.price) * (1 + Decimal(beyond) / 10_000)
        self.happen("set_price", symbol=order.symbol, price=wishes.amount(price))

    @rule(symbol=wishes.symbols, moves=st.lists(wishes.moves, min_size=1, max_size=3), seconds=st.integers(1, 5))
    def the_price_wanders(self, symbol: str, moves: list[Decimal], seconds: int) -> None:
        now = self.client.world.market(symbol).mid
        points = [[step * seconds, wishes.amount(now * move)] for step, move in enumerate(moves, start=1)]
        self.happen("drive_price", symbol=symbol, kind="script", points=points, smoothing_s=seconds)

    @rule(symbol=wishes.symbols, state=st.sampled_from(("normal", "normal", "thin", "empty", "no-bids", "no-asks")))
    def the_book_changes(self, symbol: str, state: str) -> None:
        self.happen("set_book", symbol=symbol, state=state)

    @rule(symbol=wishes.symbols, status=st.sampled_from(("TRADING", "TRADING", "TRADING", "HALT")), in_range=st.booleans())
    def the_pair_has_other_rules(self, symbol: str, status: str, in_range: bool) -> None:
        self.happen("set_status", symbol=symbol, status=status)
        price = wishes.amount(self.client.world.market(symbol).mid) if in_range else None
        self.happen("set_range", symbol=symbol, reference=price, up="1.002", down="0.998")

    @rule(switch=st.sampled_from(SWITCHES))
    def the_exchange_changes_its_mood(self, switch: tuple[str, object]) -> None:
        name, value = switch
        self.happen("set_switch", name=name, value=value)

    @rule(symbol=wishes.symbols, what=st.sampled_from(RARE))
    def something_rare(self, symbol: str, what: str) -> None:
        if what == "take over":
            self.happen("start_liquidation", symbol=symbol)
        elif what == "interest":
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
