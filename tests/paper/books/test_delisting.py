"""A pair or an asset leaves margin: told before, settled by the exchange at its moment, and closed from then on."""

from decimal import Decimal as D

import pytest

from marginbot.paper.books import actions, loans, order_lists, transfers
from marginbot.paper.books.records import Scope
from marginbot.paper.books.refusal import Refusal
from marginbot.paper.books.ticket import Ticket
from marginbot.paper.books.transfers import Move
from tests.paper.books.builders import (
    BTCUSDT,
    EIGHT,
    HOUR,
    SECOND,
    a_world,
    account,
    after,
    borrow,
    conserved,
    fund,
    market,
    order,
    pair,
    reloaded,
    spot,
)  # fmt: skip


def delisted(world, seconds=60, **what):
    """BTCUSDT leaves after a minute, unless something else does; time goes up to that moment."""
    actions.act(world, "delist", {"in_seconds": seconds} | (what or {"symbol": BTCUSDT}))
    return after(world, seconds * SECOND)


def refused(code):
    return pytest.raises(Refusal, match=rf"^{code} ")


def test_until_its_moment_nothing_is_settled_and_then_everything():
    world = a_world("long")
    actions.act(world, "delist", {"symbol": BTCUSDT, "in_hours": "0.5"})
    after(world, HOUR // 2 - 1)
    assert pair(world).owes()
    with conserved(world):
        after(world, 1)
    assert pair(world).is_empty()


def test_a_long_is_sold_repaid_and_the_rest_goes_to_the_spot_wallet():
    world = a_world("long")
    before = spot(world).free
    with conserved(world):
        delisted(world)
    assert pair(world).is_empty()
    assert spot(world).free == before + 5000 - 4000
    repaid, moved = account(world).loans[-1], account(world).transfers[-1]
    assert (repaid.direction, repaid.type, repaid.status, repaid.amount) == ("REPAY", "AUTO", "CONFIRMED", D("4000"))
    assert (moved.type, moved.status, moved.amount) == ("ISOLATED_MARGIN_MAIN", "CONFIRMED", D("1000"))
    assert account(world).orders[account(world).trades[-1].order_id].client_id.startswith("delist-")
    assert not account(world).liquidations


def test_a_short_is_bought_back():
    world = a_world("short")
    before = spot(world).free
    with conserved(world):
        delisted(world)
    assert pair(world).is_empty()
    assert spot(world).free == before + 1000


def test_coins_without_a_debt_are_moved_and_not_sold():
    world = a_world()
    fund(world, "BTC", "1")
    fund(world, "USDT", "7")
    with conserved(world):
        delisted(world)
    assert (spot(world, "BTC").free, spot(world).free) == (D(1), D(10007))
    assert not account(world).trades


def test_open_orders_and_lists_end_first():
    world = a_world()
    fund(world, "BTC", "2")
    resting = order(world, "SELL", "1", "110000").order
    limit = Ticket(Scope.ISOLATED, BTCUSDT, "SELL", "LIMIT_MAKER", D("1"), price=D(110_000))
    stop = Ticket(Scope.ISOLATED, BTCUSDT, "SELL", "STOP_LOSS", D("1"), stop_price=D(90_000))
    order_lists.place(world, account(world), limit, stop)
    with conserved(world):
        delisted(world)
    assert (resting.status, resting.expiry_reason) == ("CANCELED", "EXCHANGE_CANCELED")
    assert not account(world).open_orders
    assert spot(world, "BTC").free == 2


def test_what_the_book_does_not_give_the_insurance_fund_pays():
    world = a_world("short")
    world.market(BTCUSDT).levels, world.market(BTCUSDT).level_quantity = 1, D("0.0001")
    world.market(BTCUSDT).half_spread_bps = D(3000)
    with conserved(world):
        delisted(world)
    assert pair(world).is_empty()
    paid = [row for row in account(world).seizures if row.type == "OTHER_LIQUIDATION"]
    assert [(row.asset, row.amount) for row in paid] == [("BTC", -world.house.insurance["BTC"])]


def test_afterwards_the_pair_is_closed_for_margin_and_open_for_spot():
    world = delisted(a_world("long"))
    assert not market(world).listing.isolated
    assert (pair(world).enabled, pair(world).trade_enabled) == (False, False)
    with refused(-3021):
        order(world, "SELL", "0.01")
    with refused(-3028):
        borrow(world, "USDT", "100")
    with refused(-3028):
        transfers.transfer(world, account(world), Move("MAIN_ISOLATED_MARGIN", "USDT", D(1), to_symbol=BTCUSDT))
    assert order(world, "BUY", "0.01", scope=Scope.SPOT).order.status == "FILLED"


def test_other_pairs_are_left_alone():
    world = a_world("open-orders")
    delisted(world)
    assert pair(world, "SOLUSDT").owes()
    assert len(account(world).open_orders) == 2


def test_money_on_its_way_arrives_first():
    world = a_world("long")
    fund(world, "USDT", "50")
    world.config.transfer_pending_ms = world.config.loan_pending_ms = 10 * HOUR
    transfers.transfer(world, account(world), Move("MAIN_ISOLATED_MARGIN", "USDT", D(100), to_symbol=BTCUSDT))
    loans.repay(world, account(world), Scope.ISOLATED, BTCUSDT, "USDT", D(50))
    before = spot(world).free
    with conserved(world):
        delisted(world)
    assert not world.pending
    assert (pair(world).is_empty(), spot(world).free) == (True, before + 1050 + 100)


def test_a_liquidation_under_way_is_finished_first():
    world = a_world("long")
    world.config.liquidation_ms = 10 * HOUR
    world.set_price(BTCUSDT, "84000")
    before = spot(world).free
    with conserved(world):
        delisted(world)
    assert (pair(world).liquidating_until, pair(world).is_empty()) == (None, True)
    assert spot(world).free == before + 4200 - 4000 - 84


def test_the_settlement_may_come_late_or_never():
    world = a_world("long")
    world.config.delist_delay_ms = 3 * HOUR
    delisted(world)
    assert pair(world).owes()
    world.config.delist_settles = False
    assert pair(after(world, 4 * HOUR)).owes()


def test_a_world_put_away_before_the_moment_settles_when_it_is_taken_up_after_it():
    world = a_world("long")
    actions.act(world, "delist", {"symbol": BTCUSDT, "in_seconds": 60})
    again = reloaded(world)
    again.advance(EIGHT + HOUR)
    assert pair(again).is_empty()
    assert reloaded(again).delistings[0].settled


def test_an_asset_that_leaves_the_cross_account_is_repaid_and_the_rest_moved_to_spot():
    world = a_world()
    fund(world, "USDT", "10000", Scope.CROSS)
    fund(world, "ADA", "500", Scope.CROSS)
    loans.borrow(world, account(world), Scope.CROSS, "", "ADA", D(100))
    with conserved(world):
        delisted(world, asset="ADA")
    assert account(world).cross["ADA"].is_empty()
    assert spot(world, "ADA").free == D(600) - D("100.002")
    with refused(-3027):
        transfers.transfer(world, account(world), Move("MAIN_MARGIN", "ADA", D(1)))
    with refused(-3021):
        order(world, "BUY", "10", symbol="ADAUSDT", scope=Scope.CROSS)


def test_a_cross_debt_in_the_asset_is_bought_back_with_usdt():
    world = a_world()
    fund(world, "USDT", "10000", Scope.CROSS)
    loans.borrow(world, account(world), Scope.CROSS, "", "ADA", D(100))
    order(world, "SELL", "100", symbol="ADAUSDT", scope=Scope.CROSS)
    with conserved(world):
        delisted(world, asset="ADA")
    assert account(world).cross["ADA"].is_empty()
    assert account(world).cross["USDT"].free == D(10000) + D("99.9") - D("100.002")


def test_an_asset_that_secures_another_debt_is_sold_and_not_moved():
    world = a_world()
    fund(world, "ADA", "10000", Scope.CROSS)
    loans.borrow(world, account(world), Scope.CROSS, "", "USDT", D(1000))
    with conserved(world):
        delisted(world, asset="ADA")
    assert "ADA" not in account(world).spot
    assert account(world).cross["USDT"].free == 11000


def test_before_the_moment_only_the_debt_may_enter_the_cross_account():
    world = a_world()
    fund(world, "ADA", "50", Scope.SPOT)
    actions.act(world, "delist", {"asset": "ADA", "in_seconds": 60})
    with refused(-3065):
        transfers.transfer(world, account(world), Move("MAIN_MARGIN", "ADA", D(1)))


@pytest.mark.parametrize(
    "what", [{}, {"symbol": BTCUSDT, "asset": "ADA"}, {"asset": "USDT"}, {"symbol": BTCUSDT, "in_hours": -1}]
)
def test_a_notice_that_makes_no_sense_is_not_planned(what):
    with pytest.raises(ValueError, match=r"leaves|settled|ahead"):
        actions.act(a_world(), "delist", what)
