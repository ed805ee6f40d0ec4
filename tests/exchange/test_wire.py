"""Answers become checked values; what is missing or malformed is an error that says where."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal as D
from typing import Any

import httpx
import pytest
import respx

from marginbot.domain.account import LevelStatus
from marginbot.domain.market import BookLevel, Fees
from marginbot.domain.records import Fill, RecordStatus
from marginbot.errors import AnswerMalformed, OutcomeUnknown, RequestRejected
from marginbot.exchange.adapter import BinanceExchange
from tests.exchange.conftest import BASE, NOW, NOW_MS
from tests.exchange.test_golden_requests import PUBLIC, SIGNED, SINCE, a_close
from tests.exchange.wire_samples import (
    KEY_RIGHTS,
    MARGIN_ASSETS,
    TIERS,
    a_commission,
    a_loan,
    a_row,
    a_side,
    a_transfer,
    an_order,
    exchange_info,
)

PAIR, BTC, USDT = "BTCUSDT", "BTC", "USDT"


def answering(binance: respx.MockRouter, *bodies: Any) -> respx.Route:
    return binance.route(url__startswith=BASE).mock(side_effect=[httpx.Response(200, json=body) for body in bodies])


async def account_of(exchange: BinanceExchange, binance: respx.MockRouter, **changed: Any):
    answering(binance, {"assets": [a_row("ETHUSDT"), a_row(**changed)]})
    return (await exchange.isolated_accounts())[PAIR]


async def test_a_pair_is_picked_by_its_symbol_and_read_in_full(exchange, binance):
    account = await account_of(exchange, binance, baseAsset=a_side(BTC, free="0.05", locked="0E-8", interest="0.00000001"))
    assert (account.symbol, account.base.asset, account.quote.asset) == (PAIR, BTC, USDT)
    assert (account.base.total, account.base.liability) == (D("0.05"), D("0.00000001"))
    assert (account.quote.borrowed, account.index_price, account.reported_level) == (D(4000), D(100000), D("1.25"))
    assert (account.created, account.enabled, account.trade_enabled) == (True, True, True)
    assert (account.status, account.at) == (LevelStatus.NORMAL, NOW)


@pytest.mark.parametrize("level", ["999", "0.00000000"])
async def test_the_no_debt_placeholders_are_not_levels(exchange, binance, level):
    account = await account_of(exchange, binance, marginLevel=level, quoteAsset=a_side(USDT, free="150.07886"))
    assert account.reported_level is None
    assert not account.owes


async def test_a_pair_never_opened_says_so(exchange, binance):
    closed = {"isolatedCreated": False, "enabled": False, "tradeEnabled": False, "marginLevel": "999", "indexPrice": "0"}
    account = await account_of(exchange, binance, **closed, baseAsset=a_side(BTC), quoteAsset=a_side(USDT))
    assert (account.created, account.enabled, account.is_empty) == (False, False, True)


@pytest.mark.parametrize("created", [True, False])
async def test_without_enabled_an_account_counts_as_enabled_where_it_was_created(exchange, binance, created):
    row = a_row(isolatedCreated=created)
    del row["enabled"]
    answering(binance, {"assets": [row]})
    assert (await exchange.isolated_accounts())[PAIR].enabled is created


async def test_a_status_added_since_is_unknown_and_the_numbers_still_count(exchange, binance):
    account = await account_of(exchange, binance, marginLevelStatus="SUPER_LIQUIDATION")
    assert (account.status, account.reported_level) == (LevelStatus.UNKNOWN, D("1.25"))


BROKEN_ROWS = [
    ({"baseAsset": a_side(BTC, free="-0.1")}, "BTCUSDT.baseAsset.free"),
    ({"baseAsset": a_side(BTC, locked="NaN")}, "locked"),
    ({"quoteAsset": a_side(USDT, borrowed="Infinity")}, "BTCUSDT.quoteAsset.borrowed"),
    ({"quoteAsset": a_side(USDT, interest="1_000")}, "interest"),
    ({"quoteAsset": a_side(USDT, free="1e99")}, "free"),
    ({"quoteAsset": a_side(USDT, free=5)}, "free"),
    ({"indexPrice": ""}, "indexPrice"),
    ({"indexPrice": "0"}, "indexPrice is zero"),
    ({"marginLevel": None}, "marginLevel"),
    ({"isolatedCreated": "true"}, "isolatedCreated"),
]


@pytest.mark.parametrize(("changed", "where"), BROKEN_ROWS)
async def test_a_malformed_row_is_an_error_that_names_its_key(exchange, binance, changed, where):
    with pytest.raises(AnswerMalformed, match=where) as caught:
        await account_of(exchange, binance, **changed)
    assert "GET /sapi/v1/margin/isolated/account" in str(caught.value)


@pytest.mark.parametrize("key", ["free", "locked", "borrowed", "interest", "asset"])
async def test_a_missing_balance_is_an_error_and_never_zero(exchange, binance, key):
    side = a_side(USDT)
    del side[key]
    with pytest.raises(AnswerMalformed, match=key):
        await account_of(exchange, binance, quoteAsset=side)


CHECKED = [case for case in (*PUBLIC, *SIGNED) if case[5] not in ([], {"total": 0, "rows": []})]


@pytest.mark.parametrize("case", CHECKED, ids=lambda case: case[0])
async def test_an_answer_of_the_wrong_shape_is_malformed_for_a_read_and_unknown_for_a_write(exchange, binance, case):
    expected = AnswerMalformed if case[2] == "GET" else OutcomeUnknown
    for body in ({"nothing": "known"}, [{"nothing": "known"}], "text", None):
        binance.route(url__startswith=BASE).respond(json=body)
        with pytest.raises(expected, match=f"{case[2]} {case[3]}"):
            await getattr(exchange, case[0])(*case[1])


@pytest.mark.parametrize("case", CHECKED, ids=lambda case: case[0])
async def test_a_key_added_since_is_ignored(exchange, binance, case):
    body = json.loads(json.dumps(case[5]))
    for item in body if isinstance(body, list) else [body]:
        item["addedIn2030"] = {"anything": [1]}
    answering(binance, body)
    await getattr(exchange, case[0])(*case[1])


async def test_filters_are_found_by_type_and_zero_means_no_rule(exchange, binance):
    answering(binance, exchange_info())
    rules = await exchange.pair_rules(PAIR)
    filters = rules.filters
    assert (rules.base, rules.quote, rules.trading) == (BTC, USDT, True)
    assert (filters.tick_size, filters.step_size, filters.min_qty, filters.max_qty) == (
        D("0.01"),
        D("0.00001"),
        D("0.00001"),
        9000,
    )
    assert (filters.market_step_size, filters.market_min_qty, filters.market_max_qty) == (0, 0, 100)
    assert (filters.min_notional, filters.max_notional, filters.max_position) == (5, 9_000_000, None)


async def test_the_older_notional_filter_counts_too_and_market_lots_may_be_absent(exchange, binance):
    old = [
        {"filterType": "PRICE_FILTER", "tickSize": "0.01"},
        {"filterType": "LOT_SIZE", "minQty": "1", "maxQty": "0", "stepSize": "1"},
        {"filterType": "MIN_NOTIONAL", "minNotional": "10", "applyToMarket": False, "avgPriceMins": 5},
        {"filterType": "MAX_POSITION", "maxPosition": "3"},
    ]
    answering(binance, exchange_info(old, status="CANCEL_ONLY"))
    rules = await exchange.pair_rules(PAIR)
    assert not rules.trading
    assert (rules.filters.min_notional, rules.filters.max_qty, rules.filters.max_position) == (10, None, 3)
    assert rules.filters.order_step == 1


@pytest.mark.parametrize(
    "info",
    [
        exchange_info([]),
        exchange_info(
            [{"filterType": "PRICE_FILTER", "tickSize": "0.01"}, {"filterType": "LOT_SIZE", "minQty": "1", "maxQty": "1"}]
        ),
        exchange_info(symbol="ETHUSDT"),
    ],
)
async def test_a_missing_filter_number_or_pair_is_an_error(exchange, binance, info):
    answering(binance, info)
    with pytest.raises(AnswerMalformed):
        await exchange.pair_rules(PAIR)


async def test_an_unknown_pair_is_refused_with_its_code(exchange, binance):
    binance.get("/api/v3/exchangeInfo").respond(400, json={"code": -1121, "msg": "Invalid symbol."})
    with pytest.raises(RequestRejected) as caught:
        await exchange.pair_rules("NOPEUSDT")
    assert caught.value.code == -1121


async def test_fees_add_up_with_the_dearer_side_and_without_the_discount(exchange, binance):
    answering(binance, a_commission(), a_commission(taker="1"), a_commission(taker="-0.1"))
    assert await exchange.fees(PAIR) == Fees(maker=D("0.0013"), taker=D("0.0015"))
    for _ in range(2):
        with pytest.raises(AnswerMalformed):
            await exchange.fees(PAIR)


async def test_tiers_come_lowest_first_and_must_be_there(exchange, binance):
    answering(binance, TIERS, [])
    tiers = await exchange.tiers(PAIR)
    assert [tier.tier for tier in tiers] == [1, 2]
    assert (tiers[0].liquidation_level, tiers[0].quote_max_borrowable) == (D("1.05"), 70000)
    with pytest.raises(AnswerMalformed, match="no tier"):
        await exchange.tiers(PAIR)


async def test_the_book_is_ordered_best_first(exchange, binance):
    answering(binance, {"lastUpdateId": 1, "bids": [["9", "1"], ["10", "2"]], "asks": [["12", "1"], ["11", "0.5"]]})
    book = await exchange.order_book(PAIR)
    assert (book.bids[0], book.asks[0]) == (BookLevel(D(10), D(2)), BookLevel(D(11), D("0.5")))
    assert book.mid == D("10.5")


async def test_wallet_minimums_rates_and_pairs_are_read_by_asset(exchange, binance):
    fee_row = {"vipLevel": 0, "symbol": PAIR, "leverage": "10", "data": [{"coin": BTC, "dailyInterest": "0.00024"}]}
    answering(
        binance,
        {"uid": 354937868, "balances": [{"asset": USDT, "free": "50300000001.44911105", "locked": "0"}]},
        MARGIN_ASSETS,
        [fee_row, {**fee_row, "symbol": "ETHUSDT"}],
        [{"symbol": PAIR}, {"symbol": "ETHUSDT"}],
    )
    wallet = await exchange.spot_wallet()
    assert (wallet.uid, wallet.free) == ("354937868", {USDT: D("50300000001.44911105")})
    assert await exchange.min_repays() == {USDT: D("0.5")}
    assert await exchange.hourly_rates(PAIR) == {BTC: D("0.00001")}
    assert await exchange.isolated_pairs() == {PAIR, "ETHUSDT"}


async def test_the_rights_of_a_key_are_told_apart(exchange, binance):
    flags = {"enableReading": True, "enableSpotAndMarginTrading": False, "enableMargin": True, "permitsUniversalTransfer": False}
    answering(binance, {**flags, "enableWithdrawals": True, "ipRestrict": False})
    rights = await exchange.key_rights()
    assert (rights.reading, rights.trading, rights.margin, rights.universal_transfer) == (True, False, True, False)
    assert (rights.withdrawals, rights.ip_restricted, rights.expires_at) == (True, False, None)


@pytest.mark.parametrize(("told", "at"), [(1_803_895_200_000, datetime(2027, 3, 1, 10, tzinfo=UTC)), (0, None), (None, None)])
async def test_the_end_of_a_key_is_read_where_the_answer_has_one(exchange, binance, told, at):
    answering(binance, {**KEY_RIGHTS, "tradingAuthorityExpirationTime": told})
    assert (await exchange.key_rights()).expires_at == at


async def test_an_order_is_read_with_its_fills_whatever_form_the_borrowed_amount_has(exchange, binance):
    answering(binance, an_order(), an_order(marginBuyBorrowAmount="5", orderId=2**60))
    report = await exchange.close(a_close(), "mb-1")
    assert (report.order_id, report.client_id, report.status, report.final) == ("42", "mb-1", "FILLED", True)
    assert (report.quantity, report.executed_qty, report.quote_qty) == (D("0.05"), D("0.05"), D(5000))
    assert report.fills == (Fill(D(100000), D("0.05"), D(5), USDT),)
    assert (await exchange.close(a_close(), "mb-1")).order_id == "1152921504606846976"


@pytest.mark.parametrize("key", ["orderId", "executedQty", "status", "cummulativeQuoteQty"])
async def test_an_order_answer_that_lacks_something_leaves_the_outcome_unknown(exchange, binance, key):
    order = an_order()
    del order[key]
    answering(binance, order)
    with pytest.raises(OutcomeUnknown, match=key):
        await exchange.close(a_close(), "mb-1")


async def test_an_order_on_the_cross_account_is_not_taken_for_ours(exchange, binance):
    answering(binance, an_order(isIsolated=False), an_order(isIsolated=False))
    with pytest.raises(OutcomeUnknown, match="cross"):
        await exchange.close(a_close(), "mb-1")
    with pytest.raises(AnswerMalformed, match="cross"):
        await exchange.order_by_client_id(PAIR, "mb-1")


async def test_a_looked_up_order_has_no_fills_and_a_missing_one_is_none(exchange, binance):
    route = answering(binance, an_order(fills=None))
    found = await exchange.order_by_client_id(PAIR, "mb-1")
    assert found is not None
    assert found.fills is None
    route.mock(return_value=httpx.Response(400, json={"code": -2013, "msg": "Order does not exist."}))
    assert await exchange.order_by_client_id(PAIR, "mb-1") is None
    route.mock(return_value=httpx.Response(400, json={"code": -2015, "msg": "Invalid API-key."}))
    with pytest.raises(RequestRejected):
        await exchange.order_by_client_id(PAIR, "mb-1")


async def test_open_orders_are_counted_and_named(exchange, binance):
    rows = [{"symbol": PAIR, "clientOrderId": name} for name in ("a", "b")]
    answering(binance, rows, rows)
    assert await exchange.open_order_count(PAIR) == 2
    assert await exchange.open_order_client_ids(PAIR) == {"a", "b"}


@pytest.mark.parametrize(
    ("changed", "locked"),
    [
        ({"side": "SELL"}, "0.6"),
        ({"side": "BUY"}, "60000"),
        ({"side": "BUY", "price": "0", "stopPrice": "110000"}, "66000"),
        ({"side": "SELL", "status": "PENDING_NEW"}, "0"),
    ],
    ids=["sell", "buy", "buy at market by its stop", "waits for another leg"],
)
async def test_an_open_order_locks_what_it_has_not_got_yet(exchange, binance, changed, locked):
    row = {"symbol": PAIR, "orderId": 7, "clientOrderId": "a", "status": "PARTIALLY_FILLED", "price": "100000", "stopPrice": "0"}
    row |= {"origQty": "1", "executedQty": "0.4", "isWorking": True, "time": NOW_MS}
    answering(binance, [{**row, **changed}, {**row, **changed, "symbol": "ETHUSDT"}])
    (order,) = await exchange.open_orders(PAIR)
    assert (order.order_id, order.client_id, order.locked, order.placed_at) == ("7", "a", D(locked), NOW)


async def test_of_a_stop_order_its_prices_and_whether_it_was_triggered_are_read(exchange, binance):
    row = {"symbol": PAIR, "orderId": 7, "clientOrderId": "bs-a", "status": "NEW", "side": "SELL", "price": "83420"}
    row |= {"stopPrice": "86000", "origQty": "0.05", "executedQty": "0", "isWorking": False, "time": NOW_MS}
    answering(binance, [row])
    (order,) = await exchange.open_orders(PAIR)
    assert (order.quantity, order.stop_price, order.limit_price, order.works) == (D("0.05"), D(86000), D(83420), False)


async def test_a_cancel_whose_answer_lacks_the_order_is_unknown(exchange, binance):
    answering(binance, {"status": "CANCELED"}, {"listOrderStatus": "ALL_DONE"})
    for cancel in (exchange.cancel_order, exchange.cancel_list):
        with pytest.raises(OutcomeUnknown):
            await cancel(PAIR, "7")


async def test_cancelled_orders_and_legs_of_lists_are_counted(exchange, binance):
    order = {"symbol": PAIR, "orderId": "1", "status": "CANCELED"}
    lists = {"symbol": PAIR, "orderListId": 5, "orders": [{"symbol": PAIR, "orderId": 2}, {"symbol": PAIR, "orderId": 3}]}
    answering(binance, [order, lists])
    assert await exchange.cancel_orders(PAIR) == 3


async def test_nothing_to_cancel_is_done(exchange, binance):
    binance.delete("/sapi/v1/margin/openOrders").respond(400, json={"code": -2011, "msg": "Unknown order sent."})
    assert await exchange.cancel_orders(PAIR) == 0


async def test_fills_are_read_to_the_last_page_and_in_order(exchange, binance):
    def trade(number: int) -> dict[str, Any]:
        row = {"id": number, "orderId": 42, "price": "10", "qty": "1", "commission": "0.1", "commissionAsset": "BNB"}
        return {**row, "isBuyer": True, "time": NOW_MS}

    route = answering(binance, [trade(n) for n in range(1000)], [trade(n) for n in (1001, 1000)])
    fills = await exchange.fills_of(PAIR, "42")
    assert len(fills) == 1002
    assert fills[0] == Fill(D(10), D(1), D("0.1"), "BNB")
    assert dict(route.calls[1].request.url.params)["fromId"] == "1000"


async def test_repayments_are_read_to_the_last_page_and_foreign_rows_left_out(exchange, binance):
    first = [a_loan(txId=n, status="PENDING") for n in range(98)]
    first += [a_loan(txId=900, isolatedSymbol=None), a_loan(txId=901, asset=BTC)]
    route = answering(binance, {"total": 102, "rows": first}, {"total": 102, "rows": [a_loan(txId=97), a_loan(txId=98)]})
    records = await exchange.repayments(PAIR, USDT, SINCE)
    assert [record.record_id for record in records] == [str(n) for n in range(99)]
    assert (records[0].amount, records[0].principal, records[0].interest) == (50, 49, 1)
    assert (records[0].status, records[98].status, records[98].at) == (RecordStatus.PENDING, RecordStatus.CONFIRMED, NOW)
    assert dict(route.calls[1].request.url.params)["current"] == "2"


async def test_one_repayment_is_picked_by_its_id(exchange, binance):
    page = {"total": 2, "rows": [a_loan(txId=8), a_loan(txId=7, status="FAILED")]}
    answering(binance, page, page)
    record = await exchange.repayment(PAIR, USDT, "7")
    assert record is not None
    assert record.status is RecordStatus.FAILED
    assert await exchange.repayment(PAIR, USDT, "9") is None


async def test_transfers_of_another_type_are_left_out_and_a_status_added_since_is_not_settled(exchange, binance):
    rows = [a_transfer(status="ON_HOLD"), a_transfer(tranId=10, type="MAIN_MARGIN")]
    answering(binance, {"total": 2, "rows": rows})
    (record,) = await exchange.transfers_out(PAIR, SINCE)
    assert (record.record_id, record.amount, record.status, record.at) == ("9", 100, RecordStatus.PENDING, NOW)


async def test_an_empty_history_may_come_without_rows_but_not_a_full_one(exchange, binance):
    answering(binance, {"total": 0}, {"total": 3})
    assert await exchange.transfers_in(PAIR, SINCE) == ()
    with pytest.raises(AnswerMalformed, match="no rows"):
        await exchange.transfers_in(PAIR, SINCE)


@pytest.mark.parametrize("stamp", [10**30, -(10**30)])
async def test_a_time_no_calendar_holds_is_malformed(exchange, binance, stamp):
    answering(binance, {"total": 1, "rows": [a_transfer(timestamp=stamp)]})
    with pytest.raises(AnswerMalformed):
        await exchange.transfers_out(PAIR, SINCE)
