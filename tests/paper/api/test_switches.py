"""The open questions as a client meets them: each switch of REGISTER.md that changes an answer, through the whole exchange."""

from __future__ import annotations

import json
from decimal import Decimal as D
from typing import Any
from urllib.parse import urlencode

import pytest

from marginbot.paper.books.actions import act
from marginbot.paper.books.records import Scope
from marginbot.paper.exchange import Admitted
from marginbot.paper.keys import PAPER_API_KEY
from marginbot.paper.messages import Request
from tests.paper.shell import signed
from tests.paper.situations.paper import ACCOUNT, LOAN, MAX_OUT, ORDER, TRANSFER, Paper
from tests.paper.streams.wire import Stage

BORROWABLE = "/sapi/v1/margin/maxBorrowable"
TOKEN = "/sapi/v1/userListenToken"
OPEN = "/sapi/v1/margin/openOrders"


@pytest.fixture
def paper() -> Paper:
    return Paper("long")


def switch(paper: Paper, name: str, value: object) -> None:
    act(paper.world, "set_switch", {"name": name, "value": value})


def answered(paper: Paper, method: str, path: str, query: str = "", *, signs: bool = True, **params: str) -> Any:
    """(status, headers, body) of one request; the body of HTML is its text."""
    text = query or urlencode({**params, "timestamp": paper.wall.now_ms})
    raw = (signed(text) if signs else query).encode()
    headers = {b"x-mbx-apikey": PAPER_API_KEY.encode()}
    response = paper.exchange.handle(Request(method, path, raw, b"", headers, "127.0.0.1"))
    body = response.body.decode()
    names = {name.decode(): value.decode() for name, value in response.headers}
    return response.status, names, json.loads(body) if body.startswith(("{", "[")) else body


def test_max_borrowable_costs_the_account_750_or_the_address_50(paper):
    ask = {"asset": "USDT", "isolatedSymbol": "BTCUSDT"}
    _, headers, _ = answered(paper, "GET", BORROWABLE, **ask)
    assert headers["x-sapi-used-uid-weight-1m"] == "750"
    switch(paper, "max_borrowable_by", "address")
    _, headers, _ = answered(paper, "GET", BORROWABLE, **ask)
    assert headers["x-sapi-used-ip-weight-1m"] == "50"


def test_a_transfer_may_weigh_less(paper):
    switch(paper, "transfer_weight", 300)
    _, headers, _ = answered(paper, "POST", TRANSFER, type="MAIN_MARGIN", asset="USDT", amount="1")
    assert headers["x-sapi-used-uid-weight-1m"] == "300"
    _, headers, _ = answered(paper, "GET", TRANSFER, type="MAIN_MARGIN")
    assert headers["x-sapi-used-ip-weight-1m"] == "1"


def test_both_weight_headers_can_come_together(paper):
    switch(paper, "both_weight_headers", True)
    _, headers, _ = answered(paper, "GET", MAX_OUT, asset="USDT", isolatedSymbol="BTCUSDT")
    assert (headers["x-sapi-used-ip-weight-1m"], headers["x-sapi-used-uid-weight-1m"]) == ("50", "0")


def test_the_transfer_out_level_can_be_the_one_a_trader_met(paper):
    paper.pair().quote.free += 4100
    assert paper.transferable("USDT") > 0
    switch(paper, "transfer_out_level", "2.25")
    assert paper.transferable("USDT") < D(110)


def test_without_a_symbol_a_transfer_is_refused_or_lands_in_the_cross_account(paper):
    move = {"type": "MAIN_ISOLATED_MARGIN", "asset": "USDT", "amount": "5"}
    assert paper.ask("POST", TRANSFER, **move) == -1102
    switch(paper, "transfer_without_symbol", "cross")
    assert "tranId" in paper.ask("POST", TRANSFER, **move)
    assert paper.account.cross["USDT"].free == 5
    assert "tranId" in paper.ask("POST", TRANSFER, **(move | {"type": "ISOLATED_MARGIN_MAIN"}))
    assert paper.account.cross["USDT"].free == 0
    assert [row.type for row in paper.account.transfers] == ["MAIN_MARGIN", "MARGIN_MAIN"]


def test_the_two_types_between_spot_and_a_pair_may_be_gone(paper):
    switch(paper, "spot_pair_transfers", False)
    for kind, end in (("MAIN_ISOLATED_MARGIN", "toSymbol"), ("ISOLATED_MARGIN_MAIN", "fromSymbol")):
        move = {"type": kind, "asset": "USDT", "amount": "5", end: "BTCUSDT"}
        assert paper.ask("POST", TRANSFER, **move) == -1130
    assert "tranId" in paper.ask("POST", TRANSFER, type="MAIN_MARGIN", asset="USDT", amount="5")


def test_more_than_eight_decimals_have_a_code_of_choice(paper):
    for code in (-1111, -1100):
        switch(paper, "amount_precision_code", code)
        loan = {"asset": "USDT", "isIsolated": "TRUE", "symbol": "BTCUSDT", "type": "REPAY", "amount": "1.123456789"}
        assert paper.ask("POST", LOAN, **loan) == code
        assert paper.ask("POST", TRANSFER, type="MAIN_MARGIN", asset="USDT", amount="1.123456789") == code


def test_histories_may_say_other_words_for_confirmed(paper):
    paper.ask("POST", TRANSFER, type="MAIN_MARGIN", asset="USDT", amount="5")
    switch(paper, "transfer_statuses", {"CONFIRMED": "SUCCESS"})
    assert paper.ask("GET", TRANSFER, type="MAIN_MARGIN")["rows"][0]["status"] == "SUCCESS"
    assert paper.ask("GET", "/sapi/v1/margin/transfer")["rows"][0]["status"] == "SUCCESS"


def test_a_foreign_asset_and_too_many_pairs_have_codes_of_choice(paper):
    switch(paper, "foreign_asset_code", -3002)
    paper.world.fund(1, Scope.SPOT, "ETH", D(1))
    assert paper.ask("POST", TRANSFER, type="MAIN_ISOLATED_MARGIN", asset="ETH", amount="1", toSymbol="BTCUSDT") == -3002
    six = "BTCUSDT,ETHUSDT,SOLUSDT,ADAUSDT,XRPUSDT,DOGEUSDT"
    assert paper.ask("GET", ACCOUNT, symbols=six) == -1130
    switch(paper, "too_many_symbols_code", -1128)
    assert paper.ask("GET", ACCOUNT, symbols=six) == -1128


def test_unknown_parameters_of_sapi_are_ignored_or_refused(paper):
    assert isinstance(paper.ask("GET", ACCOUNT, wish="1"), dict)
    switch(paper, "sapi_unknown_params", "refuse")
    assert paper.ask("GET", ACCOUNT, wish="1") == -1104


def test_repeated_parameters_of_sapi_are_refused_or_the_last_one_counts(paper):
    query = f"symbols=ADAUSDT&symbols=BTCUSDT&timestamp={paper.wall.now_ms}"
    assert answered(paper, "GET", ACCOUNT, query)[2]["code"] == -1101
    switch(paper, "sapi_repeated_params", "last")
    assert answered(paper, "GET", ACCOUNT, query)[2]["assets"][0]["symbol"] == "BTCUSDT"


def test_removed_paths_answer_404_or_410(paper):
    for status in (404, 410):
        switch(paper, "retired_status", status)
        assert answered(paper, "POST", "/sapi/v1/margin/loan")[0] == status


def test_a_listen_token_may_need_a_signature(paper):
    assert answered(paper, "POST", TOKEN, signs=False)[0] == 200
    switch(paper, "listen_token_signed", True)
    assert answered(paper, "POST", TOKEN, signs=False)[2]["code"] == -1102
    assert answered(paper, "POST", TOKEN)[0] == 200


def test_sapi_answers_may_leave_the_reason_of_an_expiry_out(paper):
    act(paper.world, "set_book", {"symbol": "BTCUSDT", "state": "empty"})
    assert paper.sell("0.01")["expiryReason"] == "INSUFFICIENT_LIQUIDITY"
    switch(paper, "sapi_expiry_reason", False)
    assert "expiryReason" not in paper.sell("0.01")


def test_cancelling_nothing_is_refused_or_an_empty_list(paper):
    everything = {"symbol": "BTCUSDT", "isIsolated": "TRUE"}
    assert paper.ask("DELETE", OPEN, **everything) == -2011
    switch(paper, "empty_cancel_refused", False)
    assert paper.ask("DELETE", OPEN, **everything) == []


def test_an_account_in_use_may_be_switched_off_where_nothing_is_asked(paper):
    assert paper.ask("DELETE", ACCOUNT, symbol="BTCUSDT") == -3004
    switch(paper, "disable_needs_empty", False)
    assert paper.ask("DELETE", ACCOUNT, symbol="BTCUSDT")["success"] is True
    assert paper.row()["enabled"] is False


def test_only_so_many_accounts_can_be_opened_or_switched_on(paper):
    switch(paper, "max_isolated_accounts", 1)
    move = {"type": "MAIN_ISOLATED_MARGIN", "asset": "USDT", "amount": "5", "toSymbol": "ADAUSDT"}
    assert paper.ask("POST", TRANSFER, **move) == -3043
    act(paper.world, "disable", {"symbol": "BTCUSDT"})
    assert "tranId" in paper.ask("POST", TRANSFER, **move)
    assert paper.ask("POST", ACCOUNT, symbol="BTCUSDT") == -3004


def test_two_fields_of_a_row_may_mean_something_else(paper):
    before = paper.row()
    switch(paper, "liquidate_rate_percent", True)
    assert D(paper.row()["liquidateRate"]) == 100 * D(before["liquidateRate"])
    paper.pair().quote.borrowed = D(100_000)
    assert paper.row()["marginRatio"] == "8.91"
    switch(paper, "margin_ratio_of", "pair")
    assert paper.row()["marginRatio"] == "10"


def test_the_status_follows_the_margin_call_that_is_set(paper):
    assert paper.row()["marginLevelStatus"] == "NORMAL"
    switch(paper, "margin_call_10x", "1.3")
    assert paper.row()["marginLevelStatus"] == "MARGIN_CALL"
    switch(paper, "pre_liquidation_gap", "0.25")
    assert paper.row()["marginLevelStatus"] == "PRE_LIQUIDATION"
    switch(paper, "excessive_level", "1.2")
    assert paper.row()["marginLevelStatus"] == "EXCESSIVE"


def test_the_time_rule_may_bind_only_once(paper):
    wanted = {"symbol": "BTCUSDT", "side": "SELL", "type": "MARKET", "quantity": "0.01", "recvWindow": "1000"}
    for rechecked, status in ((True, 400), (False, 200)):
        switch(paper, "sapi_time_rechecked", rechecked)
        text = signed(urlencode({**wanted, "isIsolated": "TRUE", "timestamp": paper.wall.now_ms})).encode()
        admitted = paper.exchange.admit(Request("POST", ORDER, text, b"", {b"x-mbx-apikey": PAPER_API_KEY.encode()}, "127.0.0.1"))
        paper.wall.now_ms += 2000
        assert isinstance(admitted, Admitted)
        assert paper.exchange.execute(admitted).status == status


def test_a_switch_with_a_choice_of_words_takes_no_other():
    with pytest.raises(ValueError, match="account, pair"):
        act(Paper("long").world, "set_switch", {"name": "loans_serial", "value": "galaxy"})


SUBSCRIBE = "userDataStream.subscribe.listenToken"


def own(stage: Stage, symbol: str = "BTCUSDT", validity: int = 3_600_000) -> dict[str, str]:
    return {"listenToken": stage.token(isIsolated="true", symbol=symbol, validity=validity)}


@pytest.mark.parametrize(("renewal", "told"), [("keeps", 0), ("another", 1), ("refused", -2035)])
async def test_a_younger_token_keeps_its_subscription_or_makes_another_or_is_refused(renewal, told):
    stage = Stage()
    stage.exchange.world.config.stream_renewal = renewal
    async with stage.connected("/ws-api/v3") as wire:
        assert (await wire.ask(SUBSCRIBE, own(stage)))["result"]["subscriptionId"] == 0
        answer = await wire.ask(SUBSCRIBE, own(stage, validity=7_200_000))
        assert answer["result"]["subscriptionId"] == told if "result" in answer else answer["error"]["code"] == told


async def test_a_connection_may_follow_one_account_only():
    stage = Stage("twenty-pairs")
    stage.exchange.world.config.one_account_per_stream = True
    async with stage.connected("/ws-api/v3") as wire:
        assert (await wire.ask(SUBSCRIBE, own(stage)))["status"] == 200
        assert (await wire.ask(SUBSCRIBE, own(stage, "ETHUSDT")))["error"]["code"] == -2042


async def test_refusals_on_market_streams_may_be_flat():
    stage = Stage()
    for form, keys in (("wrapped", {"error", "id"}), ("flat", {"code", "msg", "id"})):
        stage.exchange.world.config.stream_errors = form
        async with stage.connected("/ws") as wire:
            assert (await wire.ask("WISH")).keys() == keys


def test_a_pair_that_has_left_margin_is_listed_no_more_and_its_row_is_off(paper):
    act(paper.world, "delist", {"symbol": "BTCUSDT", "in_seconds": 60})
    assert [row["delistTime"] for row in paper.ask("GET", "/sapi/v1/margin/delist-schedule")] == [paper.wall.now_ms + 60_000]
    paper.after(60_000)
    assert paper.ask("GET", "/sapi/v1/margin/delist-schedule") == []
    assert "BTCUSDT" not in [row["symbol"] for row in paper.ask("GET", "/sapi/v1/margin/isolated/allPairs")]
    for row in (paper.row(), paper.ask("GET", ACCOUNT, symbols="BTCUSDT")["assets"][0]):
        assert (row["isolatedCreated"], row["enabled"], row["tradeEnabled"]) == (True, False, False)
        assert (row["marginLevel"], row["quoteAsset"]["totalAsset"]) == ("999", "0")
    assert paper.sell("0.01") == -3021
    assert paper.ask("POST", ACCOUNT, symbol="BTCUSDT") == -3028


def test_an_asset_that_has_left_the_cross_account_secures_nothing_there(paper):
    act(paper.world, "delist", {"asset": "ADA", "in_seconds": 60})
    paper.after(60_000)
    (terms,) = paper.ask("GET", "/sapi/v1/margin/allAssets", asset="ADA")
    assert terms["isMortgageable"] is False
    assert "ADAUSDT" not in [row["symbol"] for row in paper.ask("GET", "/sapi/v1/margin/allPairs")]
    assert "ADAUSDT" in [row["symbol"] for row in paper.ask("GET", "/sapi/v1/margin/isolated/allPairs")]


def test_a_trailing_order_is_taken_over_the_wire_and_shown_on_spot():
    paper = Paper("long")
    paper.world.fund(1, Scope.SPOT, "BTC", D(1))
    wanted = {"symbol": "BTCUSDT", "side": "SELL", "type": "STOP_LOSS", "quantity": "0.01", "trailingDelta": "100"}
    placed = answered(paper, "POST", "/api/v3/order", **wanted, newOrderRespType="RESULT")[2]
    assert (placed["trailingDelta"], placed["trailingTime"]) == (100, paper.wall.now_ms)
    assert "orderId" in paper.ask("POST", ORDER, isIsolated="TRUE", **wanted)
    assert paper.ask("POST", ORDER, isIsolated="TRUE", **(wanted | {"trailingDelta": "2001"})) == -1013
    assert paper.ask("POST", ORDER, isIsolated="TRUE", **(wanted | {"trailingDelta": "0"})) == -1130
    assert paper.ask("POST", ORDER, isIsolated="TRUE", **(wanted | {"type": "MARKET"})) == -1106


async def test_the_stream_tells_the_delta_of_a_trailing_order_and_since_when_it_follows():
    stage = Stage()
    async with stage.connected("/ws-api/v3") as wire:
        await wire.ask(SUBSCRIBE, own(stage))
        more = {"type": "STOP_LOSS", "quantity": "0.01", "trailingDelta": "100"}
        stage.call("POST", ORDER, symbol="BTCUSDT", isIsolated="TRUE", side="SELL", **more)
        report = next(frame["event"] for frame in await wire.frames() if frame["event"]["e"] == "executionReport")
        assert (report["d"], report["D"]) == (100, stage.wall.now_ms)


def test_cross_interest_in_bnb_is_listed_with_what_was_borrowed(paper):
    paper.world.fund(1, Scope.CROSS, "USDT", D(20_000))
    paper.ask("POST", "/sapi/v1/bnbBurn", interestBNBBurn="true")
    paper.ask("POST", LOAN, asset="USDT", isIsolated="FALSE", amount="8000", type="BORROW")
    (row,) = paper.ask("GET", "/sapi/v1/margin/interestHistory")["rows"]
    assert (row["asset"], row["rawAsset"], row["type"], row["interest"]) == ("BNB", "USDT", "ON_BORROW_CONVERTED", "0.000095")


def test_a_cross_liquidation_shows_in_the_records_as_not_isolated(paper):
    paper.world.fund(1, Scope.CROSS, "ETH", D(3))
    paper.ask("POST", LOAN, asset="USDT", isIsolated="FALSE", amount="6000", type="BORROW")
    paper.world.fund(1, Scope.CROSS, "USDT", D(-6000))
    act(paper.world, "set_price", {"symbol": "ETHUSDT", "price": "2100"})
    paper.after(1000)
    (row,) = paper.ask("GET", "/sapi/v1/margin/forceLiquidationRec")["rows"]
    assert (row["isIsolated"], row["symbol"], row["executedQty"]) == (False, "ETHUSDT", "3")
