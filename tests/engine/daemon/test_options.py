"""Every option of a rule, from the line in the policy file to what the daemon then does differently."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal as D

import pytest

from marginbot.domain.margin import margin_level
from marginbot.domain.policy import Policy
from marginbot.engine.events import Decided
from marginbot.paper.books.actions import act
from marginbot.settings.policy_file import parse_policy
from tests.engine.daemon.test_chores import looked_at
from tests.engine.stage import TRANSFER, Stage, a_stage
from tests.engine.watching import Watching, watching
from tests.virtual_time import in_virtual_time

# The stage's long: 0.05 BTC against 4000 USDT, 1000 USDT in spot: level 1.25, 1.225 at 98,000, 1.19375 at 95,500.
LESS = 'when = { margin_level_below = "1.24" }\ndo = "deleverage"\ntarget_level = "1.30"\n'
OUT = 'when = { margin_level_below = "1.10" }\ndo = "unwind"\n'
WARN = 'when = { margin_level_below = "1.20" }\ndo = "alert"\n'
BRING = 'when = { margin_level_below = "1.20" }\ndo = "top_up"\ntarget_level = "1.30"\n'


def written(*lines: str) -> Policy:
    return parse_policy('[[policy]]\npairs = ["*"]\n[[policy.rule]]\nname = "it"\n' + "\n".join(lines), "p.toml")


async def falls_to(watch: Watching, price: str) -> None:
    """And comes to rest: what fired is over."""
    await watch.price(price)
    await watch.rest(7)


async def ended_at(stage: Stage, watch: Watching, price: str) -> str:
    """How the errand ends that a fall begins."""
    await looked_at(watch)
    count = len(watch.ended())
    await watch.price(price)
    await watch.until(lambda: len(watch.ended()) > count)
    return watch.ended()[-1][1]


def brought(stage: Stage) -> list[D]:
    return [D(entry.params["amount"]) for entry in stage.sent("POST", TRANSFER) if entry.params["type"].startswith("MAIN")]


@pytest.mark.parametrize(("line", "home"), [("", False), ('into = "base"', True)])
@in_virtual_time
async def test_an_unwind_leaves_the_coin_that_into_says(line, home):
    async with a_stage("long") as stage, watching(stage, written(OUT, line)) as watch:
        before = await stage.spot("BTC")
        assert await ended_at(stage, watch, "87000") == "flat"
        assert (await stage.spot("BTC") > before) is home


@pytest.mark.parametrize(("line", "empty"), [("", True), ("sweep_home = false", False)])
@in_virtual_time
async def test_an_unwind_goes_home_unless_sweep_home_is_off(line, empty):
    async with a_stage("long") as stage, watching(stage, written(OUT, line)) as watch:
        assert await ended_at(stage, watch, "87000") == "flat"
        account = await stage.account()
        assert (account.owes, account.is_empty) == (False, empty)


@pytest.mark.parametrize(("line", "came"), [("", "326.92307693"), ('then = "hold"', "425")])
@in_virtual_time
async def test_what_a_top_up_brings_is_repaid_or_held_as_then_says(line, came):
    """4000 - 4775 / 1.3, or 1.3 x 4000 - 4775."""
    policy = written(BRING, 'budget = { per_day = "1000" }', line)
    async with a_stage("long") as stage, watching(stage, policy) as watch:
        assert await ended_at(stage, watch, "95500") == "reached"
        assert brought(stage) == [D(came)]
        assert (await stage.account()).quote.borrowed == (D(4000) if line else D(4000) - D(came))


@pytest.mark.parametrize(
    ("budget", "apart", "amounts"),
    [
        ('per_action = "200"', timedelta(0), [200, 200]),
        ('per_action = "200", per_day = "300"', timedelta(0), [200, 100]),
        ('per_action = "200", per_day = "300"', timedelta(hours=25), [200, 200]),
        ('per_action = "200", total = "300"', timedelta(hours=25), [200, 100]),
        ('per_action = "200", keep_in_spot = "800"', timedelta(0), [200]),
    ],
)
@in_virtual_time
async def test_two_top_ups_bring_what_the_budget_leaves_them(budget, apart, amounts):
    async with a_stage("long") as stage, watching(stage, written(BRING, f"budget = {{ {budget} }}")) as watch:
        assert await ended_at(stage, watch, "95500") == "reached"
        stage.clock.wall_jump += apart
        await watch.rest(7)
        await ended_at(stage, watch, "90000")
        assert brought(stage) == amounts


@pytest.mark.parametrize(("line", "how"), [("", "reached"), ('open_orders = "leave"', "residue")])
@in_virtual_time
async def test_orders_in_the_way_are_cancelled_or_left_as_open_orders_says(line, how):
    async with a_stage("long") as stage, watching(stage, written(LESS, line)) as watch:
        act(stage.world, "owner_order", {"symbol": "BTCUSDT", "side": "SELL", "quantity": "0.05", "price": "120000"})
        assert await ended_at(stage, watch, "98000") == how


@pytest.mark.parametrize(("cap", "blocks"), [("20", True), ("80", False)])
@in_virtual_time
async def test_a_trade_beyond_max_slippage_bps_waits(cap, blocks):
    async with a_stage("long") as stage, watching(stage, written(LESS, f'max_slippage_bps = "{cap}"')) as watch:
        await looked_at(watch)
        act(stage.world, "set_book", {"symbol": "BTCUSDT", "half_spread_bps": "50"})
        await falls_to(watch, "98000")
        capped = any(isinstance(event, Decided) and event.plan.capped for _, event in watch.told)
        assert (capped, watch.ended()) == (blocks, [] if blocks else [("it", "reached")])


@pytest.mark.parametrize("target", ["1.28", "1.35"])
@in_virtual_time
async def test_a_deleverage_stops_at_its_target_level(target):
    async with a_stage("long") as stage, watching(stage, written(LESS.replace("1.30", target))) as watch:
        assert await ended_at(stage, watch, "98000") == "reached"
        assert abs(margin_level(await stage.account()) - D(target)) < D("0.01")


@pytest.mark.parametrize(("line", "times"), [("", 2), ('cool_down = "1h"', 1), ('rearm_level = "1.23"', 1)])
@in_virtual_time
async def test_a_rule_fires_again_after_its_cool_down_and_above_its_rearm_level(line, times):
    """Back at 98,000 the level is 1.225: above 1.212, which is 1 % above the trigger."""
    async with a_stage("long") as stage, watching(stage, written(WARN, line)) as watch:
        await looked_at(watch)
        for price in ("95500", "98000", "95500"):
            await falls_to(watch, price)
        assert len(watch.fired()) == times
        stage.clock.wall_jump += timedelta(hours=1)
        for price in ("98500", "95500"):
            await falls_to(watch, price)
        assert len(watch.fired()) == times + 1


@pytest.mark.parametrize(
    ("price", "met", "not_met"),
    [
        ("98000", 'margin_level_below = "1.23"', 'margin_level_below = "1.22"'),
        ("102000", 'margin_level_above = "1.27"', 'margin_level_above = "1.28"'),
        ("98000", 'distance_to_liquidation_below = "15"', 'distance_to_liquidation_below = "14"'),
        ("87900", 'status_at_least = "MARGIN_CALL"', 'status_at_least = "PRE_LIQUIDATION"'),
        ("98000", 'price_below = "98001"', 'price_below = "98000"'),
        ("102000", 'price_above = "101999"', 'price_above = "102000"'),
        ("98000", 'rate_above = "0.0001"', 'rate_above = "10"'),
        ("98000", 'trailing_level = "0.02"', 'trailing_level = "0.03"'),
        ("98000", 'interest_paid_above = "0.01"', 'interest_paid_above = "100"'),
        ("98000", 'age_above = "1s"', 'age_above = "1h"'),
    ],
)
@in_virtual_time
async def test_a_rule_fires_when_its_condition_is_met_and_not_before(price, met, not_met):
    policy = written(
        f"when = {{ {met} }}", 'do = "alert"', "[[policy.rule]]", 'name = "other"', f"when = {{ {not_met} }}", 'do = "alert"'
    )
    async with a_stage("long") as stage, watching(stage, policy) as watch:
        await looked_at(watch)
        act(stage.world, "post_interest", {"hours": 5})
        await falls_to(watch, price)
        assert watch.fired() == ["it"]
