"""What the adapter makes of orders: placed, found, filled, cancelled, refused, unknown."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal as D

from marginbot.domain.plan import CloseOrder, PlaceBackstop, Side
from marginbot.domain.records import Fill, OpenOrder, OrderReport
from marginbot.errors import AnswerMalformed, OutcomeUnknown, RequestRejected
from tests.cassettes.tape import Play

ORDER, FOUND = "post-sapi-v1-margin-order", "get-sapi-v1-margin-order"
OPEN, CANCEL = "get-sapi-v1-margin-openOrders", "delete-sapi-v1-margin-openOrders"
LISTS = "get-sapi-v1-margin-openOrderList"
ONE, LIST = "delete-sapi-v1-margin-order", "delete-sapi-v1-margin-orderList"
TRADES = "get-sapi-v1-margin-myTrades"


PLACED = datetime(2019, 7, 2, 4, 2, 50, 89_000, UTC)


def a_sale(limit_price: D | None = None) -> CloseOrder:
    return CloseOrder("BTCUSDT", "BTC", "USDT", Side.SELL, D(10), limit_price, D(4000), D(40000), D(1), "test")


MARKET, LIMIT = (a_sale(), "mb-1"), (a_sale(D(3990)), "mb-1")
BACKSTOP = PlaceBackstop("BTCUSDT", "BTC", "USDT", Side.SELL, D("0.05"), D(86000), D(83420), "test")
OPENED = OpenOrder("211842552", "mb-open", Side.SELL, D("0.3"), PLACED, None, D("0.3"), D(0), D("0.0047501"), works=True)
FILLS = tuple(
    Fill(D(price), D(quantity), D(commission), "USDT")
    for price, quantity, commission in (
        (4000, 1, "4"),
        (3999, 5, "19.995"),
        (3998, 2, "7.996"),
        (3997, 1, "3.997"),
        (3995, 1, "3.995"),
    )
)


def a_report(**changed: object) -> OrderReport:
    usual = {"symbol": "BTCUSDT", "order_id": "28", "client_id": "mb-1", "side": Side.SELL, "status": "FILLED", "fills": FILLS}
    return OrderReport(**{**usual, "quantity": D(10), "executed_qty": D(10), "quote_qty": D(10), **changed})


def resting(symbol: str, order_id: str, client_id: str, quantity: str) -> OrderReport:
    found = {"symbol": symbol, "order_id": order_id, "client_id": client_id, "status": "NEW", "fills": None}
    return a_report(**found, quantity=D(quantity), executed_qty=D(0), quote_qty=D(0))


OURS = a_report(
    order_id="1000002", client_id="client-1", quantity=D("0.05"), executed_qty=D("0.05"), quote_qty=D("4999.5"), fills=None
)
RESTING = resting("SOLUSDT", "1000002", "client-1", "5")
HALF = a_report(status="EXPIRED", executed_qty=D(6), quote_qty=D(23995), fills=FILLS[:2])


def refused(code: int | None, says: str, status: int = 400) -> RequestRejected:
    return RequestRejected(says, code=code, http_status=status)


PLAYS = [
    # The head of the documented answer names 10 as the money; its fills sum up to 39983.
    Play((f"{ORDER}/full-five-fills",), "close", MARKET, a_report()),
    Play(
        (f"{ORDER}/full-five-fills",),
        "close",
        MARKET,
        D(39983),
        lambda report: sum(fill.price * fill.quantity for fill in report.fills),
    ),
    Play((f"{ORDER}/expired-half-filled",), "close", MARKET, HALF),
    Play((f"{ORDER}/limit-too-far-3064",), "close", LIMIT, refused(-3064, "too far from the index")),
    Play((f"{ORDER}/net-asset-ratio-51078",), "close", MARKET, refused(51078, "ratio of net assets")),
    Play((f"{ORDER}/nothing-to-lend-3045",), "close", MARKET, refused(-3045, "no more of this asset to lend")),
    Play((f"{ORDER}/insufficient-2010",), "close", MARKET, refused(-2010, "cancel orders that lock it")),
    Play((f"{ORDER}/firewall-403",), "close", MARKET, refused(None, "The request could not be satisfied", status=403)),
    Play((f"{ORDER}/timeout-1007",), "close", MARKET, OutcomeUnknown("unknown", code=-1007, http_status=400)),
    Play((f"{FOUND}/documented",), "order_by_client_id", ("BNBBTC", "mb-open"), resting("BNBBTC", "213205622", "mb-open", "0.3")),
    Play((f"{FOUND}/no-such-order-2013",), "order_by_client_id", ("BNBBTC", "mb-gone"), None),
    Play((f"{FOUND}/on-the-cross-account",), "order_by_client_id", ("BNBBTC", "mb-open"), AnswerMalformed("cross account")),
    Play((f"{FOUND}/paper-solusdt",), "order_by_client_id", ("SOLUSDT", "client-1"), RESTING),
    Play((f"{FOUND}/paper-btcusdt",), "order_by_client_id", ("BTCUSDT", "client-1"), OURS),
    Play((f"{TRADES}/documented",), "fills_of", ("BNBBTC", "39324"), (Fill(D("0.02"), D(3), D("0.00006"), "BTC"),)),
    Play((f"{TRADES}/paper-solusdt",), "fills_of", ("SOLUSDT", "1000002"), ()),
    Play((f"{TRADES}/paper-btcusdt",), "fills_of", ("BTCUSDT", "1000002"), (Fill(D(99990), D("0.05"), D("4.9995"), "USDT"),)),
    Play((f"{OPEN}/documented",), "open_order_client_ids", ("BNBBTC",), frozenset({"mb-open"})),
    Play((f"{OPEN}/documented",), "open_order_count", ("BNBBTC",), 1),
    Play((f"{OPEN}/paper-solusdt",), "open_order_count", ("SOLUSDT",), 2),
    Play((f"{ORDER}/stop-limit-rests",), "rest", (BACKSTOP, "bs-mb-1"), "213205625"),
    Play((f"{OPEN}/documented",), "open_orders", ("BNBBTC",), (OPENED,)),
    Play((f"{LISTS}/documented",), "lists_of_orders", ("LTCBTC",), {"4": "31", "5": "31"}),
    Play((f"{LISTS}/paper-solusdt",), "lists_of_orders", ("SOLUSDT",), {}),
    Play((f"{ONE}/documented",), "cancel_order", ("LTCBTC", "28"), True),
    Play((f"{ONE}/over-2011",), "cancel_order", ("LTCBTC", "28"), False),
    Play((f"{LIST}/documented",), "cancel_list", ("LTCBTC", "0"), True),
    Play((f"{LIST}/over-2011",), "cancel_list", ("LTCBTC", "0"), False),
    # One order and one list of two.
    Play((f"{CANCEL}/documented-order-and-list",), "cancel_orders", ("BTCUSDT",), 3),
    Play((f"{CANCEL}/nothing-open-2011",), "cancel_orders", ("BTCUSDT",), 0),
]
