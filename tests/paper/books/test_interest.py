"""Interest: one hour at borrowing, one at every full clock hour."""

from decimal import Decimal as D

from marginbot.paper.books import loans
from marginbot.paper.books.records import Scope
from tests.paper.books.builders import EIGHT, HOUR, MINUTE, a_world, account, after, borrow, fund, pair, repay

FIVE_TO_EIGHT = EIGHT - 5 * MINUTE


def a_rich_world(now_ms=EIGHT):
    world = a_world(now_ms=now_ms)
    fund(world, "USDT", "1000")
    return world


def test_1000_usdt_borrowed_five_minutes_before_the_hour_owe_two_hours_at_half_past():
    world = a_rich_world(FIVE_TO_EIGHT)
    borrow(world, "USDT", "1000")
    assert pair(world).quote.interest == D("0.01")
    after(world, 35 * MINUTE)
    assert pair(world).quote.interest == D("0.02")


def test_a_loan_of_minutes_costs_one_hour():
    world = a_rich_world(EIGHT + 20 * MINUTE)
    borrow(world, "USDT", "1000")
    after(world, 2 * MINUTE)
    repay(world, "USDT", "1000.01")
    assert not pair(world).owes()


def test_every_full_hour_is_charged_when_the_world_is_looked_at_only_once():
    world = a_rich_world()
    borrow(world, "USDT", "1000")
    after(world, 5 * HOUR + MINUTE)
    assert pair(world).quote.interest == D("0.06")
    assert [row.type for row in account(world).interest] == ["ON_BORROW", *["PERIODIC"] * 5]
    assert account(world).interest[-1].time == EIGHT + 5 * HOUR


def test_interest_does_not_bear_interest():
    world = a_rich_world()
    borrow(world, "USDT", "1000")
    assert [row.interest for row in account(after(world, 3 * HOUR)).interest] == [D("0.01")] * 4


def test_repaid_before_the_hour_nothing_more_is_charged():
    world = a_rich_world()
    borrow(world, "USDT", "1000")
    repay(world, "USDT", "1000.01")
    after(world, 3 * HOUR)
    assert not pair(world).owes()


def test_the_cross_account_is_charged_too():
    world = a_world()
    fund(world, "USDT", "1000", Scope.CROSS)
    loans.borrow(world, account(world), Scope.CROSS, "", "USDT", D(1000))
    after(world, HOUR)
    assert account(world).cross["USDT"].interest == D("0.02")


def test_interest_goes_to_the_exchange():
    world = a_rich_world()
    borrow(world, "USDT", "1000")
    assert world.house.interest == {"USDT": D("0.01")}
