from __future__ import annotations

from marginbot.rules.repay import repayment
from tests.builders import BTC, USDT, D, a_balance, a_look, a_market, an_account


def repaid(free, borrowed, interest="0", spendable=None, close_to_come=False, **look):
    market = a_market(min_repay={USDT: look.pop("least", "0")})
    account = an_account(quote=a_balance(free, borrowed=borrowed, interest=interest))
    return repayment(a_look(account, market, **look), account.quote, D(spendable or free), close_to_come)


def test_the_whole_debt_with_its_interest_is_repaid_when_the_coin_is_there():
    step = repaid("5000", borrowed="3999.5", interest="0.5")
    assert (step.symbol, step.asset, step.amount) == ("BTCUSDT", USDT, 4000)
    assert "3999.5 borrowed + 0.5 interest" in step.because
    assert "the debt ends here" in step.because


def test_exactly_enough_is_enough():
    assert repaid("4000", borrowed="4000").amount == 4000


def test_a_part_is_repaid_only_when_no_close_is_to_come():
    assert repaid("1500", borrowed="4000").amount == 1500
    assert repaid("1500", borrowed="4000", close_to_come=True) is None
    assert repaid("4000", borrowed="4000", close_to_come=True).amount == 4000


def test_a_part_below_the_least_repayment_waits_and_the_whole_never_does():
    assert repaid("9.99", borrowed="4000", least="10") is None
    assert repaid("10", borrowed="4000", least="10").amount == 10
    assert repaid("5", borrowed="3", least="10").amount == 3


def test_only_what_may_be_spent_counts_and_not_all_that_is_free():
    assert repaid("5000", borrowed="4000", spendable="100").amount == 100


def test_the_amount_is_rounded_down_to_eight_decimals():
    assert repaid("1.999999999", borrowed="4000").amount == D("1.99999999")
    assert repaid("0.000000009", borrowed="4000") is None


def test_nothing_owed_or_nothing_free_is_no_step():
    assert repaid("5000", borrowed="0") is None
    assert repaid("0", borrowed="4000") is None
    assert repaid("5000", borrowed="4000", spendable="-1") is None


def test_a_debt_whose_exact_repayment_is_refused_leaves_its_last_digit_for_later():
    assert repaid("5000", borrowed="4000", shave=frozenset({USDT})).amount == D("3999.99999999")
    assert repaid("5000", borrowed="4000", shave=frozenset({BTC})).amount == 4000
    assert repaid("1500", borrowed="4000", shave=frozenset({USDT})).amount == 1500


def test_the_last_digit_itself_is_repaid_as_it_is():
    assert repaid("1", borrowed="0.00000001", shave=frozenset({USDT})).amount == D("0.00000001")


def test_interest_alone_is_repaid_too():
    assert repaid("1", borrowed="0", interest="0.00000007").amount == D("0.00000007")


def test_a_part_repayment_never_leaves_less_than_the_least_repayment():
    assert repaid("3999.9999", borrowed="4000", least="1").amount == 3999
    assert repaid("1.5", borrowed="2", least="1").amount == 1
    assert repaid("1.2", borrowed="1.5", least="1") is None
