"""What holds of every aim on every look: an answer, a plan the guard lets pass, and on a calm market the target and no more."""

from __future__ import annotations

from hypothesis import given

from marginbot.domain.amounts import exact
from marginbot.domain.margin import margin_level
from marginbot.domain.plan import AimKind, Verdict
from marginbot.rules.aims import plan_aim
from marginbot.rules.guard_aims import check_aim
from marginbot.rules.sizes import order_price, smallest_order
from marginbot.rules.target import lifted, near_target
from tests.builders import thoroughly
from tests.rules.aiming import D, acted, aims_and_looks, close_aims, size

CRUMB = D("0.0000001")
MOST_ROUNDS = 200
"""A pair whose largest position is small is left in many small orders."""


@given(aims_and_looks() | close_aims())
@thoroughly(300)
def test_every_look_has_an_answer_with_a_reason_and_the_guard_lets_the_planners_own_plans_pass(wanted):
    aim, look, limits = wanted
    decided = plan_aim(aim, look, limits)
    assert decided.because
    assert (decided.verdict is Verdict.ACT) == bool(decided.steps)
    check_aim(aim, limits, decided, look, look.seen_at)


@given(close_aims(calm=True))
@thoroughly(200)
def test_on_a_calm_market_an_aim_ends_and_the_level_is_never_further_from_its_target_than_before(wanted):
    aim, look, limits = wanted
    before = margin_level(look.account)
    for _ in range(MOST_ROUNDS):
        decided = plan_aim(aim, look, limits)
        if decided.verdict is not Verdict.ACT:
            break
        look = acted(look, decided)
    assert decided.verdict in (Verdict.DONE, Verdict.STUCK)
    after = margin_level(look.account)
    if after is not None:
        assert after <= before if aim.kind is AimKind.SWEEP else after >= before - CRUMB


@given(close_aims((AimKind.DELEVERAGE,), calm=True))
@thoroughly(200)
@exact
def test_a_deleverage_without_friction_ends_at_its_target_but_for_one_order(wanted):
    aim, look, limits = wanted
    filters = look.market.rules.filters
    one = (smallest_order(filters, order_price(look)) + filters.order_step) * look.account.index_price
    sold = D(0)
    while (decided := plan_aim(aim, look, limits)).verdict is Verdict.ACT:
        sold += sum((size(step) for step in decided.steps if type(step).__name__ == "CloseOrder"), D(0))
        look = acted(look, decided)
    account = look.account
    level, owed = margin_level(account), account.base.liability * account.index_price + account.quote.liability
    if decided.verdict is Verdict.STUCK or level is None:
        return
    assert lifted(aim, account) or (near_target(aim) - level) * owed <= one * aim.target_level
    assert sold == 0 or (level - aim.target_level) * owed <= 2 * one * aim.target_level


@given(close_aims((AimKind.TOP_UP,), calm=True))
@thoroughly(150)
@exact
def test_a_top_up_brings_the_level_out_of_its_trigger_and_not_beyond_its_target(wanted):
    aim, look, limits = wanted
    while (decided := plan_aim(aim, look, limits)).verdict is Verdict.ACT:
        look = acted(look, decided)
    level, account = margin_level(look.account), look.account
    if decided.verdict is Verdict.DONE and look.brought > 0 and level is not None:
        owed = account.base.liability * account.index_price + account.quote.liability
        assert level >= aim.trigger_level
        assert (level - aim.target_level) * owed <= (account.index_price + 1) * CRUMB


@given(close_aims((AimKind.SWEEP,)))
@thoroughly(150)
def test_no_sweep_takes_the_level_below_its_target(wanted):
    aim, look, limits = wanted
    decided = plan_aim(aim, look, limits)
    level = margin_level(acted(look, decided).account)
    assert level is None or not decided.steps or level >= aim.target_level
