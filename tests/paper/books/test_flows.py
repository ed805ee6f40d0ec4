"""The capital flow as a view of the books: its signs, its ids, and what it must add up to."""

from decimal import Decimal as D

import pytest

from marginbot.paper.books import dust
from marginbot.paper.books.flows import TYPES, Flow, Place, flows
from marginbot.paper.books.records import Scope
from marginbot.paper.books.world import World
from tests.paper.books.builders import BTCUSDT, HOUR, a_world, account, after, borrow, fund, order, pair, repay

ALWAYS = 10**15
LEFT = frozenset({"REPAY", "BUY_EXPENSE", "SELL_EXPENSE", "TRADING_COMMISSION", "REPAY_LIQUIDATION", "LIQUIDATION_FEE"})


def seen(world: World, scope: Scope = Scope.ISOLATED, symbol: str = BTCUSDT) -> list[Flow]:
    return flows(world, account(world), Place(scope, symbol, 0, ALWAYS))


def gained(world: World, asset: str) -> D:
    """What the account has won of an asset by its flows."""
    return sum((-flow.amount if flow.type in LEFT else flow.amount for flow in seen(world) if flow.asset == asset), D(0))


def a_busy_pair(change: str) -> World:
    world = a_world()
    fund(world, "USDT", "1000")
    borrow(world, "USDT", "3000")
    order(world, "BUY", "0.03")
    order(world, "SELL", "0.01", side_effect="AUTO_REPAY")
    after(world, HOUR)
    repay(world, "USDT", "100")
    world.set_price(BTCUSDT, change)
    return after(world, 1000)


@pytest.mark.parametrize("price", ["120000", "84000", "50000"])
def test_a_pair_has_what_it_was_given_and_what_its_flows_brought(price):
    world = a_busy_pair(price)
    assert pair(world).quote.total == 1000 + gained(world, "USDT")
    assert pair(world).base.total == gained(world, "BTC")
    assert {flow.type for flow in seen(world)} <= TYPES


def test_what_the_insurance_fund_paid_is_told():
    world = a_busy_pair("50000")
    (paid,) = [flow.amount for flow in seen(world) if flow.type == "OTHER_LIQUIDATION"]
    assert paid == -world.house.insurance["USDT"] > 0


def test_each_flow_has_an_id_of_its_own_in_the_order_of_events():
    found = seen(a_busy_pair("84000"))
    assert [flow.id for flow in found] == sorted({flow.id for flow in found})
    assert [flow.time for flow in found] == sorted(flow.time for flow in found)


def test_a_loan_comes_before_the_trade_it_was_taken_for_and_a_repayment_after():
    world = a_world()
    fund(world, "USDT", "1000")
    order(world, "BUY", "0.015", side_effect="MARGIN_BUY")
    order(world, "SELL", "0.01", side_effect="AUTO_REPAY")
    kinds = [flow.type for flow in seen(world)]
    assert (kinds[0], kinds[-1]) == ("BORROW", "REPAY")


def test_the_ids_survive_a_restart():
    world = a_busy_pair("120000")
    assert seen(World.load(world.dump(), world.now_ms)) == seen(world)


def test_a_fee_that_the_spot_wallet_paid_is_no_flow_of_the_pair():
    world = a_world()
    world.config.isolated_fees_in_bnb = account(world).spot_bnb_burn = True
    fund(world, "BNB", "1", Scope.SPOT)
    fund(world, "USDT", "1000")
    order(world, "BUY", "0.01")
    assert [flow.type for flow in seen(world)] == ["BUY_EXPENSE", "BUY_INCOME"]


def test_a_fee_in_bnb_is_one_of_the_cross_account():
    world = a_world()
    account(world).spot_bnb_burn = True
    fund(world, "BNB", "1", Scope.CROSS)
    fund(world, "USDT", "1000", Scope.CROSS)
    order(world, "BUY", "0.01", scope=Scope.CROSS)
    assert [(flow.type, flow.asset) for flow in seen(world, Scope.CROSS, "")][-1] == ("TRADING_COMMISSION", "BNB")


def test_crumbs_of_the_cross_account_leave_and_come_back_as_bnb():
    world = a_world()
    for scope in (Scope.CROSS, Scope.SPOT):
        fund(world, "ADA", "8", scope)
        fund(world, "XRP", "3.2", scope)
        dust.convert(world, account(world), scope, ["ADA", "XRP"])
    # 8 USDT each, 0.01 BNB at 800, less 2 %.
    rows = [(flow.type, flow.asset, flow.amount) for flow in seen(world, Scope.CROSS, "")]
    assert rows == [("SMALL_BALANCE_CONVERT", *one) for one in (
        ("ADA", -8), ("XRP", D("-3.2")), ("BNB", D("0.0098")), ("BNB", D("0.0098")),
    )]  # fmt: skip


def test_a_failed_loan_or_transfer_is_none():
    world = a_world()
    fund(world, "USDT", "1000")
    world.config.loan_pending_ms, world.config.loans_fail = 500, True
    borrow(world, "USDT", "100")
    assert seen(after(world, 500)) == []


def test_a_trade_of_an_earlier_version_is_left_out():
    world = a_world()
    fund(world, "USDT", "1000")
    order(world, "BUY", "0.005")
    account(world).trades[0].tran_id = 0
    order(world, "BUY", "0.005")
    assert len(seen(world)) == 3
