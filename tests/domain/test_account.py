from __future__ import annotations

from decimal import localcontext

import pytest

from marginbot.domain.account import LevelStatus
from marginbot.domain.amounts import Asset
from tests.builders import BTC, USDT, D, a_balance, an_account, flat


def test_a_side_is_what_is_free_and_locked_against_what_was_borrowed_and_its_interest():
    side = a_balance(free="10", locked="5", borrowed="19", interest="1")
    assert (side.total, side.liability, side.equity) == (15, 20, -5)


def test_sums_are_exact_whatever_context_the_caller_has():
    with localcontext() as careless:
        careless.prec = 3
        side = a_balance(free="12345678.00000001", locked="1", borrowed="1", interest="0.00000001")
        assert side.total == D("12345679.00000001")
        assert side.liability == D("1.00000001")
        assert side.equity == D("12345678")


@pytest.mark.parametrize(
    ("base", "quote"),
    [
        (a_balance(borrowed="1"), a_balance()),
        (a_balance(interest="0.00000001"), a_balance()),
        (a_balance(), a_balance(interest="0.00000001")),
    ],
)
def test_interest_alone_or_on_one_side_is_a_debt(base, quote):
    assert an_account(base, quote).owes


def test_an_account_is_empty_only_without_coins_locked_ones_included():
    assert flat().is_empty
    assert not an_account(a_balance(), a_balance(locked="1")).is_empty
    assert not an_account(a_balance(locked="1"), a_balance()).is_empty
    assert not flat(base="0.00000001").is_empty
    assert not an_account(a_balance(), a_balance(borrowed="1")).is_empty


def test_the_words_of_the_exchange_for_a_level_and_one_for_words_to_come():
    words = {"EXCESSIVE", "NORMAL", "MARGIN_CALL", "PRE_LIQUIDATION", "FORCE_LIQUIDATION", "UNKNOWN"}
    assert {status.value for status in LevelStatus} == words


def test_each_asset_finds_its_own_side_and_a_third_one_finds_none():
    account = an_account()
    assert account.side(BTC) is account.base
    assert account.side(USDT) is account.quote
    for third in ("AAVE", "BNB", "XRP"):
        with pytest.raises(KeyError, match=f"{third} is neither side of BTCUSDT"):
            account.side(Asset(third))
