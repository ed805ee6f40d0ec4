"""The backstop at the edges: where a fill would leave a debt, which order may stay, what is free. Numbers from `test_backstop`.

TIGHT closes the plain long at level 1.052, an index of 84,160: the stop is half-way to 84,000, at 84,080.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from marginbot.domain.account import IsolatedAccount
from marginbot.domain.amounts import half_up
from marginbot.domain.plan import Side, Verdict
from marginbot.domain.policy import Do, PriceAbove, PriceBelow
from marginbot.domain.records import OpenOrder
from marginbot.rules.backstop import Absent, Place, fits, place_of
from marginbot.rules.backstop_plan import plan_backstop
from tests.builders import DOGEUSDT, EIGHT, NO_RULES, D, a_balance, a_book, a_short, an_account, filters, flat
from tests.rules.policies import a_ladder, a_rule, a_situation
from tests.rules.test_backstop import LADDER, locked, ours, seen, wanted, why_not

TIGHT = replace(a_ladder(a_rule("close", "1.052", Do.UNWIND)), backstop=True)
LOW_BOOK = a_book(bids=("97999 x 10",), asks=("98001 x 10",))
HIGH_BOOK = a_book(bids=("101999 x 10",), asks=("102001 x 10",))


def owners(amount: str, side: Side = Side.SELL) -> OpenOrder:
    return OpenOrder("9", "web-9", side, D(amount), EIGHT)


def buying(quantity: str, stop: str, limit: str, held_back: str) -> OpenOrder:
    return replace(ours(stop=stop, limit=limit, quantity=quantity), side=Side.BUY, locked=D(held_back))


class TestAFillThatWouldLeaveADebt:
    def test_a_long_stands_nearer_to_its_stop(self):
        # 98 % of 84,080 is 82,398.40, and 3 % below that 79,926.45: 0.04995 BTC would bring 3992 of 4000.
        order = wanted(seen(book=LOW_BOOK), TIGHT).order
        assert (order.stop_price, order.limit_price) == (D("82398.40"), D("80080.09")), "4000 / 0.04995 is 80,080.08"

    def test_so_it_does_while_one_rests(self):
        assert wanted(seen(locked(), ours(), book=LOW_BOOK), TIGHT).order.limit_price == D("80080.09")

    def test_a_short_stands_nearer_too_and_buys_what_its_quote_coins_pay(self):
        # 5000 USDT pay 0.04001 BTC at 3 % above the stop; 5000 / (0.04 + 0.1 % of that) is 124,875.09.
        order = wanted(seen(a_short(), book=HIGH_BOOK), TIGHT).order
        assert (order.side, order.quantity) == (Side.BUY, D("0.04001"))
        assert order.limit_price == D("124875.09")
        left = D(5000) - order.quantity * order.limit_price
        owed = D("0.04") - order.quantity * D("0.999")
        assert left > owed * order.limit_price

    def test_what_an_order_has_spent_already_is_not_free_again(self):
        spent = buying("0.04001", "121313.15", "124875.09", "5000")
        assert wanted(seen(a_short(), spent, book=HIGH_BOOK), TIGHT).order.quantity == D("0.04001")

    def test_no_limit_beyond_the_stop_covers_it(self):
        # With a fee of 3 % it takes 4000 / 0.0485 = 82,474.23, which is above the stop.
        assert why_not(seen(book=LOW_BOOK, fee="0.03"), TIGHT) == "at the stop price 82398.4 its trade would not cover the debt"

    def test_the_fee_is_more_than_what_is_left(self):
        # The level at the stop is 1.075: 1 - 1 / 1.075 is 6.98 %.
        says = "at the stop price 86000 the position would not pay for its own closing"
        assert why_not(seen(fee="0.07")) == says
        assert wanted(seen(fee="0.069")).order.stop_price == D(86000)

    def test_the_level_at_the_stop_bounds_the_limit(self):
        # Stop 84,400, level 1.055: 84,400 / 1.055 + 4 % of 84,400.
        ladder = replace(a_ladder(a_rule("close", "1.06", Do.UNWIND)), backstop=True)
        assert wanted(seen(fee="0.04"), ladder).order.limit_price == D(83376)


class TestWhatIsThere:
    def test_who_owes_nothing_is_told_so(self):
        found = place_of(LADDER, a_situation(flat("0.05")))
        assert found == Absent("BTCUSDT owes nothing", needed=False)

    def test_trading_that_was_switched_off_and_an_index_of_nothing(self):
        off = replace(an_account(), trade_enabled=False)
        assert why_not(seen(off)) == "the exchange has switched trading off for the isolated account of BTCUSDT"
        assert "has no price" in why_not(seen(an_account(index="0")))

    def test_a_book_two_percent_away_is_just_near_enough(self):
        assert wanted(seen(book=LOW_BOOK)).order.stop_price == D(84280), "98 % of 86,000"
        farther = a_book(bids=("97998 x 10",), asks=("98001 x 10",))
        assert "97999.5 is too far from the index 100000" in why_not(seen(book=farther))

    def test_a_price_at_the_stop_has_passed_it(self):
        at_it = a_book(bids=("85999 x 10",), asks=("86001 x 10",))
        assert why_not(seen(an_account(index="86000"), book=at_it)) == "the price 86000 has passed its stop price 86000 already"

    def test_it_names_both_its_neighbours_in_prices_of_the_book_on_the_tick(self):
        low = wanted(seen(book=a_book(bids=("98999 x 10",), asks=("99001 x 10",)))).order
        says = "half-way between the last rung at 87120 and liquidation at 83160, by prices of the book"
        assert low.because == says
        short = wanted(seen(a_short())).order
        assert "rung at 113636.36 and liquidation at 119047.61" in short.because

    @pytest.mark.parametrize(
        ("account", "says"),
        [
            (an_account(a_balance("0.00005"), a_balance(borrowed="4")), "0.00005 BTC are free"),
            (a_short("5", "0.00004"), "5 USDT are free"),
        ],
    )
    def test_too_small_names_what_would_be_given(self, account, says):
        assert why_not(seen(account)) == f"{says}: that makes less than one order"

    def test_what_rests_for_us_does_not_count_as_locked(self):
        small = an_account(a_balance(locked="0.00005"), a_balance(borrowed="4"))
        assert why_not(seen(small, ours(quantity="0.00005"))) == "0.00005 BTC are free: that makes less than one order"

    def test_nothing_free_is_no_order_even_where_an_order_may_be_of_any_size(self):
        says = "0 BTC are free, open orders lock 0.05: that makes less than one order"
        assert why_not(seen(locked(), owners("0.05"), its_filters=NO_RULES)) == says


class TestHowMuch:
    def test_no_more_than_one_order_may_hold(self):
        assert wanted(seen(its_filters=filters(max_qty="0.02"))).order.quantity == D("0.02")
        assert wanted(seen(its_filters=filters(max_qty="0"))).order.quantity == D("0.05")

    def test_a_short_buys_no_more_than_the_exchange_lets_be_held(self):
        assert wanted(seen(a_short(), its_filters=filters(max_position="0.03"))).order.quantity == D("0.03")
        assert wanted(seen(a_short(), its_filters=filters(max_position="3"))).order.quantity == D("0.04005")

    def test_a_short_buys_what_one_more_hour_adds_as_well(self):
        assert wanted(seen(a_short(), hourly={an_account().base.asset: "0.001"})).order.quantity == D("0.04009")

    def test_quote_coins_in_the_owners_orders_buy_nothing(self):
        half = replace(a_short(), quote=replace(a_short().quote, free=D(2000), locked=D(3000)))
        assert wanted(seen(half, owners("3000", Side.BUY))).order.quantity == D("0.01668"), "2000 / 119,832.24 is 0.016690"

    def test_a_short_whose_order_rests_is_done(self):
        order = buying("0.04005", "116341.99", "119832.24", "4800")
        account = replace(a_short(), quote=replace(a_short().quote, free=D(200), locked=D(4800)))
        plan = plan_backstop(LADDER, a_situation(account), seen(account, order))
        assert (plan.verdict, plan.because) == (Verdict.DONE, "it rests at 116341.99")

    def test_the_nearest_limit_of_a_short_lies_above_the_index_and_on_the_tick(self):
        # 5000 / 0.041: the stop is 113,504.25 and the limit would be 116,909; 14.5 % above the index is 114,500.
        assert wanted(seen(a_short(borrowed="0.041"))).nearest == D(114500)
        assert wanted(seen(a_short(borrowed="0.041"), its_filters=filters(tick="7"))).nearest == D(114499)
        assert wanted(seen(a_short())).nearest is None, "the stop itself is farther away"


class TestWhichMayStay:
    def test_only_one_of_its_side(self):
        assert self.stays(ours())
        assert not self.stays(replace(ours(), side=Side.BUY))

    @pytest.mark.parametrize(
        ("changed", "stay"),
        [
            ({"stop": "86172"}, True),
            ({"stop": "86172.01"}, False),
            ({"stop": "85828"}, True),
            ({"stop": "85827.99"}, False),
            ({"limit": "83253.16"}, True),  # 83,420 less 0.2 %
            ({"limit": "83253.15"}, False),
            ({"limit": "85671"}, True),  # the nearest, 85,500, and 0.2 %
            ({"limit": "85671.01"}, False),
            ({"quantity": "0.0495"}, True),
            ({"quantity": "0.04949"}, False),
            ({"quantity": "0.0505"}, True),
            ({"quantity": "0.05051"}, False),
        ],
    )
    def test_only_one_that_differs_little(self, changed, stay):
        assert self.stays(ours(**changed)) is stay

    def test_where_no_such_price_is_taken_yet_its_limit_lies_at_the_stop_at_most(self):
        far = an_account(quote=a_balance(borrowed="2000"))
        assert self.stays(ours(stop="43000", limit="43086"), far)
        assert not self.stays(ours(stop="43000", limit="43086.01"), far)

    @pytest.mark.parametrize(("stop", "stay"), [("84000", False), ("84000.01", True), ("84099.99", True), ("84100", False)])
    def test_only_one_between_the_last_rung_and_liquidation_however_near_they_are(self, stop, stay):
        ladder = replace(a_ladder(a_rule("close", PriceBelow(D(84100)), Do.UNWIND)), backstop=True)
        assert fits(ours(stop=stop, limit="81600"), wanted(seen(), ladder)) is stay

    @staticmethod
    def stays(order: OpenOrder, account: IsolatedAccount | None = None) -> bool:
        return fits(order, wanted(seen(account)))


class TestOfAnyPosition:
    def test_without_tiers_no_price_leads_to_liquidation(self):
        found = place_of(LADDER, replace(a_situation(an_account()), tiers=()))
        assert found == Absent("no price leads to liquidation", needed=False)

    @pytest.mark.parametrize(
        ("when", "rung"),
        [
            (PriceAbove(D(110000)), "110000"),
            (PriceBelow(D(90000)), "115580.21"),  # the safe side; 125,000 / 1.05 / 1.03
            (PriceAbove(D(125000)), "115580.21"),  # behind liquidation
        ],
    )
    def test_the_last_rung_of_a_short_lies_above(self, when, rung):
        ladder = replace(a_ladder(a_rule("close", when, Do.UNWIND)), backstop=True)
        place = place_of(ladder, a_situation(a_short()))
        assert isinstance(place, Place)
        assert half_up(place.rung, 2) == D(rung)

    def test_a_rung_at_liquidation_itself_is_none(self):
        ladder = replace(a_ladder(a_rule("close", PriceBelow(D(84000)), Do.UNWIND)), backstop=True)
        place = place_of(ladder, a_situation(an_account()))
        assert isinstance(place, Place)
        assert half_up(place.rung, 2) == D("86597.94")

    def test_prices_far_below_one(self):
        doge = an_account(a_balance("50000"), pair=DOGEUSDT)
        order = wanted(seen(doge, book=a_book(("0.09999 x 9000000",), ("0.10001 x 9000000",)), pair=DOGEUSDT)).order
        assert (order.quantity, order.stop_price, order.limit_price) == (D(50000), D("0.086"), D("0.08342"))

    def test_orders_that_were_not_read_are_none(self):
        assert wanted(replace(seen(), orders=None)).order.quantity == D("0.05")

    def test_an_order_of_the_other_side_frees_nothing(self):
        held = buying("0.05", "116000", "119000", "5000")
        assert wanted(seen(locked("0.03"), owners("0.03"), held)).order.quantity == D("0.02")
        half = replace(a_short(), quote=replace(a_short().quote, free=D(2000), locked=D(3000)))
        assert wanted(seen(half, owners("3000", Side.BUY), ours())).order.quantity == D("0.01668")

    def test_quantities_lie_on_the_step(self):
        assert wanted(seen(an_account(a_balance("0.050009")))).order.quantity == D("0.05")

    def test_a_short_counts_its_interest_and_the_base_it_holds(self):
        assert wanted(seen(a_short(interest="0.0004"))).order.quantity == D("0.04045"), "0.0404 / 0.999"
        holds = replace(a_short(), base=a_balance(locked="0.01", borrowed="0.04", asset=a_short().base.asset))
        assert wanted(seen(holds, owners("0.01"))).order.quantity == D("0.03004"), "0.03 / 0.999"

    def test_a_tick_on_which_a_short_would_close_before_its_last_rung(self):
        assert "no price on the tick 7000" in why_not(seen(a_short(), its_filters=filters(tick="7000")))

    @pytest.mark.parametrize(("rung", "nearest"), [("87000", D(85500)), ("86999", None)])
    def test_the_nearest_limit_lies_at_the_stop_at_most(self, rung, nearest):
        ladder = replace(a_ladder(a_rule("close", PriceBelow(D(rung)), Do.UNWIND)), backstop=True)
        assert wanted(seen(), ladder).nearest == nearest

    def test_the_nearest_limit_of_a_long_lies_on_the_tick_inside_the_band(self):
        assert wanted(seen(its_filters=filters(tick="7"))).nearest == D(85505), "12,215 x 7"


def test_a_debt_that_is_held_in_its_own_coin_is_nothing_to_trade_for():
    # 0.0408 of 0.04 owed are there: only at 833,333 would the level be 1.05, and buying back nothing changes that.
    account = an_account(a_balance("0.0408", borrowed="0.04"), a_balance("1000"))
    assert "less than one order" in why_not(seen(account))
