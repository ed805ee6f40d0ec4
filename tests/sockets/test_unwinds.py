"""The command line against the exchange, both as processes: every kind of position ends as the contract says."""

from __future__ import annotations

from decimal import Decimal as D
from pathlib import Path

import pytest

from tests.contract import check_status
from tests.sockets.bot import Bot, a_bot
from tests.sockets.server import ORDER, Server


def test_a_long_comes_home_in_seven_round_trips_and_every_coin_is_accounted_for(server: Server, bot: Bot):
    server.a_long()
    spot, done = server.spot(), server.done_by_us("BTCUSDT")
    document = bot.unwind("BTCUSDT", cold=True).unwound()

    server.assert_empty("BTCUSDT")
    assert server.done_by_us("BTCUSDT") == {kind: count + 1 for kind, count in done.items()}
    assert [(step["kind"], step["status"]) for step in document["steps"]] == [
        ("close", "done"), ("repay", "done"), ("sweep", "done"), ("sweep", "done"),
    ]  # fmt: skip
    assert document["outcome"] == "flat"
    assert document["round_trips"] <= 7
    assert server.spot() - spot == D(document["swept"]["USDT"])
    before, cost = document["before"], document["cost"]
    held = D(before["base"]["free"]) * D(before["index_price"]) + D(before["quote"]["free"])
    owed = D(before["quote"]["borrowed"]) + D(before["quote"]["interest"])
    home = D(document["swept"]["USDT"]) + D(document["swept"]["BTC"]) * D(before["index_price"])
    assert home == held - owed - D(cost["fees"]["USDT"]) - D(cost["slippage_value"])
    assert cost["interest_paid"] == {"USDT": before["quote"]["interest"]}
    assert document["after"]["margin_level"] is None

    close = document["steps"][0]
    order = server.call("GET", ORDER, symbol="BTCUSDT", isIsolated="TRUE", origClientOrderId=close["client_id"])
    assert str(order["orderId"]) == close["exchange_id"]
    assert order["executedQty"] == order["origQty"]
    assert D(order["executedQty"]) == D(close["amount"])


def test_an_ed25519_key_unwinds_a_short_and_status_shows_the_money_in_spot(server: Server, private_key_file: Path, tmp_path):
    server.a_short("ETHUSDT")
    spot = server.spot()
    bot = a_bot(tmp_path, server, API_KEY=server.key("ED25519"), PRIVATE_KEY_FILE=str(private_key_file))
    document = bot.unwind("ETHUSDT", cold=True).unwound()

    server.assert_empty("ETHUSDT")
    assert document["steps"][0]["client_id"] is not None
    assert set(document["swept"]) == {"USDT", "ETH"}, "the surplus of the buy-back is a crumb, and comes home too"
    assert server.spot() == spot + D(document["swept"]["USDT"])

    status = bot.run("status", "ETHUSDT", "--json")
    assert status.code == 0
    check_status(status.document)
    assert D(status.document["spot"]["USDT"]) == server.spot()
    assert status.document["pairs"][0]["margin_level"] is None


def test_a_key_file_others_may_read_is_refused_before_anything_is_sent(server: Server, private_key_file: Path, tmp_path):
    copy = tmp_path / "open.pem"
    copy.write_bytes(private_key_file.read_bytes())
    copy.chmod(0o644)
    logged = len(server.log())
    ended = a_bot(tmp_path, server, API_KEY=server.key("ED25519"), PRIVATE_KEY_FILE=str(copy)).unwind("BTCUSDT")
    assert ended.code == 2
    assert set(ended.document) == {"error", "key"}
    assert ended.document["key"] == "MARGINBOT_EXCHANGE__PRIVATE_KEY_FILE"
    assert len(server.log()) == logged


def test_open_orders_are_cancelled_and_a_second_run_finds_nothing_to_do(server: Server, bot: Bot):
    server.a_long("SOLUSDT")
    resting = {"symbol": "SOLUSDT", "isIsolated": "TRUE", "type": "LIMIT", "timeInForce": "GTC"}
    server.call("POST", ORDER, **resting, side="SELL", quantity="5", price="230")
    server.call("POST", ORDER, **resting, side="BUY", quantity="0.5", price="180")
    document = bot.unwind("SOLUSDT").unwound()
    server.assert_empty("SOLUSDT")
    assert [step["kind"] for step in document["steps"]] == ["cancel_orders", "close", "repay", "sweep"]

    done = server.done_by_us("SOLUSDT")
    again = bot.unwind("SOLUSDT").unwound()
    assert (again["outcome"], again["steps"], again["swept"]) == ("flat", [], {})
    assert server.done_by_us("SOLUSDT") == done


def test_a_pair_never_opened_is_refused_and_says_how_to_open_it(server: Server, bot: Bot):
    logged = len(server.log())
    document = bot.unwind("BNBUSDT").unwound(3)
    assert "never opened" in document["reason"]
    assert {entry["method"] for entry in server.log()[logged:]} == {"GET"}


def test_a_pair_the_exchange_does_not_know_is_a_wrong_command_line(bot: Bot):
    ended = bot.unwind("BTCUSDTT")
    assert ended.code == 2
    assert ended.document["key"] == "SYMBOL"
    assert "did you mean BTCUSDT?" in ended.document["error"]


def with_rights(tmp_path: Path, server: Server, **rights: bool) -> Bot:
    key = server.control("POST", "keys", {"rights": rights})
    return a_bot(tmp_path, server, API_KEY=key["api_key"], API_SECRET=key["api_secret"])


def test_a_key_without_universal_transfer_is_refused_unless_nothing_is_swept(server: Server, tmp_path: Path):
    server.a_long("XRPUSDT")
    bot, done = with_rights(tmp_path, server, permitsUniversalTransfer=False), server.done_by_us("XRPUSDT")
    document = bot.unwind("XRPUSDT").unwound(3)
    assert "Permits Universal Transfer" in document["reason"]
    assert server.done_by_us("XRPUSDT") == done

    stayed = bot.unwind("XRPUSDT", "--no-sweep").unwound()
    assert (stayed["outcome"], stayed["swept"]) == ("flat", {})
    row = server.row("XRPUSDT")
    assert [D(row[side]["borrowed"]) + D(row[side]["interest"]) for side in ("baseAsset", "quoteAsset")] == [0, 0]
    assert D(row["quoteAsset"]["free"]) > 900


def test_a_key_that_may_withdraw_is_refused_unless_the_settings_accept_it(server: Server, tmp_path: Path):
    server.a_long("DOGEUSDT")
    bot, done = with_rights(tmp_path, server, enableWithdrawals=True), server.done_by_us("DOGEUSDT")
    document = bot.unwind("DOGEUSDT").unwound(3)
    assert "may withdraw" in document["reason"]
    assert server.done_by_us("DOGEUSDT") == done

    bot.unwind("DOGEUSDT", EXCHANGE__ALLOW_WITHDRAWAL_KEYS="true").unwound()
    server.assert_empty("DOGEUSDT")


@pytest.mark.parametrize("right", ["enableMargin", "enableSpotAndMarginTrading"])
def test_a_key_without_margin_or_trading_is_refused_and_the_right_is_named(server: Server, tmp_path: Path, right: str):
    server.open_pair("ADAUSDT")
    document = with_rights(tmp_path, server, **{right: False}).unwind("ADAUSDT").unwound(3)
    assert "API Management" in document["reason"]
