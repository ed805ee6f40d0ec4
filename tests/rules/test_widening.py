"""The cap of a rule widens between margin call and liquidation; at 10x these are 1.10 and 1.05."""

from __future__ import annotations

import pytest

from marginbot.rules.widening import widened
from tests.builders import TEN_TIMES, D, a_balance, an_account, flat, limits


def cap_at(assets: str, own: str = "100", fee: str = "0.001", reported: str | None = None) -> D:
    """The cap of a debt of 4000 USDT whose assets are so many USDT."""
    account = an_account(a_balance(), a_balance(assets, borrowed="4000"), reported=reported)
    return widened(limits(own), account, TEN_TIMES, D(fee)).max_slippage_bps


@pytest.mark.parametrize(
    ("assets", "cap"),
    [("5000", 100), ("4400", 100), ("4380", 120), ("4300", 200), ("4220", 280), ("4200", 300), ("4190", 300)],
)
def test_it_widens_by_two_hundred_basis_points_from_the_margin_call_to_the_liquidation(assets, cap):
    assert cap_at(assets) == cap


def test_what_is_added_never_goes_beyond_what_covers_the_debt():
    """1 - 4000/4120 - 0.001 is 281.26 bps, where the formula says 300."""
    assert round(cap_at("4120"), 2) == D("281.26")
    assert cap_at("4120", fee="0.02") == 100


@pytest.mark.parametrize("assets", ["4020", "4000", "3000", "0"])
def test_what_the_owner_allowed_stays_allowed_when_nothing_covers_the_debt_any_more(assets):
    assert cap_at(assets) == 100


def test_a_cap_that_is_wide_already_is_not_narrowed():
    assert cap_at("4200", own="600") == 600


def test_the_lower_of_the_two_levels_counts():
    assert cap_at("5000", reported="1.075") == 200


def test_without_debt_or_tiers_it_stays_and_the_crumb_stays_always():
    assert widened(limits("7"), flat(quote="5"), TEN_TIMES, D("0.001")) == limits("7")
    assert widened(limits("7"), an_account(), (), D("0.001")) == limits("7")
    near = an_account(a_balance("0.042"))
    assert widened(limits("100", crumb="3"), near, TEN_TIMES, D("0.001")) == limits("300", crumb="3")
