"""Transfers over the wire."""

import pytest

from marginbot.paper.api.endpoint import Refusal
from tests.paper.api.client import call, row
from tests.paper.books.builders import EIGHT, a_world, after, fund


def transfer(world, type, amount="100", asset="USDT", **ends):
    return call(world, "POST", "asset/transfer", type=type, asset=asset, amount=amount, **ends)["tranId"]


def history(world, type, **params):
    return call(world, "GET", "asset/transfer", type=type, **params)


def test_a_transfer_in_opens_the_account_and_shows_in_both_histories():
    world = a_world()
    tran_id = transfer(world, "MAIN_ISOLATED_MARGIN", toSymbol="BTCUSDT")
    assert (row(world)["isolatedCreated"], row(world)["quoteAsset"]["free"]) == (True, "100")
    assert history(world, "MAIN_ISOLATED_MARGIN") == {
        "total": 1,
        "rows": [
            {
                "asset": "USDT",
                "amount": "100",
                "type": "MAIN_ISOLATED_MARGIN",
                "status": "CONFIRMED",
                "tranId": tran_id,
                "timestamp": EIGHT,
            }
        ],
    }
    margin = call(world, "GET", "margin/transfer", isolatedSymbol="BTCUSDT")["rows"][0]
    assert (margin["type"], margin["transFrom"], margin["transTo"]) == ("ROLL_IN", "SPOT", "ISOLATED_MARGIN")
    assert (margin["timestamp"], margin["toSymbol"]) == (EIGHT // 1000, "BTCUSDT")


def test_a_slow_transfer_is_pending_in_the_history_until_it_arrives():
    world = a_world()
    world.config.transfer_pending_ms = 5000
    transfer(world, "MAIN_ISOLATED_MARGIN", toSymbol="BTCUSDT")
    assert (history(world, "MAIN_ISOLATED_MARGIN")["rows"][0]["status"], row(world)["quoteAsset"]["free"]) == ("PENDING", "0")
    after(world, 5000)
    assert (history(world, "MAIN_ISOLATED_MARGIN")["rows"][0]["status"], row(world)["quoteAsset"]["free"]) == ("CONFIRMED", "100")


def test_maxtransferable_and_the_transfer_agree():
    world = a_world("long")
    fund(world, "USDT", "4000")
    answer = call(world, "GET", "margin/maxTransferable", asset="USDT", isolatedSymbol="BTCUSDT")
    assert answer == {"amount": "1000"}
    with pytest.raises(Refusal, match=r"^-3020"):
        transfer(world, "ISOLATED_MARGIN_MAIN", "1000.01", fromSymbol="BTCUSDT")
    transfer(world, "ISOLATED_MARGIN_MAIN", "1000", fromSymbol="BTCUSDT")


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"type": "MAIN_MOON"}, -1130),
        ({"type": "MAIN_UMFUTURE"}, -1130),
        ({"type": "MAIN_ISOLATED_MARGIN"}, -1102),
        ({"type": "MAIN_ISOLATED_MARGIN", "toSymbol": "NOPE"}, -1121),
        ({"type": "MAIN_ISOLATED_MARGIN", "toSymbol": "ETHBTC"}, -3027),
        ({"type": "ISOLATED_MARGIN_MAIN", "fromSymbol": "XRPUSDT"}, -11001),
        ({"type": "MAIN_MARGIN", "amount": "1.123456789"}, -1111),
        ({"type": "MAIN_MARGIN", "amount": "99999999"}, -5013),
        ({"type": "MARGIN_MAIN"}, -3020),
    ],
)
def test_bad_transfers_are_refused_with_their_codes(params, code):
    with pytest.raises(Refusal, match=rf"^{code} "):
        transfer(a_world(), **params)


def test_the_history_between_margin_accounts_needs_its_symbols():
    with pytest.raises(Refusal, match=r"^-1102"):
        history(a_world(), "ISOLATEDMARGIN_MARGIN")
