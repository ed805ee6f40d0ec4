from __future__ import annotations

from marginbot.domain.amounts import Asset
from tests.builders import BTC, NO_RULES, USDT, D, a_market, filters


def test_a_market_order_keeps_both_lot_filters():
    both = filters(step="0.01", min_qty="0.02", max_qty="9000", market_step="0.1", market_min="0.5", market_max="129.84957276")
    assert (both.order_step, both.order_min_qty, both.order_max_qty) == (D("0.1"), D("0.5"), D("129.84957276"))


def test_zeros_in_the_market_lot_filter_leave_the_plain_lot_filter_alone():
    assert filters().order_step == D("0.00001")
    assert filters().order_min_qty == D("0.00001")
    assert filters().order_max_qty == 9000


def test_without_any_rule_orders_still_have_at_most_eight_decimals():
    assert NO_RULES.order_step == D("0.00000001")
    assert NO_RULES.price_step == D("0.00000001")
    assert NO_RULES.order_min_qty == 0
    assert NO_RULES.order_max_qty is None


def test_any_word_but_trading_means_closed():
    assert a_market().rules.trading
    for word in ("BREAK", "HALT", "CANCEL_ONLY", "END_OF_DAY", "trading", "A_NEW_WORD"):
        assert not a_market(status=word).rules.trading


def test_an_interest_rate_that_was_not_read_is_assumed_cautiously():
    market = a_market(hourly={USDT: "0.00002"})
    assert market.hourly_rate(USDT) == D("0.00002")
    assert market.hourly_rate(BTC) == 0
    assert market.hourly_rate(Asset("ETH")) == D("0.0001")


def test_a_minimum_repayment_that_is_not_named_is_none():
    market = a_market(min_repay={USDT: "1"})
    assert (market.repay_minimum(USDT), market.repay_minimum(BTC)) == (1, 0)
