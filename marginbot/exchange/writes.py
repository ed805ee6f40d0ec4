"""Every write marginbot knows. Each is sent once and never retried here (but for a refused timestamp, see Gateway.ask)."""

from __future__ import annotations

from collections.abc import Awaitable
from decimal import Decimal
from typing import Final

from marginbot.domain.amounts import Asset, Symbol
from marginbot.domain.plan import CloseOrder, PlaceBackstop
from marginbot.domain.records import OrderReport
from marginbot.errors import PlanRefused, RequestRejected
from marginbot.exchange.client import BinanceClient
from marginbot.exchange.faults import CANCEL_REJECTED
from marginbot.exchange.messages import Answer
from marginbot.exchange.reads import ISOLATED
from marginbot.exchange.wire import read_transaction_id
from marginbot.exchange.wire_orders import read_cancelled, read_cancelled_list, read_cancelled_order, read_order, read_resting

NO_SIDE_EFFECT: Final = "NO_SIDE_EFFECT"
AUTO_REPAY: Final = "AUTO_REPAY"
"""Only for an order that rests: nobody may be there to repay when it fills."""


class Writes:
    """Each raises RequestRejected, RateLimited, NotSent or OutcomeUnknown; PlanRefused for an amount that is not above zero."""

    _client: BinanceClient

    async def cancel_orders(self, symbol: Symbol) -> int:
        """Cancel every open order and list of the pair's isolated account. Writes.

        Returns: how many orders were cancelled, 0 when none was open (refusal -2011).
        Source: DELETE /sapi/v1/margin/openOrders, isIsolated=TRUE.
        """
        answer = await _unless_gone(self._client.cancel_all_open_margin_orders(symbol=symbol, isIsolated=ISOLATED))
        return 0 if answer is None else read_cancelled(answer)

    async def cancel_order(self, symbol: Symbol, order_id: str) -> bool:
        """Cancel one open order of the pair's isolated account. Writes.

        Returns: False when it was not open any more (refusal -2011).
        Source: DELETE /sapi/v1/margin/order, isIsolated=TRUE.
        """
        asked = self._client.cancel_margin_order(symbol=symbol, isIsolated=ISOLATED, orderId=order_id)
        if (answer := await _unless_gone(asked)) is None:
            return False
        read_cancelled_order(answer)
        return True

    async def cancel_list(self, symbol: Symbol, list_id: str) -> bool:
        """Cancel every leg of one order list of the pair's isolated account. Writes.

        Returns: False when none was open any more (refusal -2011).
        Source: DELETE /sapi/v1/margin/orderList, isIsolated=TRUE.
        """
        asked = self._client.cancel_margin_oco_order(symbol=symbol, isIsolated=ISOLATED, orderListId=list_id)
        if (answer := await _unless_gone(asked)) is None:
            return False
        read_cancelled_list(answer)
        return True

    async def close(self, step: CloseOrder, client_id: str) -> OrderReport:
        """Trade on the isolated account: MARKET, or LIMIT IOC with `limit_price`; borrows and repays nothing by itself. Writes.

        Returns: the order with its fills; it may have ended EXPIRED, filled in part or not at all.
        Source: POST /sapi/v1/margin/order, isIsolated=TRUE, sideEffectType=NO_SIDE_EFFECT.
        """
        params = {
            "symbol": step.symbol,
            "isIsolated": ISOLATED,
            "side": step.side.value,
            "type": "MARKET" if step.limit_price is None else "LIMIT",
            "quantity": _amount(step.quantity),
            "newClientOrderId": client_id,
            "newOrderRespType": "FULL",
            "sideEffectType": NO_SIDE_EFFECT,
        }
        if step.limit_price is not None:
            params |= {"timeInForce": "IOC", "price": _amount(step.limit_price)}
        return read_order(await self._client.create_margin_order(**params))

    async def rest(self, step: PlaceBackstop, client_id: str) -> str:
        """Let a stop order rest on the isolated account; what it will receive repays debt, and it never borrows. Writes.

        Returns: its order number. It locks its coins until it fills or is cancelled.
        Source: POST /sapi/v1/margin/order, type=STOP_LOSS_LIMIT, isIsolated=TRUE, sideEffectType=AUTO_REPAY.
        """
        answer = await self._client.create_margin_order(
            symbol=step.symbol,
            isIsolated=ISOLATED,
            side=step.side.value,
            type="STOP_LOSS_LIMIT",
            timeInForce="GTC",
            quantity=_amount(step.quantity),
            price=_amount(step.limit_price),
            stopPrice=_amount(step.stop_price),
            newClientOrderId=client_id,
            newOrderRespType="ACK",
            sideEffectType=AUTO_REPAY,
        )
        return read_resting(answer)

    async def repay(self, symbol: Symbol, asset: Asset, amount: Decimal) -> str:
        """Repay part of one isolated loan, interest first. Writes.

        amount: units of `asset`, above zero, already floored by the planner.
        Returns: `tranId`, this repayment's key in the borrow-repay history.
        Source: POST /sapi/v1/margin/borrow-repay, type=REPAY, isIsolated=TRUE.
        """
        answer = await self._client.margin_borrow_repay(
            asset=asset, isIsolated=ISOLATED, symbol=symbol, amount=_amount(amount), type="REPAY"
        )
        return read_transaction_id(answer)

    async def sweep(self, symbol: Symbol, asset: Asset, amount: Decimal) -> str:
        """Move coins from the isolated wallet to spot. Writes.

        amount: units of `asset`, above zero. Returns: `tranId`, the transfer's key in its history.
        Source: POST /sapi/v1/asset/transfer, type=ISOLATED_MARGIN_MAIN, fromSymbol.
        """
        answer = await self._client.make_universal_transfer(
            type="ISOLATED_MARGIN_MAIN", asset=asset, amount=_amount(amount), fromSymbol=symbol
        )
        return read_transaction_id(answer)

    async def top_up(self, symbol: Symbol, asset: Asset, amount: Decimal) -> str:
        """Move coins from spot into the isolated wallet. Writes.

        amount: units of `asset`, above zero. Returns: `tranId`, the transfer's key in its history.
        Source: POST /sapi/v1/asset/transfer, type=MAIN_ISOLATED_MARGIN, toSymbol.
        """
        answer = await self._client.make_universal_transfer(
            type="MAIN_ISOLATED_MARGIN", asset=asset, amount=_amount(amount), toSymbol=symbol
        )
        return read_transaction_id(answer)


async def _unless_gone(asked: Awaitable[Answer]) -> Answer | None:
    """The answer to a cancel; None when nothing was open any more (refusal -2011)."""
    try:
        return await asked
    except RequestRejected as refusal:
        if refusal.code == CANCEL_REJECTED:
            return None
        raise


def _amount(value: Decimal) -> str:
    """An amount or price as the wire takes it: plain digits."""
    if not value.is_finite() or value <= 0:
        raise PlanRefused(f"an amount to send must be above zero, not {value}")
    return format(value, "f")
