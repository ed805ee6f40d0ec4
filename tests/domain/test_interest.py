"""What a debt costs a day: the survey and the rules of the daemon reckon it by the same piece."""

from __future__ import annotations

from decimal import Decimal as D

from marginbot.domain.amounts import Asset
from marginbot.domain.margin import daily_rate_pct, interest_per_day
from tests.builders import a_balance, an_account, flat

BTC, USDT = Asset("BTC"), Asset("USDT")


def test_only_the_principal_bears_interest_and_the_rate_is_of_all_that_is_owed():
    account = an_account(base=a_balance(free="2"), quote=a_balance(borrowed="80", interest="20"))
    rates = {USDT: D("0.001")}
    assert interest_per_day(account, rates) == D("1.92"), "80 x 0.001 x 24"
    assert daily_rate_pct(account, rates) == D("1.92"), "of the 100 owed"


def test_debts_in_both_coins_cost_by_their_own_rates_at_the_index_price():
    account = an_account(base=a_balance(borrowed="1"), quote=a_balance(borrowed="100"), index="100")
    rates = {BTC: D("0.002"), USDT: D("0.001")}
    assert interest_per_day(account, rates) == D("7.2"), "(0.2 + 0.1) x 24"
    assert daily_rate_pct(account, rates) == D("3.6"), "of the 200 owed"


def test_without_debt_or_without_a_rate_nothing_is_said():
    owing = an_account(base=a_balance(free="2"), quote=a_balance(borrowed="80"))
    assert interest_per_day(flat(), {USDT: D("0.001")}) is None
    assert (interest_per_day(owing, {}), daily_rate_pct(owing, {})) == (None, None)
