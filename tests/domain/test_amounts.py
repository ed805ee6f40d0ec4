from __future__ import annotations

from decimal import ROUND_05UP, ROUND_CEILING, ROUND_HALF_EVEN, ROUND_UP, Decimal, localcontext

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from marginbot.domain.amounts import ceil_step, exact, floor_crumb, floor_step, half_up, parse_amount, parse_money, plain
from marginbot.errors import MoneyError
from tests.builders import D, thoroughly

REFUSED = [
    *("NaN", "nan", "sNaN", "-NaN", "Infinity", "-Infinity", "inf", "INF"),
    *("", " ", "1 ", " 1", "1\n", "\t1", "1 000", "1_000", "1,5", "1,000.00", "0x10", "1.2.3", "--1", "+1", "-", ".", ".5", "5."),
    *("1e", "e5", "1e+", "1e100", "1e-100", "1e999999999", "1E5.0", "1e20", "-1e20", "3e20", "1" + "0" * 20, "123456789" * 3),
    *(
        "\u0665",
        "\u0661\u0662",
        "1\u0660",
        "\u06f5",
        "\uff11",
        "1\uff12.5",
        "\u0967",
    ),  # Arabic, Persian, fullwidth, Hindi
    *("\u00b2", "\u00bd", "\u22121", "1\u200b", "1\u00a0"),  # superscript, fraction, the other minus, invisible blanks
]


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_plain_number_in_range_is_refused_and_the_message_says_which_field(text):
    with pytest.raises(MoneyError, match=r"index_price"):
        parse_money(text, "index_price")


@pytest.mark.parametrize("value", [None, 1, 1.5, Decimal(1), b"1", ["1"]])
def test_only_text_is_read_as_money_never_a_float_that_lost_digits(value):
    with pytest.raises(MoneyError):
        parse_money(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", "0"),
        ("0E-8", "0"),
        ("0.00000000", "0"),
        ("-0.00", "0"),
        ("-1.5", "-1.5"),
        ("007", "7"),
        ("1E-7", "0.0000001"),
        ("1.5e+3", "1500"),
        ("99999999999999999999.99999999", "99999999999999999999.99999999"),
        ("92233720368.00", "92233720368"),
    ],
)
def test_numbers_as_the_exchange_writes_them_are_read_exactly(text, value):
    assert parse_money(text) == D(value)


def test_an_amount_is_not_negative_and_a_negative_zero_is_zero():
    with pytest.raises(MoneyError, match="must not be negative"):
        parse_amount("-0.00000001", "free")
    assert parse_amount("-0.0") == 0
    assert parse_amount("0.00000001") == D("0.00000001")


def test_an_amount_that_is_no_number_is_refused_by_its_name_too():
    with pytest.raises(MoneyError, match="free is not a decimal number: 'much'"):
        parse_amount("much", "free")
    with pytest.raises(MoneyError, match="amount is out of range: '1e21'"):
        parse_amount("1e21")


def test_a_long_wrong_text_is_cut_short_in_the_message():
    with pytest.raises(MoneyError) as caught:
        parse_money("9" * 5000)
    assert len(str(caught.value)) < 100


@given(st.text(alphabet="0123456789+-.eE_ ,NaInfity\n\u0660\u0662\uff11", max_size=30))
@example("1e+20")
@thoroughly(500)
def test_whatever_is_read_as_money_is_finite_below_1e20_and_made_of_ascii_digits(text):
    try:
        value = parse_money(text)
    except MoneyError:
        return
    assert value.is_finite()
    assert abs(value) < D("1e20")
    assert set(text) <= set("0123456789-.eE+")
    assert value == Decimal(text)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("0E-8", "0"),
        ("0E+5", "0"),
        ("-0", "0"),
        ("-0.000", "0"),
        ("1E+3", "1000"),
        ("1E-8", "0.00000001"),
        ("100", "100"),
        ("100.00", "100"),
        ("-1.50", "-1.5"),
        ("0.05000", "0.05"),
        ("92233720368.10", "92233720368.1"),
    ],
)
def test_amounts_are_written_without_exponent_and_trailing_zeros(value, text):
    assert plain(D(value)) == text


@given(st.decimals(allow_nan=False, allow_infinity=False, places=8, min_value=-(10**15), max_value=10**15))
@thoroughly(200)
def test_what_is_written_is_read_back_as_the_same_amount(value):
    assert parse_money(plain(value)) == value


@pytest.mark.parametrize(
    ("value", "step", "floor", "ceil"),
    [
        ("1.239", "0.01", "1.23", "1.24"),
        ("1.23", "0.01", "1.23", "1.23"),
        ("0.009", "0.01", "0", "0.01"),
        ("7", "2.5", "5", "7.5"),
        ("12345", "1.00", "12345", "12345"),
        ("0", "0.1", "0", "0"),
        ("-1.5", "1", "-2", "-1"),
        ("1.23456789123", "0", "1.23456789123", "1.23456789123"),
        ("1.5", "-1", "1.5", "1.5"),
    ],
)
def test_steps_round_down_and_up_to_multiples_and_a_step_of_zero_is_no_rule(value, step, floor, ceil):
    assert floor_step(D(value), D(step)) == D(floor)
    assert ceil_step(D(value), D(step)) == D(ceil)


@given(
    st.decimals(min_value=0, max_value=10**12, places=8),
    st.sampled_from(["0.00000001", "0.00001", "0.0001", "0.01", "0.5", "1", "1.00", "1000"]).map(D),
)
@thoroughly(300)
def test_a_step_moves_an_amount_by_less_than_itself_and_to_a_multiple(value, step):
    down, up = floor_step(value, step), ceil_step(value, step)
    assert down <= value <= up
    assert value - down < step
    assert up - value < step
    assert down % step == 0
    assert up % step == 0


def test_loans_and_transfers_are_rounded_down_to_eight_decimals():
    assert floor_crumb(D("1.234567899")) == D("1.23456789")
    assert floor_crumb(D("0.000000009")) == 0


def test_published_figures_are_rounded_half_up_at_eight_digits():
    assert half_up(D("1.000000005")) == D("1.00000001")
    assert half_up(D("1.0000000049")) == D("1.00000000")
    assert half_up(D("2.5"), 0) == 3


def test_the_callers_decimal_context_changes_nothing():
    with localcontext() as careless:
        careless.prec, careless.rounding = 3, ROUND_UP
        assert floor_step(D("123456.789"), D("0.01")) == D("123456.78")
        assert exact(lambda: D(10) / D(3))() == D("3." + "3" * 59)
        assert careless.prec == 3


@pytest.mark.parametrize(
    ("prec", "rounding"), [(3, ROUND_HALF_EVEN), (99, ROUND_HALF_EVEN), (60, ROUND_UP), (60, ROUND_CEILING), (61, ROUND_05UP)]
)
def test_a_context_that_is_nearly_marginbots_own_is_not_taken_for_it(prec, rounding):
    """0.00...0 and 60 threes; no digit more and the last one not rounded up."""
    with localcontext() as nearly:
        nearly.prec, nearly.rounding = prec, rounding
        assert exact(lambda: D(1) / D(3))() == D("0." + "3" * 60)


def test_what_an_exact_function_is_called_and_says_of_itself_stays():
    assert (floor_step.__name__, floor_step.__doc__[:22]) == ("floor_step", "The largest multiple o")
