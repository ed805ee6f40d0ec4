"""The way to flat as it would go now, with its fees, its slippage and the level after every step."""

from __future__ import annotations

import pytest

from marginbot.domain.account import LevelStatus
from marginbot.domain.plan import CancelOrders, CloseOrder, Into, Repay, Sweep, TopUp, Verdict
from marginbot.rules.forecast import forecast
from tests.builders import (
    BTC,
    USDT,
    D,
    a_balance,
    a_book,
    a_look,
    a_market,
    a_short,
    an_account,
    filters,
    limits,
    to_flat,
)
from tests.rules.worlds import equity_lost


def foresee(account=None, market=None, goal=None, crumb="0", **look):
    return forecast(goal or to_flat(), a_look(account, market, **look), limits(crumb=crumb))


def kinds(foreseen):
    return [type(step.step) for step in foreseen.steps]


def swept(foreseen):
    return {step.step.asset: step.step.amount for step in foreseen.steps if isinstance(step.step, Sweep)}


def test_the_plain_long_is_sold_repaid_and_swept():
    """0.05 BTC at 99,990 are 4999.5 less 4.9995 fee; 4000 repay the debt; the level before was 1.25."""
    foreseen = foresee()
    assert kinds(foreseen) == [CloseOrder, Repay, Sweep]
    assert foreseen.end.verdict is Verdict.DONE
    assert foreseen.after.is_empty
    sale, repay, home = foreseen.steps
    assert (sale.fees, sale.slippage_value) == ({USDT: D("4.9995")}, D("0.5"))
    assert sale.level_after == D("4994.5005") / 4000
    assert repay.level_after is None
    assert home.step.amount == D("994.5005")


def test_the_plain_short_is_bought_back_repaid_and_its_surplus_swept_as_it_is():
    """0.04005 BTC at 100,010 cost 4005.4005; 0.04005 x 0.999 less 0.04 leaves 0.00000995 BTC."""
    foreseen = foresee(a_short())
    assert kinds(foreseen) == [CloseOrder, Repay, Sweep, Sweep]
    assert foreseen.steps[0].fees == {BTC: D("0.00004005")}
    assert foreseen.steps[0].slippage_value == D("0.4005")
    assert swept(foreseen) == {BTC: D("0.00000995"), USDT: D("994.5995")}
    assert foreseen.end.verdict is Verdict.DONE


def test_orders_are_cancelled_first_and_their_coins_are_sold_with_the_rest():
    foreseen = foresee(an_account(a_balance("0.01", locked="0.04")), open_orders=2)
    assert kinds(foreseen) == [CancelOrders, CloseOrder, Repay, Sweep]
    assert foreseen.steps[1].step.quantity == D("0.05")


def test_a_sale_above_the_index_is_a_gain_of_slippage():
    """0.05 x 500 above the index."""
    foreseen = foresee(market=a_market(a_book(bids=("100500 x 10",)), fee="0"))
    assert foreseen.steps[0].slippage_value == -25


@pytest.mark.parametrize(
    ("account", "book", "best"),
    [
        (an_account(), a_book(bids=("100000 x 0.02", "90000 x 10")), "90000"),
        (a_short(), a_book(asks=("100000 x 0.02", "110000 x 10")), "110000"),
    ],
    ids=["sold", "bought"],
)
def test_a_level_that_was_used_up_is_no_price_any_more(account, book, best):
    """0.02 are traded inside the cap of one percent, at a limit; the rest would be ten percent away."""
    foreseen = foresee(account, a_market(book, fee="0"))
    assert foreseen.steps[0].step.quantity == D("0.02")
    assert foreseen.end.verdict is Verdict.WAIT
    assert f"the best price is {best}, 1000.0 bps from the index 100000" in foreseen.end.because


def test_a_way_that_does_not_end_is_cut_and_says_so(monkeypatch):
    monkeypatch.setattr("marginbot.rules.forecast.MOST_ROUNDS", 2)
    foreseen = foresee()
    assert kinds(foreseen) == [CloseOrder, Repay]
    assert (foreseen.end.verdict, foreseen.end.because) == (Verdict.WAIT, "it takes more than 2 rounds")
    assert foreseen.after.quote.free == D("994.5005")


def test_both_debts_end_in_one_forecast():
    account = an_account(a_balance("0.05", borrowed="0.01", interest="0.0001"), a_balance("10", borrowed="3000", interest="1"))
    foreseen = foresee(account)
    assert kinds(foreseen) == [CloseOrder, Repay, Repay, Sweep]
    assert foreseen.end.verdict is Verdict.DONE


def test_slices_and_levels_of_the_book_are_used_up_one_after_the_other_and_every_digit_is_kept():
    """Thirds do not divide evenly; the sums still do: 100,000 + 2 x 99,990 + 2 x 99,970 = 499,920."""
    book = a_book(bids=("100000 x 1", "99990 x 2", "99970 x 3"))
    account = an_account(a_balance("5"), a_balance(borrowed="300000"))
    foreseen = foresee(account, a_market(book, fee="0", its_filters=filters(market_max="3")))
    assert [step.step.quantity for step in foreseen.steps[:2]] == [D("2.5"), D("2.5")]
    assert sum(step.slippage_value for step in foreseen.steps[:2]) == 80
    assert swept(foreseen) == {USDT: D(199920)}
    assert foreseen.after.is_empty


@pytest.mark.parametrize("into", list(Into))
@pytest.mark.parametrize("account", [an_account(), a_short()], ids=["long", "short"])
def test_every_plain_position_ends_done_whatever_it_is_turned_into_and_the_sums_agree(account, into):
    look = a_look(account)
    foreseen = forecast(to_flat(into), look, limits())
    assert foreseen.end.verdict is Verdict.DONE
    assert not foreseen.after.owes
    assert equity_lost(look, foreseen) == 0


def test_into_base_what_comes_home_is_base():
    home = swept(foresee(goal=to_flat(Into.BASE)))
    assert home[BTC] > D("0.009")
    assert home.get(USDT, 0) < 6


def test_without_a_sweep_the_coins_stay():
    foreseen = foresee(goal=to_flat(sweep=False))
    assert kinds(foreseen) == [CloseOrder, Repay]
    assert foreseen.after.quote.free == D("994.5005")


def test_an_insolvent_long_ends_stuck_with_what_remains():
    """0.03 BTC bring 2999.7 less 2.9997."""
    foreseen = foresee(an_account(a_balance("0.03")))
    assert kinds(foreseen) == [CloseOrder, Repay]
    assert foreseen.end.verdict is Verdict.STUCK
    assert foreseen.end.remains == ("1003.2997 USDT",)


def test_a_crumb_from_spot_is_part_of_the_way_and_is_not_taken_twice():
    account = an_account(a_balance(), a_balance("3997", borrowed="4000"))
    foreseen = foresee(account, crumb="5", spot={USDT: "4"})
    assert kinds(foreseen) == [Repay, TopUp, Repay]
    assert foreseen.end.verdict is Verdict.DONE


def test_crumbs_from_spot_are_never_traded_away_again_and_again():
    account = an_account(a_balance(borrowed="1.1"), a_balance(borrowed="8"))
    foreseen = foresee(account, crumb="1000", spot={USDT: "1000"})
    assert (foreseen.steps, foreseen.end.verdict) == ((), Verdict.STUCK)


def test_what_stops_the_way_is_the_end_of_the_forecast():
    assert foresee(an_account(status=LevelStatus.FORCE_LIQUIDATION)).end.verdict is Verdict.WAIT
    blocked = foresee(market=a_market(a_book(bids=("90000 x 10",))))
    assert (blocked.steps, blocked.end.verdict) == ((), Verdict.WAIT)
    assert "the cap of 100 bps blocks it" in blocked.end.because


def test_an_empty_pair_needs_no_step():
    foreseen = foresee(an_account(a_balance(), a_balance()))
    assert (foreseen.steps, foreseen.end.verdict) == ((), Verdict.DONE)
