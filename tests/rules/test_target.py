"""When an aim has arrived: a tenth of the way from trigger to target may be left. The plain long is at 1.25."""

from __future__ import annotations

import pytest

from marginbot.domain.plan import AimKind
from marginbot.rules.target import level_text, lifted, near_target
from tests.builders import D, flat
from tests.rules.aiming import an_aim
from tests.rules.policies import at_level


@pytest.mark.parametrize(("trigger", "near"), [("1.2", "1.29"), ("1.4", "1.31")])
def test_near_is_a_tenth_of_the_way_from_the_target_back_to_the_trigger(trigger, near):
    assert near_target(an_aim(AimKind.REPAY, "1.3", trigger)) == D(near)


@pytest.mark.parametrize(("trigger", "edge"), [("1.2", "1.29"), ("1.4", "1.3")])
def test_a_level_is_lifted_from_near_on_and_never_has_to_go_beyond_the_target(trigger, edge):
    aim = an_aim(AimKind.REPAY, "1.3", trigger)
    assert [lifted(aim, at_level(level)) for level in (str(D(edge) - D("0.0001")), edge)] == [False, True]


def test_who_owes_nothing_is_lifted_and_has_no_level_to_tell():
    assert lifted(an_aim(AimKind.REPAY), flat("1"))
    assert (level_text(flat("1")), level_text(at_level("1.25"))) == ("without debt", "1.2500")
