"""Borrowing and repaying: what is refused, what is paid first, and how slow records behave."""

from decimal import Decimal as D

import pytest

from marginbot.paper.books import loans
from marginbot.paper.books.listing import Delisting
from marginbot.paper.books.records import Scope
from marginbot.paper.books.refusal import Refusal
from tests.paper.books.builders import BTCUSDT, EIGHT, HOUR, a_world, account, after, borrow, fund, pair, repay


@pytest.fixture
def world():
    """1000 USDT of one's own on BTCUSDT, nothing owed."""
    world = a_world()
    fund(world, "USDT", "1000")
    return world


@pytest.fixture
def owing(world):
    """2000 USDT held, 1000 and one hour (0.01) owed."""
    borrow(world, "USDT", "1000")
    return world


def refused(code):
    return pytest.raises(Refusal, match=rf"^{code} ")


def test_a_repayment_pays_interest_first_then_principal(owing):
    loan = repay(owing, "USDT", "100")
    assert (loan.interest, loan.principal) == (D("0.01"), D("99.99"))
    quote = pair(owing).quote
    assert (quote.free, quote.borrowed, quote.interest) == (D(1900), D("900.01"), D(0))


def test_less_than_the_interest_touches_no_principal(owing):
    repay(owing, "USDT", "0.004")
    assert (pair(owing).quote.borrowed, pair(owing).quote.interest) == (D(1000), D("0.006"))


def test_repaying_a_digit_more_than_the_debt_is_refused_and_not_cut_down(owing):
    with refused(-3015):
        repay(owing, "USDT", "1000.01000001")
    assert pair(owing).quote.debt == D("1000.01")


def test_free_must_cover_a_repayment_and_locked_money_does_not_count(owing):
    quote = pair(owing).quote
    quote.free, quote.locked = D(100), D(1900)
    with refused(-3041):
        repay(owing, "USDT", "101")


def test_a_repayment_below_the_minimum_is_refused_unless_it_is_the_whole_debt(owing):
    owing.terms("USDT").min_repay = D(5)
    with refused(-3016):
        repay(owing, "USDT", "4")
    repay(owing, "USDT", "996")
    repay(owing, "USDT", "4.01")
    assert not pair(owing).owes()


def test_crumbs_are_refused_only_where_configured(owing):
    owing.terms("USDT").min_repay = D(5)
    owing.config.refuse_crumbs = True
    with refused(-3024):
        repay(owing, "USDT", "1000")
    owing.config.refuse_crumbs = False
    repay(owing, "USDT", "1000")
    assert pair(owing).quote.debt == D("0.01")


def test_more_than_eight_decimals_are_refused(owing):
    with refused(-1111):
        repay(owing, "USDT", "0.000000001")


def test_borrowing_beyond_the_initial_ratio_is_refused(world):
    with refused(-11008):
        borrow(world, "USDT", "9000.00000001")
    borrow(world, "USDT", "9000")
    assert pair(world).quote.borrowed == 9000


def test_an_isolated_loan_below_the_minimum_gets_the_code_seen_live(world):
    with refused(-11007):
        borrow(world, "BTC", "0.000001")


def test_what_is_not_lendable_has_three_faces(world):
    world.terms("USDT").inventory = D(50)
    with refused(-3045):
        borrow(world, "USDT", "51")
    world.terms("USDT").borrowable = False
    with refused(-3012):
        borrow(world, "USDT", "50")
    world.terms("USDT").borrowable = True
    world.delistings.append(Delisting(EIGHT + HOUR, [], [BTCUSDT]))
    with refused(-3012):
        borrow(world, "USDT", "50")


def test_lending_empties_the_inventory_and_repaying_fills_it(world):
    world.terms("USDT").inventory = D(1000)
    borrow(world, "USDT", "600")
    assert world.terms("USDT").inventory == 400
    repay(world, "USDT", "600.006")
    assert world.terms("USDT").inventory == 1000


def test_an_asset_outside_the_pair_or_an_account_never_opened_is_refused(world):
    with refused(-3027):
        borrow(world, "ETH", "1")
    with refused(-11001):
        borrow(world, "XRP", "100", "XRPUSDT")


def test_a_loan_action_too_soon_after_the_last_is_refused_across_assets(owing):
    owing.config.loan_gap_ms = 100
    with refused(-3007):
        repay(owing, "USDT", "1")
    with refused(-3007):
        borrow(owing, "BTC", "0.001")
    repay(after(owing, 100), "USDT", "1")


def test_a_pending_repayment_has_left_free_and_not_yet_lowered_the_debt(owing):
    owing.config.loan_pending_ms = 500
    loan = repay(owing, "USDT", "100.01")
    quote = pair(owing).quote
    assert (loan.status, quote.free, quote.debt) == ("PENDING", D("1899.99"), D("1000.01"))
    with refused(-3007):
        repay(owing, "USDT", "1")
    after(owing, 500)
    assert (loan.status, quote.free, quote.debt) == ("CONFIRMED", D("1899.99"), D(900))


def test_a_failing_repayment_gives_the_money_back(owing):
    owing.config.loan_pending_ms, owing.config.loans_fail = 500, True
    loan = repay(owing, "USDT", "100")
    after(owing, 500)
    assert (loan.status, pair(owing).quote.free, pair(owing).quote.debt) == ("FAILED", D(2000), D("1000.01"))


def test_a_pending_loan_arrives_later(world):
    world.config.loan_pending_ms = 500
    borrow(world, "USDT", "100")
    assert pair(world).quote.free == 1000
    after(world, 500)
    assert (pair(world).quote.free, pair(world).quote.debt) == (D(1100), D("100.001"))


def test_the_cross_account_borrows_at_three_times(world):
    fund(world, "USDT", "1000", Scope.CROSS)
    with refused(-3006):
        loans.borrow(world, account(world), Scope.CROSS, "", "USDT", D(2001))
    loans.borrow(world, account(world), Scope.CROSS, "", "USDT", D(2000))
    assert account(world).cross["USDT"].free == 3000
