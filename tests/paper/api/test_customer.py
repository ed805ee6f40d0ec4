"""The customer as a whole: key rights, settings, wallets, listen tokens."""

import pytest

from marginbot.paper.api.endpoint import Caller, Refusal
from marginbot.paper.books.records import Scope
from tests.paper.api.client import BY_PATH, FULL, call
from tests.paper.books.builders import EIGHT, a_world, fund

DAY = 86_400_000


def test_the_rights_shown_are_those_of_the_key():
    reader = Caller(1, "key", {"enableReading": True})
    shown = call(a_world(), "GET", "account/apiRestrictions", reader)
    assert [name for name, value in shown.items() if value is True] == ["enableReading"]
    assert call(a_world(), "GET", "account/apiRestrictions", FULL)["enableWithdrawals"] is False


def test_customers_do_not_see_each_other():
    world = a_world("long")
    stranger = Caller(7, "other", FULL.rights)
    assert call(world, "GET", "margin/isolated/account", stranger)["assets"] == []
    assert call(world, "GET", "/api/v3/account", stranger, omitZeroBalances="true")["balances"] == []


def test_commission_and_trade_fee_agree():
    world = a_world()
    rates = call(world, "GET", "/api/v3/account/commission", symbol="BTCUSDT")["standardCommission"]
    fee = call(world, "GET", "asset/tradeFee", symbol="BTCUSDT")[0]
    assert (rates["maker"], rates["taker"]) == (fee["makerCommission"], fee["takerCommission"]) == ("0.001", "0.001")


def test_bnb_switches_are_set_one_at_a_time():
    world = a_world()
    assert call(world, "POST", "bnbBurn", spotBNBBurn="true") == {"spotBNBBurn": True, "interestBNBBurn": False}
    assert call(world, "GET", "bnbBurn")["spotBNBBurn"] is True
    with pytest.raises(Refusal, match=r"^-1102"):
        call(world, "POST", "bnbBurn")


def test_the_wallet_lists_positive_balances_and_values_them_only_on_demand():
    world = a_world()
    path = "/sapi/v3/asset/getUserAsset"
    assert [(one["asset"], one["btcValuation"]) for one in call(world, "POST", path)] == [("USDT", "0")]
    assert call(world, "POST", path, needBtcValuation="true")[0]["btcValuation"] == "0.1"


def test_the_cross_account_values_itself_in_btc():
    world = a_world()
    fund(world, "USDT", "1000", Scope.CROSS)
    answer = call(world, "GET", "margin/account")
    assert (answer["marginLevel"], answer["totalNetAssetOfBtc"], answer["TotalCollateralValueInUSDT"]) == ("999", "0.01", "1000")


def test_a_listen_token_names_its_end_and_its_account():
    world = a_world("long")
    answer = call(world, "POST", "userListenToken", isIsolated="true", symbol="BTCUSDT", validity="60000")
    assert answer["expirationTime"] == EIGHT + 60_000
    assert (world.listen_tokens[0].token, world.listen_tokens[0].symbol) == (answer["token"], "BTCUSDT")
    other = call(world, "POST", "userListenToken")
    assert other["token"] != answer["token"]
    assert other["expirationTime"] == EIGHT + DAY


@pytest.mark.parametrize(
    ("params", "code"),
    [({"isIsolated": "true"}, -1102), ({"isIsolated": "true", "symbol": "XRPUSDT"}, -11001), ({"validity": "86400001"}, -1130)],
)
def test_bad_listen_tokens_are_refused(params, code):
    with pytest.raises(Refusal, match=rf"^{code} "):
        call(a_world(), "POST", "userListenToken", **params)


@pytest.mark.parametrize(
    ("method", "path", "right"),
    [
        ("POST", "/sapi/v1/margin/order", "enableSpotAndMarginTrading"),
        ("DELETE", "/api/v3/order", "enableSpotAndMarginTrading"),
        ("POST", "/sapi/v1/margin/borrow-repay", "enableMargin"),
        ("POST", "/sapi/v1/asset/transfer", "permitsUniversalTransfer"),
        ("GET", "/sapi/v1/margin/isolated/account", "enableReading"),
    ],
)
def test_each_call_names_the_right_it_needs(method, path, right):
    assert BY_PATH[method, path].needs == (right,)
