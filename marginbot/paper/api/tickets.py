"""Reading an order from its parameters: which ones each type needs, and what is refused before the books see it."""

from __future__ import annotations

from decimal import Decimal

from marginbot.paper.api.params import Params, amount, choice, client_id, flag, integer
from marginbot.paper.books.listing import ORDER_TYPES
from marginbot.paper.books.records import STOP_TYPES, Scope
from marginbot.paper.books.refusal import refuse
from marginbot.paper.books.ticket import BORROWING_EFFECTS, REPAYING_EFFECTS, Ticket

SIDES = frozenset({"BUY", "SELL"})
TYPES = frozenset(ORDER_TYPES)
TIMES_IN_FORCE = frozenset({"GTC", "IOC", "FOK"})
SIDE_EFFECTS = BORROWING_EFFECTS | REPAYING_EFFECTS | {"NO_SIDE_EFFECT"}
RESPONSES = frozenset({"ACK", "RESULT", "FULL"})
MARGIN_STP = frozenset({"EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH", "NONE"})
SPOT_STP = MARGIN_STP | {"DECREMENT", "TRANSFER"}
TIMED_TYPES = frozenset({"LIMIT", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT"})
PRICED_TYPES = TIMED_TYPES | {"LIMIT_MAKER"}
UNSUPPORTED = ("pegPriceType", "pegOffsetType", "pegOffsetValue")


def read_ticket(params: Params, scope: Scope) -> Ticket:
    """The order as asked for. Refusals: -1102 -1106 -1111 -1115 -1116 -1117 -1128 -1130, -1020 for pegged."""
    side = choice(params, "side", SIDES, "", refuse(-1117))
    kind = choice(params, "type", TYPES, "", refuse(-1116))
    if any(name in params for name in UNSUPPORTED):
        raise refuse(-1020)
    quantity, quote_quantity = _sizes(params, kind)
    trailing = _trailing_delta(params, kind)
    return Ticket(
        scope=scope,
        symbol=params["symbol"],
        side=side,
        type=kind,
        quantity=quantity,
        quote_quantity=quote_quantity,
        price=_needed_or_absent(params, "price", needed=kind in PRICED_TYPES),
        stop_price=_stop_price(params, kind, trailing),
        iceberg=amount(params, "icebergQty"),
        time_in_force=_time_in_force(params, kind),
        client_id=client_id(params, "newClientOrderId"),
        side_effect=choice(params, "sideEffectType", SIDE_EFFECTS, "NO_SIDE_EFFECT"),
        repay_at_cancel=flag(params, "autoRepayAtCancel", True),
        stp_mode=choice(params, "selfTradePreventionMode", SPOT_STP if scope is Scope.SPOT else MARGIN_STP, "EXPIRE_MAKER"),
        trailing_delta=trailing,
    )


def response_form(params: Params) -> str:
    """ACK, RESULT or FULL; MARKET and LIMIT default to FULL, the others to ACK."""
    default = "FULL" if params["type"] in ("MARKET", "LIMIT") else "ACK"
    return choice(params, "newOrderRespType", RESPONSES, default)


def _sizes(params: Params, kind: str) -> tuple[Decimal | None, Decimal | None]:
    quantity, quote_quantity = amount(params, "quantity"), amount(params, "quoteOrderQty")
    if quote_quantity is not None and kind != "MARKET":
        raise refuse(-1106, name="quoteOrderQty")
    if quantity is not None and quote_quantity is not None:
        raise refuse(-1128)
    if quantity is None and quote_quantity is None:
        raise refuse(-1102, name="quantity")
    return quantity, quote_quantity


def _needed_or_absent(params: Params, name: str, *, needed: bool) -> Decimal | None:
    value = amount(params, name)
    if needed and value is None:
        raise refuse(-1102, name=name)
    if not needed and value is not None:
        raise refuse(-1106, name=name)
    return value


def _trailing_delta(params: Params, kind: str) -> int | None:
    """In basis points; stop and take-profit orders may have one, with a stop price or without."""
    delta = integer(params, "trailingDelta")
    if delta is not None and kind not in STOP_TYPES:
        raise refuse(-1106, name="trailingDelta")
    if delta == 0:
        raise refuse(-1130, name="trailingDelta")
    return delta


def _stop_price(params: Params, kind: str, trailing: int | None) -> Decimal | None:
    if trailing is not None:
        return amount(params, "stopPrice")
    return _needed_or_absent(params, "stopPrice", needed=kind in STOP_TYPES)


def _time_in_force(params: Params, kind: str) -> str:
    if kind in TIMED_TYPES:
        if "timeInForce" not in params:
            raise refuse(-1102, name="timeInForce")
        return choice(params, "timeInForce", TIMES_IN_FORCE, "GTC", refuse(-1115))
    if "timeInForce" in params:
        raise refuse(-1106, name="timeInForce")
    return "GTC"
