"""The sharpest minutes of real crashes: who is liquidated alone, and that a preset fails only where nobody was there.

`python -m tests.crashes` plays them whole.
"""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from marginbot.domain.policy import Preset
from tests.crashes.files import CRASHES, missing
from tests.crashes.play import abandoned, alone, guarded
from tests.crashes.world import Case

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())


def a_case(day: str, symbol: str, side: str, leverage: int, hour: str, minutes: int) -> Case:
    (crash,) = (one for one in CRASHES if (one.day, one.symbol) == (day, symbol))
    return Case(crash, side, leverage, hour, minutes)


# DOGE falls by 31 % within 6 minutes; LUNA by 63 % within 20 seconds without a bid; BCH doubles within 20 seconds without an ask.
DOGE = a_case("2021-05-19", "DOGEUSDT", "long", 3, "12:46", 10)
LUNA = a_case("2022-05-12", "LUNAUSDT", "long", 3, "16:40", 8)
BCH = a_case("2021-05-19", "BCHUSDT", "short", 3, "12:54", 5)
# It falls by 33 %, and at 5x on a 10x pair it stands 16 % from liquidation.
ETH = a_case("2021-05-19", "ETHUSDT", "long", 5, "11:10", 135)


@pytest.mark.parametrize("case", [DOGE, LUNA, BCH], ids=lambda case: case.name)
def test_alone_each_of_these_is_liquidated(case):
    assert alone(case).liquidated


@pytest.mark.parametrize("preset", [Preset.BALANCED, Preset.CAUTIOUS])
def test_a_long_is_brought_through_the_steepest_fall_in_which_somebody_buys(preset):
    ending = guarded(DOGE, preset)
    assert not ending.liquidated
    assert ending.lowest > D("1.15")
    assert "deleverage" in ending.fired


@pytest.mark.parametrize("case", [LUNA, BCH], ids=lambda case: case.name)
def test_where_nobody_is_there_between_the_last_rung_and_the_liquidation_it_is_a_gap(case):
    ending = guarded(case, Preset.BALANCED)
    assert (ending.liquidated, ending.gap) == (True, True)
    assert ending.fired[-1] == "unwind"


def test_a_backstop_alone_brings_home_what_is_liquidated_without_it():
    assert alone(ETH).liquidated
    ending = abandoned(ETH, Preset.BALANCED)
    assert not ending.liquidated
    assert ending.kept > 3 * alone(ETH).kept
    assert "unwind" not in ending.fired
