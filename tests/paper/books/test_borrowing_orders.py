"""Orders that borrow and repay: when the loan is taken, and what becomes of a loan that was not needed."""

from decimal import Decimal as D

import pytest

from marginbot.paper.books import order_lists, trading
from marginbot.paper.books.records import Scope
from marginbot.paper.books.refusal import Refusal
from marginbot.paper.books.ticket import Ticket
from tests.paper.books.builders import BTCUSDT, a_world, account, conserved, fund, market, order, pair, repay


@pytest.fixture
def world():
    """1,000 USDT of one's own in the pair, BTC at 100,000; loans cost nothing, so that they can be checked in the head."""
    world = a_world()
    fund(world, "USDT", "1000")
    for terms in world.assets.values():
        terms.daily_rate = D(0)
    return world


def cancel(world, resting):
    return trading.cancel(world, account(world), resting)


def test_a_cancelled_order_repays_the_loan_it_took(world):
    resting = order(world, "BUY", "0.05", "90000", side_effect="MARGIN_BUY").order
    assert (resting.borrowed, pair(world).quote.borrowed) == (D(3500), D(3500))
    with conserved(world):
        cancel(world, resting)
    assert (pair(world).quote.debt, pair(world).quote.free) == (D(0), D(1000))
    assert account(world).loans[-1].type == "AUTO"


def test_it_keeps_the_loan_when_told_not_to_repay(world):
    resting = order(world, "BUY", "0.05", "90000", side_effect="MARGIN_BUY", repay_at_cancel=False).order
    cancel(world, resting)
    assert (pair(world).quote.borrowed, pair(world).quote.free) == (D(3500), D(4500))


def test_after_a_partial_fill_only_the_unused_loan_is_repaid(world):
    market(world).level_quantity, market(world).levels = D("0.02"), 1
    resting = order(world, "BUY", "0.05", "100000", side_effect="MARGIN_BUY").order
    assert (resting.executed, resting.borrowed) == (D("0.02"), D(4000))
    with conserved(world):
        cancel(world, resting)
    # 2,000 were spent, 1,000 of them one's own
    assert (pair(world).quote.borrowed, pair(world).quote.free) == (D(1000), D(0))


def test_better_prices_leave_more_of_the_loan_unused(world):
    market(world).level_quantity, market(world).levels = D("0.02"), 1
    resting = order(world, "BUY", "0.05", "110000", side_effect="MARGIN_BUY").order
    assert (resting.borrowed, resting.quote_executed) == (D(4500), D(2000))
    cancel(world, resting)
    assert pair(world).quote.borrowed == 1000


def test_a_fill_paid_with_own_money_leaves_the_whole_loan_unused(world):
    market(world).level_quantity, market(world).levels = D("0.01"), 1
    resting = order(world, "BUY", "0.05", "100000", side_effect="MARGIN_BUY").order
    cancel(world, resting)
    assert (pair(world).quote.borrowed, pair(world).base.total) == (D(0), D("0.00999"))


def test_a_short_that_is_cancelled_gives_its_coins_back(world):
    resting = order(world, "SELL", "0.05", "110000", side_effect="MARGIN_BUY").order
    assert pair(world).base.borrowed == D("0.05")
    cancel(world, resting)
    assert pair(world).base.is_empty()


def test_either_leg_of_a_list_cancels_its_loan(world):
    limit = Ticket(Scope.ISOLATED, BTCUSDT, "BUY", "LIMIT_MAKER", D("0.02"), price=D(90_000), side_effect="MARGIN_BUY")
    stop = Ticket(Scope.ISOLATED, BTCUSDT, "BUY", "STOP_LOSS", D("0.02"), stop_price=D(110_000), side_effect="MARGIN_BUY")
    orders = order_lists.place(world, account(world), limit, stop)
    assert pair(world).quote.borrowed == 1200
    with conserved(world):
        cancel(world, account(world).orders[orders.legs[1]])
    assert (pair(world).quote.debt, pair(world).quote.free) == (D(0), D(1000))


def test_a_triggered_leg_takes_the_loan_over(world):
    limit = Ticket(Scope.ISOLATED, BTCUSDT, "BUY", "LIMIT_MAKER", D("0.02"), price=D(90_000), side_effect="MARGIN_BUY")
    stop = Ticket(
        Scope.ISOLATED, BTCUSDT, "BUY", "STOP_LOSS_LIMIT", D("0.02"), price=D(100_000), stop_price=D(105_000),
        side_effect="MARGIN_BUY",
    )  # fmt: skip
    orders = order_lists.place(world, account(world), limit, stop)
    world.set_price(BTCUSDT, "106000")
    leg = account(world).orders[orders.legs[1]]
    assert (leg.status, leg.borrowed) == ("NEW", D(1000))
    with conserved(world):
        cancel(world, leg)
    assert (pair(world).quote.debt, pair(world).quote.free) == (D(0), D(1000))


def test_auto_borrow_repay_borrows_to_buy_and_repays_what_it_buys(world):
    pair(world).base.borrowed = D("0.001")
    world.house.counterparty["BTC"] = D("0.001")
    with conserved(world):
        order(world, "BUY", "0.02", side_effect="AUTO_BORROW_REPAY")
    # 0.02 less the fee of 0.00002 arrived, 0.001 of it went to the debt
    assert (pair(world).quote.borrowed, pair(world).base.debt, pair(world).base.free) == (D(1000), D(0), D("0.01898"))


def test_at_execution_a_resting_order_has_borrowed_nothing_yet(world):
    world.config.margin_buy_borrows = "execution"
    resting = order(world, "BUY", "0.05", "90000", side_effect="MARGIN_BUY").order
    assert (pair(world).quote.locked, pair(world).quote.borrowed) == (D(1000), D(0))
    with conserved(world):
        world.set_price(BTCUSDT, "90000")
    assert (resting.status, resting.borrowed, pair(world).quote.borrowed) == ("FILLED", D(3500), D(3500))
    assert (pair(world).quote.free, pair(world).quote.locked) == (D(0), D(0))


def test_at_execution_a_cancelled_order_has_nothing_to_repay(world):
    world.config.margin_buy_borrows = "execution"
    resting = order(world, "BUY", "0.05", "90000", side_effect="MARGIN_BUY").order
    with conserved(world):
        cancel(world, resting)
    assert (pair(world).quote.free, len(account(world).loans)) == (D(1000), 0)


def test_at_execution_a_short_borrows_fill_by_fill(world):
    world.config.margin_buy_borrows = "execution"
    market(world).level_quantity, market(world).levels = D("0.02"), 1
    with conserved(world):
        resting = order(world, "SELL", "0.05", "100000", side_effect="MARGIN_BUY").order
    assert (resting.executed, pair(world).base.borrowed) == (D("0.02"), D("0.02"))


def test_at_execution_a_loan_refused_then_ends_the_order(world):
    world.config.margin_buy_borrows = "execution"
    resting = order(world, "BUY", "0.05", "90000", side_effect="MARGIN_BUY").order
    world.assets["USDT"].inventory = D(0)
    with conserved(world):
        world.set_price(BTCUSDT, "90000")
    assert (resting.status, resting.executed, pair(world).quote.free) == ("EXPIRED", D(0), D(1000))


def test_at_execution_more_than_the_account_could_borrow_is_refused_at_once(world):
    world.config.margin_buy_borrows = "execution"
    with pytest.raises(Refusal, match=r"^-2010"):
        order(world, "BUY", "1", "90000", side_effect="MARGIN_BUY")


def test_loans_may_wait_for_those_of_their_own_pair_only(world):
    fund(world, "USDT", "1000", symbol="ADAUSDT")
    world.config.loan_gap_ms = 1000
    order(world, "BUY", "0.02", side_effect="MARGIN_BUY")
    with pytest.raises(Refusal, match=r"^-3007"):
        order(world, "BUY", "1500", symbol="ADAUSDT", side_effect="MARGIN_BUY")
    world.config.loans_serial = "pair"
    assert order(world, "BUY", "1500", symbol="ADAUSDT", side_effect="MARGIN_BUY").order.status == "FILLED"
    with pytest.raises(Refusal, match=r"^-3007"):
        repay(world, "USDT", "1")


def test_a_pending_loan_holds_up_its_own_pair_only_where_pairs_are_apart(world):
    fund(world, "USDT", "1000", symbol="ADAUSDT")
    order(world, "BUY", "0.005", side_effect="MARGIN_BUY")
    pair(world).quote.borrowed = D(100)
    world.house.counterparty["USDT"] += 100
    world.config.loan_pending_ms = 1000
    repay(world, "USDT", "1")
    world.config.loans_serial = "pair"
    assert order(world, "BUY", "1500", symbol="ADAUSDT", side_effect="MARGIN_BUY").order.status == "FILLED"
    with pytest.raises(Refusal, match=r"^-3007"):
        repay(world, "USDT", "1")


def test_while_cooling_off_nothing_is_lent(world):
    world.config.cooling_off = True
    with pytest.raises(Refusal, match=r"^-3012"):
        order(world, "BUY", "0.02", side_effect="MARGIN_BUY")
