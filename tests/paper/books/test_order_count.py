"""The count of unfilled orders: one up for each, one down for a first fill as taker, five for one as maker."""

from decimal import Decimal as D

from marginbot.paper.books import trading
from marginbot.paper.books.order_count import OrderCount
from marginbot.paper.books.records import Scope
from tests.paper.books.builders import EIGHT, HOUR, SECOND, a_world, account, after, fund, market, order

SIX = EIGHT - 2 * HOUR


def counts(world):
    count = account(world).order_count
    return count.recent.count(world.now_ms), count.today.count(world.now_ms)


def a_funded_world():
    world = a_world()
    fund(world, "USDT", "100000")
    return world


def test_an_order_that_trades_at_once_does_not_count():
    world = a_funded_world()
    order(world, "BUY", "0.01", "90000")
    order(world, "BUY", "0.01")
    assert counts(world) == (1, 1)


def test_the_first_fill_of_a_resting_order_takes_five_off_and_later_ones_nothing():
    world = a_funded_world()
    order(world, "BUY", "0.06", "90000")
    for _ in range(5):
        order(world, "BUY", "0.01", "80000")
    market(world).level_quantity, market(world).levels = D("0.04"), 1
    world.set_price("BTCUSDT", "90000")
    assert counts(world) == (1, 1)
    assert [trade.quantity for trade in account(after(world, SECOND)).trades] == [D("0.04"), D("0.02")]
    assert counts(world) == (1, 1)


def test_cancelling_and_expiring_take_nothing_off():
    world = a_funded_world()
    trading.cancel(world, account(world), order(world, "BUY", "0.01", "90000").order)
    order(world, "BUY", "0.01", "90000", time_in_force="IOC")
    assert counts(world) == (2, 2)


def test_spot_and_margin_orders_are_counted_together():
    world = a_funded_world()
    order(world, "BUY", "0.01", "90000")
    order(world, "BUY", "0.01", "90000", scope=Scope.SPOT)
    assert counts(world) == (2, 2)


def test_the_windows_begin_anew_by_the_clock_and_the_utc_day():
    count = OrderCount()
    midnight = SIX - SIX % (24 * HOUR)
    count.placed(midnight - 1)
    assert (count.recent.count(midnight - 1), count.today.count(midnight - 1)) == (1, 1)
    assert (count.recent.count(midnight), count.today.count(midnight)) == (0, 0)
    count.placed(midnight)
    assert (count.recent.count(midnight + 10_000), count.today.count(midnight + 10_000)) == (0, 1)


def test_fills_of_yesterdays_orders_count_today_and_never_below_nothing():
    count, day = OrderCount(), 24 * HOUR
    for _ in range(2):
        count.placed(SIX)
    count.placed(SIX + day)
    count.filled(SIX + day, maker=False)
    assert count.today.count(SIX + day) == 0
    count.filled(SIX + day, maker=True)
    count.placed(SIX + day)
    assert count.today.count(SIX + day) == 1
