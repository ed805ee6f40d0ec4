"""Orders: what they lock, what they fill, how they end, and what the side effects do. Prices at 100,000."""

from decimal import Decimal as D

import pytest

from marginbot.paper.books import trading
from marginbot.paper.books.records import Scope
from marginbot.paper.books.refusal import DUPLICATE, INSUFFICIENT, WOULD_TAKE, WOULD_TRIGGER, Refusal
from tests.paper.books.builders import a_world, account, after, borrow, fund, market, order, pair, spot


@pytest.fixture
def world():
    """1 BTC and 100,000 USDT on BTCUSDT, levels of 0.5 BTC at 100,000, then 10 apart."""
    world = a_world()
    fund(world, "BTC", "1")
    fund(world, "USDT", "100000")
    return world


def test_a_market_sale_takes_its_fee_from_the_quote_it_receives(world):
    placed = order(world, "SELL", "0.1")
    assert (placed.order.status, placed.order.quote_executed) == ("FILLED", D(10_000))
    assert (pair(world).base.free, pair(world).quote.free) == (D("0.9"), D(109_990))
    assert [(t.commission, t.commission_asset) for t in placed.trades] == [(D(10), "USDT")]


def test_a_market_purchase_takes_its_fee_from_the_base_it_receives(world):
    order(world, "BUY", "0.1")
    assert (pair(world).base.free, pair(world).quote.free) == (D("1.0999"), D(90_000))


def test_a_large_order_walks_the_levels(world):
    placed = order(world, "SELL", "0.75")
    assert [(t.price, t.quantity) for t in placed.trades] == [(100_000, D("0.5")), (99_990, D("0.25"))]


def test_what_was_taken_is_missing_until_the_book_refills(world):
    order(world, "SELL", "0.5")
    assert next(market(world).depth("SELL"))[1] == 99_990
    after(world, 999)
    assert order(world, "SELL", "0.1").trades[0].price == 99_990
    after(world, 1000)
    assert order(world, "SELL", "0.1").trades[0].price == 100_000


def test_a_stop_that_is_set_off_long_after_a_fill_meets_a_full_book(world):
    stop = order(world, "SELL", "0.1", type="STOP_LOSS", stop_price="90000").order
    order(world, "SELL", "0.5")
    world.now_ms += 5000
    world.set_price("BTCUSDT", "90000")
    assert (stop.status, stop.quote_executed) == ("FILLED", D(9000))


def test_a_market_order_on_a_thin_book_expires_part_filled(world):
    market(world).levels = 1
    placed = order(world, "SELL", "0.8")
    assert (placed.order.status, placed.order.executed) == ("EXPIRED", D("0.5"))
    assert placed.order.expiry_reason == "INSUFFICIENT_LIQUIDITY"
    assert (pair(world).base.free, pair(world).base.locked) == (D("0.5"), D(0))


def test_a_market_order_can_be_sized_in_quote(world):
    placed = order(world, "BUY", quote_quantity="1000.5")
    assert (placed.order.quantity, placed.order.quote_executed) == (D("0.01"), D(1000))


def test_more_than_free_is_refused_and_nothing_moves(world):
    before = world.totals()
    with pytest.raises(Refusal, match=INSUFFICIENT):
        order(world, "SELL", "1.00001")
    assert (pair(world).base.free, world.totals()) == (D(1), before)


def test_a_resting_order_locks_what_it_spends_and_cancelling_unlocks_it(world):
    placed = order(world, "BUY", "0.1", "90000")
    assert (pair(world).quote.free, pair(world).quote.locked) == (D(91_000), D(9_000))
    trading.cancel(world, account(world), placed.order)
    assert (pair(world).quote.free, pair(world).quote.locked) == (D(100_000), D(0))
    with pytest.raises(Refusal, match=r"^-2011"):
        trading.cancel(world, account(world), placed.order)


def test_a_resting_order_fills_at_its_own_price_when_the_market_comes(world):
    placed = order(world, "BUY", "0.1", "90000")
    world.set_price("BTCUSDT", "89000")
    assert (placed.order.status, placed.order.quote_executed) == ("FILLED", D(9_000))
    assert account(world).trades[-1].is_maker
    assert pair(world).quote.locked == 0


def test_a_resting_order_larger_than_the_book_fills_in_parts_as_it_refills(world):
    market(world).levels = 1
    placed = order(world, "SELL", "0.8", "110000")
    world.set_price("BTCUSDT", "111000")
    assert (placed.order.status, placed.order.executed) == ("PARTIALLY_FILLED", D("0.5"))
    assert pair(world).base.locked == D("0.3")
    after(world, 1000)
    assert placed.order.status == "FILLED"


def test_a_limit_order_takes_better_prices_first_and_unlocks_the_saving(world):
    placed = order(world, "BUY", "0.6", "100005")
    assert (placed.order.status, placed.order.executed) == ("PARTIALLY_FILLED", D("0.5"))
    assert pair(world).quote.locked == D("0.1") * 100_005
    assert pair(world).quote.free == 100_000 - 50_000 - D("10000.5")


def test_immediate_or_cancel_keeps_what_it_got(world):
    placed = order(world, "SELL", "0.8", "100000", time_in_force="IOC")
    assert (placed.order.status, placed.order.executed) == ("EXPIRED", D("0.5"))
    assert pair(world).base.locked == 0


def test_fill_or_kill_wants_all_or_nothing(world):
    assert order(world, "SELL", "0.8", "100000", time_in_force="FOK").order.executed == 0
    assert order(world, "SELL", "0.5", "100000", time_in_force="FOK").order.status == "FILLED"


def test_a_maker_order_that_would_take_is_refused(world):
    with pytest.raises(Refusal, match=WOULD_TAKE):
        order(world, "SELL", "0.1", "99000", type="LIMIT_MAKER")


def test_a_client_id_is_taken_only_while_its_order_is_open(world):
    order(world, "SELL", "0.1", "110000", client_id="mine")
    with pytest.raises(Refusal, match=DUPLICATE):
        order(world, "SELL", "0.1", "120000", client_id="mine")
    order(world, "SELL", "0.1", client_id="market")
    order(world, "SELL", "0.1", client_id="market")
    assert pair(world).base.free == D("0.7")


def test_the_same_client_id_may_be_open_in_another_account(world):
    order(world, "SELL", "0.1", "110000", client_id="mine")
    fund(world, "BTC", "1", Scope.CROSS)
    assert order(world, "SELL", "0.1", "110000", client_id="mine", scope=Scope.CROSS).order.is_open()


def test_a_closed_market_takes_no_orders(world):
    market(world).status = "BREAK"
    with pytest.raises(Refusal, match="Market is closed"):
        order(world, "SELL", "0.1")


def test_a_halted_market_fills_no_resting_order(world):
    placed = order(world, "BUY", "0.1", "90000")
    market(world).status = "HALT"
    world.set_price("BTCUSDT", "89000")
    assert placed.order.is_open()


def test_old_orders_and_trades_are_forgotten_but_never_open_ones(world):
    world.config.history = 10
    resting = order(world, "BUY", "0.001", "90000").order
    for _ in range(20):
        order(world, "SELL", "0.001")
    assert resting.order_id in account(world).orders
    assert len(account(world).orders) <= 12 >= len(account(world).trades)


def test_margin_buy_borrows_what_is_missing_when_the_order_is_placed():
    world = a_world()
    fund(world, "USDT", "1000")
    placed = order(world, "BUY", "0.05", "90000", side_effect="MARGIN_BUY")
    assert (placed.order.borrowed, pair(world).quote.borrowed) == (D(3500), D(3500))
    trading.cancel(world, account(world), placed.order)
    assert pair(world).quote.debt == D("0.035")


def test_selling_what_one_does_not_have_opens_a_short():
    world = a_world()
    fund(world, "USDT", "1000")
    order(world, "SELL", "0.04", side_effect="MARGIN_BUY")
    assert (pair(world).base.borrowed, pair(world).quote.free) == (D("0.04"), D(4996))


def test_auto_repay_pays_from_what_the_order_received():
    world = a_world("long")
    order(world, "SELL", "0.05", side_effect="AUTO_REPAY")
    assert (pair(world).quote.debt, pair(world).quote.free) == (D(0), D(995))
    assert account(world).loans[-1].type == "AUTO"


@pytest.mark.parametrize(("share", "debt"), [("0.9", "0"), ("0.5", "1502.5"), ("0", "4000")])
def test_auto_repay_can_be_told_to_leave_a_rest(share, debt):
    world = a_world("long")
    world.config.auto_repay_share = D(share)
    order(world, "SELL", "0.05", side_effect="AUTO_REPAY")
    assert pair(world).quote.debt == D(debt)


def test_auto_repay_does_nothing_while_a_loan_action_is_pending():
    world = a_world("long")
    fund(world, "USDT", "1000")
    world.config.loan_gap_ms = 100
    borrow(world, "USDT", "10")
    order(world, "SELL", "0.05", side_effect="AUTO_REPAY")
    assert pair(world).quote.borrowed == 4010


def test_a_stop_order_waits_for_its_price_and_then_sells(world):
    placed = order(world, "SELL", "0.1", "94000", type="STOP_LOSS_LIMIT", stop_price="95000")
    assert (placed.order.working, placed.order.status, pair(world).base.locked) == (False, "NEW", D("0.1"))
    world.set_price("BTCUSDT", "95500")
    assert placed.order.is_open()
    world.set_price("BTCUSDT", "94900")
    assert (placed.order.status, placed.order.quote_executed) == ("FILLED", D(9490))


def test_a_stop_order_can_trigger_and_stay_unfilled_below_its_limit(world):
    placed = order(world, "SELL", "0.1", "94000", type="STOP_LOSS_LIMIT", stop_price="95000")
    world.set_price("BTCUSDT", "93000")
    assert (placed.order.working, placed.order.executed) == (True, 0)


def test_a_triggered_market_buy_costs_what_the_book_asks_then(world):
    placed = order(world, "BUY", "0.1", type="STOP_LOSS", stop_price="105000")
    world.set_price("BTCUSDT", "107000")
    assert (placed.order.status, placed.order.quote_executed) == ("FILLED", D(10_700))
    assert pair(world).quote.locked == 0


def test_a_stop_beyond_the_market_is_refused(world):
    with pytest.raises(Refusal, match=WOULD_TRIGGER):
        order(world, "SELL", "0.1", "100000", type="STOP_LOSS_LIMIT", stop_price="100001")


def test_fees_in_bnb_are_a_quarter_lower_and_come_from_the_wallet_that_trades():
    world = a_world()
    account(world).spot_bnb_burn = True
    fund(world, "BNB", "1", Scope.SPOT)
    placed = order(world, "BUY", "0.01", scope=Scope.SPOT)
    assert (placed.trades[0].commission_asset, placed.trades[0].commission) == ("BNB", D("0.0009375"))
    assert (spot(world, "BTC").free, spot(world, "BNB").free) == (D("0.01"), D("0.9990625"))


def test_isolated_fees_come_from_what_was_received_even_with_bnb_on(world):
    account(world).spot_bnb_burn = True
    fund(world, "BNB", "1", Scope.SPOT)
    assert order(world, "SELL", "0.1").trades[0].commission_asset == "USDT"
    world.config.isolated_fees_in_bnb = True
    assert order(world, "SELL", "0.1").trades[0].commission_asset == "BNB"


def test_an_order_needs_an_opened_and_enabled_pair(world):
    with pytest.raises(Refusal, match=r"^-11001"):
        order(world, "SELL", "100", symbol="XRPUSDT")
    pair(world).enabled = False
    with pytest.raises(Refusal, match=r"^-3021"):
        order(world, "SELL", "0.1")
