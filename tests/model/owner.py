"""What the customer does, request by request."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from marginbot.paper.books import dust, small_debts
from marginbot.paper.books.records import Scope
from marginbot.paper.books.transfers import ROUTES
from tests.model import wishes
from tests.model.life import Life
from tests.model.wishes import Place

SPOT_ORDER, ORDER, OCO = "/api/v3/order", "/sapi/v1/margin/order", "/sapi/v1/margin/order/oco"
SPOT_OPEN, OPEN = "/api/v3/openOrders", "/sapi/v1/margin/openOrders"
LISTS, LOAN, TRANSFER = "/sapi/v1/margin/orderList", "/sapi/v1/margin/borrow-repay", "/sapi/v1/asset/transfer"
ACCOUNT = "/sapi/v1/margin/isolated/account"
BY_HAND, DUST = "/sapi/v1/margin/manual-liquidation", "/sapi/v1/asset/dust"
SMALL_DEBTS = "/sapi/v1/margin/exchange-small-liability"
ERRANDS = (
    "pair on", "pair off", "BNB on", "BNB off", "close MARGIN", "close ISOLATED", "debts", "crumbs SPOT", "crumbs MARGIN",
)  # fmt: skip


class Owner(Life):
    """Orders, loans, transfers and settings, on every account."""

    @rule(
        place=wishes.places, side=wishes.sides, share=wishes.shares, side_effect=wishes.side_effects, name=wishes.client_ids,
        in_quote=st.booleans(),
    )  # fmt: skip
    def market_order(self, place: Place, side: str, share: Decimal, side_effect: str, name: str, in_quote: bool) -> None:
        quantity = wishes.quantity(self.client, place, side, side_effect, share)
        size = {"quantity": quantity}
        if in_quote:
            value = Decimal(quantity) * self.client.world.market(place.symbol).mid
            size = {"quoteOrderQty": wishes.amount(value)}
        self._order(place, side, "MARKET", side_effect, name, **size)

    @rule(
        place=wishes.places, side=wishes.sides, share=wishes.shares, side_effect=wishes.side_effects, name=wishes.client_ids,
        distance=wishes.distances, kind=st.sampled_from(("GTC", "GTC", "GTC", "IOC", "FOK", "LIMIT_MAKER")),
        repays=st.sampled_from((None, "TRUE", "FALSE")), then=wishes.follow_ups,
    )  # fmt: skip
    def limit_order(
        self, place: Place, side: str, share: Decimal, side_effect: str, name: str, distance: int, kind: str, repays: str | None,
        then: int | None,
    ) -> None:  # fmt: skip
        self._order(
            place, side, "LIMIT_MAKER" if kind == "LIMIT_MAKER" else "LIMIT", side_effect, name,
            quantity=wishes.quantity(self.client, place, side, side_effect, share),
            price=wishes.price_at(self.client.world.market(place.symbol), distance),
            timeInForce=None if kind == "LIMIT_MAKER" else kind, autoRepayAtCancel=repays if place.on_margin else None,
        )  # fmt: skip
        self._reach_the_newest(then)

    @rule(
        place=wishes.places, side=wishes.sides, share=wishes.shares, side_effect=wishes.side_effects, name=wishes.client_ids,
        away=st.sampled_from((3, 60, 300, 2000, -60)), kind=st.sampled_from(("STOP_LOSS", "TAKE_PROFIT")),
        beyond=st.sampled_from((None, None, -50, 0, 50)), then=wishes.follow_ups,
    )  # fmt: skip
    def stop_order(
        self, place: Place, side: str, share: Decimal, side_effect: str, name: str, away: int, kind: str, beyond: int | None,
        then: int | None,
    ) -> None:  # fmt: skip
        market = self.client.world.market(place.symbol)
        distance = away if (side == "BUY") == (kind == "STOP_LOSS") else -away
        price = None if beyond is None else wishes.price_at(market, distance + beyond)
        self._order(
            place, side, kind if price is None else f"{kind}_LIMIT", side_effect, name,
            quantity=wishes.quantity(self.client, place, side, side_effect, share), price=price,
            stopPrice=wishes.price_at(market, distance), timeInForce=None if price is None else "GTC",
        )  # fmt: skip
        self._reach_the_newest(then)

    @rule(
        place=wishes.margin_places, side=wishes.sides, share=wishes.shares, side_effect=wishes.side_effects,
        near=st.sampled_from((50, 400)), far=st.sampled_from((50, 400)), beyond=st.sampled_from((None, -50, 50)),
        names=st.tuples(wishes.client_ids, wishes.client_ids), then=wishes.follow_ups,
    )  # fmt: skip
    def order_list(
        self, place: Place, side: str, share: Decimal, side_effect: str, near: int, far: int, beyond: int | None, names: Any,
        then: int | None,
    ) -> None:  # fmt: skip
        market = self.client.world.market(place.symbol)
        sign = 1 if side == "SELL" else -1
        self.ask(
            "POST", OCO, symbol=place.symbol, side=side, **place.flags(), sideEffectType=side_effect,
            quantity=wishes.quantity(self.client, place, side, side_effect, share),
            price=wishes.price_at(market, sign * near), stopPrice=wishes.price_at(market, -sign * far),
            stopLimitPrice=None if beyond is None else wishes.price_at(market, -sign * far + beyond),
            stopLimitTimeInForce=None if beyond is None else "GTC",
            limitClientOrderId=names[0] or None, stopClientOrderId=names[1] or None,
        )  # fmt: skip
        self._reach_the_newest(then)

    @rule(
        place=wishes.places, side=wishes.sides, share=wishes.shares, side_effect=wishes.side_effects,
        delta=st.sampled_from((20, 100, 500)), kind=st.sampled_from(("STOP_LOSS", "TAKE_PROFIT")),
        away=st.sampled_from((None, None, 60)), limit=st.sampled_from((None, None, 300)),
    )  # fmt: skip
    def trailing_order(
        self, place: Place, side: str, share: Decimal, side_effect: str, delta: int, kind: str, away: Any, limit: int | None
    ) -> None:
        market = self.client.world.market(place.symbol)
        above = (side == "BUY") == (kind == "STOP_LOSS")
        price = None if limit is None else wishes.price_at(market, limit if side == "BUY" else -limit)
        self._order(
            place, side, kind if price is None else f"{kind}_LIMIT", side_effect, "", trailingDelta=str(delta),
            quantity=wishes.quantity(self.client, place, side, side_effect, share), price=price,
            stopPrice=None if away is None else wishes.price_at(market, away if above else -away),
            timeInForce=None if price is None else "GTC",
        )  # fmt: skip

    @precondition(lambda self: bool(self.client.account.open_orders))
    @rule(data=st.data(), how=st.sampled_from(("by number", "by name", "list", "all", "list that is over")))
    def cancel(self, data: st.DataObject, how: str) -> None:
        order, lists = self.an_open_order(data), self.client.account.lists
        place = Place(order.scope, order.symbol)
        if how == "all":
            self.ask("DELETE", OPEN if place.on_margin else SPOT_OPEN, symbol=place.symbol, **place.flags())
        elif how.startswith("list"):
            number = order.list_id if how == "list" else min(lists, default=1)
            self.ask("DELETE", LISTS, symbol=place.symbol, **place.flags(), orderListId=str(max(number, 0)))
        else:
            name = {"origClientOrderId": order.client_id} if how == "by name" else {"orderId": str(order.order_id)}
            self.ask("DELETE", ORDER if place.on_margin else SPOT_ORDER, symbol=order.symbol, **place.flags(), **name)

    @rule(place=wishes.margin_places, side=wishes.sides, share=wishes.shares, then=wishes.sequels)
    def borrow(self, place: Place, side: str, share: Decimal, then: str) -> None:
        listing = self.client.world.market(place.symbol).listing
        coin = listing.base if side == "SELL" else listing.quote
        most = wishes.borrowable(self.client, place, coin)
        self._loan("BORROW", place.scope, place.symbol, coin, wishes.amount(most * share))
        self._go_on(then)

    @precondition(lambda self: bool(wishes.owed(self.client)))
    @rule(data=st.data(), share=wishes.shares, crumb=st.booleans(), then=wishes.sequels)
    def repay(self, data: st.DataObject, share: Decimal, crumb: bool, then: str) -> None:
        (scope, symbol, coin), debt = data.draw(st.sampled_from(wishes.owed(self.client)), label="debt")
        self._loan("REPAY", scope, symbol, coin, wishes.CRUMB if crumb else wishes.amount(debt * share))
        self._go_on(then)

    @rule(
        way=st.sampled_from(sorted(ROUTES)), start=wishes.symbols, end=wishes.pairs_opened_or_not, share=wishes.shares,
        data=st.data(), then=wishes.sequels,
    )  # fmt: skip
    def transfer(self, way: str, start: str, end: str, share: Decimal, data: st.DataObject, then: str) -> None:
        source, target = ROUTES[way]
        ends = {"fromSymbol": start} if source is Scope.ISOLATED else {}
        ends |= {"toSymbol": end} if target is Scope.ISOLATED else {}
        listings = [self.client.world.market(symbol).listing for symbol in ends.values()]
        fitting = [coin for coin in wishes.ASSETS if all(coin in (listing.base, listing.quote) for listing in listings)]
        coin = data.draw(st.sampled_from(fitting or wishes.ASSETS), label="asset")
        most = wishes.transferable(self.client, Place(source, start), coin)
        self.ask("POST", TRANSFER, type=way, asset=coin, amount=wishes.amount(most * share), **ends)
        self._go_on(then)

    @rule(what=st.sampled_from(ERRANDS), symbol=wishes.pairs_opened_or_not)
    def errand(self, what: str, symbol: str) -> None:
        subject, _, detail = what.partition(" ")
        if subject == "pair":
            self.ask("POST" if detail == "on" else "DELETE", ACCOUNT, symbol=symbol)
        elif subject == "BNB":
            on = "TRUE" if detail == "on" else "FALSE"
            self.ask("POST", "/sapi/v1/bnbBurn", spotBNBBurn=on, interestBNBBurn=on)
        elif subject == "close":
            self.ask("POST", BY_HAND, type=detail, symbol=symbol if detail == "ISOLATED" else None)
        elif subject == "debts":
            small = small_debts.small_debts(self.client.world, self.client.account)
            self.ask("POST", SMALL_DEBTS, assetNames=",".join(small) or "BTC")
        else:
            scope = Scope.SPOT if detail == "SPOT" else Scope.CROSS
            crumbs = [offer.asset for offer in dust.offers(self.client.world, self.client.account, scope)]
            self.ask("POST", DUST, asset=",".join(crumbs) or "BTC", accountType=detail)

    def _reach_the_newest(self, beyond: int | None) -> None:
        newest = self.client.account.orders.get(self.client.world.ids["order"] - 1)
        if beyond is not None and newest is not None and newest.is_open():
            self.the_price_comes_to(newest, beyond)

    def _go_on(self, then: str) -> None:
        if then == "all is read back":
            self.is_read_back()
        elif then:
            self.wait(700)

    def _loan(self, direction: str, scope: Scope, symbol: str, coin: str, amount: str) -> None:
        isolated = scope is Scope.ISOLATED
        self.ask(
            "POST", LOAN, type=direction, asset=coin, amount=amount, isIsolated="TRUE" if isolated else "FALSE",
            symbol=symbol if isolated else None,
        )  # fmt: skip

    def _order(self, place: Place, side: str, kind: str, side_effect: str, name: str, **terms: str | None) -> None:
        margin = {**place.flags(), "sideEffectType": side_effect} if place.on_margin else {}
        self.ask(
            "POST", ORDER if place.on_margin else SPOT_ORDER, symbol=place.symbol, side=side, type=kind,
            newClientOrderId=name or None, **margin, **terms,
        )  # fmt: skip
