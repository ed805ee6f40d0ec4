"""Alerts of a daemon at work on the emulator: what a person hears of a fall, of a broken line, of a key that was taken away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal as D

from marginbot.domain.message import Phase, Severity
from marginbot.domain.plan import Plan, Verdict
from marginbot.domain.policy import Do, Policy
from marginbot.engine.alerts.alerts import Alerts
from marginbot.engine.alerts.numbers import pictures
from marginbot.engine.alerts.outbox import Outbox
from marginbot.engine.alerts.story import Story
from marginbot.engine.alerts.threads import Threads
from marginbot.engine.errands import NOT_EXECUTING
from marginbot.engine.events import Decided, Fired, Notice, Pursued
from marginbot.engine.report import Outcome, RunReport
from tests.builders import an_account
from tests.engine.places import Place
from tests.engine.stage import ACCOUNT, BTCUSDT, Stage, a_stage
from tests.engine.watching import Watching, a_policy, level_rule, watching
from tests.virtual_time import START, in_virtual_time

# The stage's long: 0.05 BTC at 100,000 against 4000 USDT: level 1.25, 1.20 at 96,000, 1.10 at 88,000, 1.05 at 84,000.
WARN = level_rule("warn", "1.20", Do.ALERT)
LESS = level_rule("sell_some *now*", "1.15", Do.DELEVERAGE, target_level=D("1.22"))
OUT = level_rule("get out", "1.10", Do.UNWIND)


@dataclass
class Heard:
    """A watch and the place where its alerts arrive."""

    watch: Watching
    alerts: Alerts
    place: Place

    @property
    def stage(self) -> Stage:
        return self.watch.stage

    @property
    def phases(self) -> list[Phase]:
        """Of the pair's own story."""
        return [message.phase for message in self.place.messages if message.subject == BTCUSDT]

    async def rest(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def later(self, minutes: int) -> None:
        """The clock on the wall goes on, without the looks that real minutes would cost."""
        self.stage.clock.wall_jump += timedelta(minutes=minutes)
        await self.rest(2)

    async def falls_to(self, price: str) -> None:
        await self.watch.price(price)
        await self.rest(7)


@asynccontextmanager
async def heard(stage: Stage, policy: Policy, place: Place | None = None) -> AsyncIterator[Heard]:
    """A watch with alerts beside it, once it knows the pair and its beginning was told."""
    place = place or Place()
    async with watching(stage, policy) as watch:
        daemon = watch.daemon
        outbox = Outbox((place,), stage.clock, daemon.health, lambda text: text.replace("hunter2", "[hidden]"))
        alerts = Alerts(outbox, daemon.health, stage.clock, "paper", outbox.scrub, lambda: pictures(daemon))
        alerts.remember(daemon.outfit.notebook)
        told, stop = daemon.outfit.tell, asyncio.Event()

        def tell(symbol, event) -> None:
            told(symbol, event)
            alerts.hear(symbol, event)

        daemon.outfit.tell = tell
        daemon.operator.acknowledge = alerts.acknowledge
        running = asyncio.create_task(alerts.run(stop))
        await watch.until(lambda: BTCUSDT in daemon.watch.pairs and place.tries > 0)
        await asyncio.sleep(2)
        yield Heard(watch, alerts, place)
        stop.set()
        await running


@in_virtual_time
async def test_a_level_that_oscillates_around_a_trigger_is_one_alert_and_one_end():
    async with a_stage("long") as stage, heard(stage, a_policy(WARN, OUT)) as ear:
        for price in ("95500", "96300", "95500", "96300", "95500"):
            await ear.falls_to(price)
        assert ear.phases == [Phase.OPENED]
        await ear.falls_to("99000")
        assert ear.phases == [Phase.OPENED, Phase.SOLVED]
        assert [title for title in ear.place.titles if "BTCUSDT" in title] == ["BTCUSDT rule 'warn' warns", "BTCUSDT solved"]


@in_virtual_time
async def test_an_alert_says_how_the_pair_stands_and_what_to_do():
    async with a_stage("long") as stage, heard(stage, a_policy(WARN, OUT)) as ear:
        await ear.falls_to("94000")
        text = ear.place.got[-1]
        assert "Level 1.175: the margin level is below 1.2. This rule only tells you." in text
        assert "Level 1.175, index 94000, liquidation at 84000 (10.6 % away)." in text
        assert "when the price falls to 88000 or rises to 97600." in text
        assert "marginbot unwind BTCUSDT" in text
        assert ear.place.messages[-1].severity is Severity.WARNING


@in_virtual_time
async def test_a_warning_near_liquidation_is_critical():
    async with a_stage("long") as stage, heard(stage, a_policy(WARN)) as ear:
        await ear.falls_to("93000")
        assert ear.place.messages[-1].severity is Severity.CRITICAL


@in_virtual_time
async def test_a_fall_through_every_rung_that_is_over_within_a_second_is_one_message():
    async with a_stage("long") as stage, heard(stage, a_policy(WARN, LESS, OUT)) as ear:
        await ear.falls_to("87000")
        assert ear.watch.ended() == [("get out", "flat")]
        assert ear.phases == [Phase.SOLVED]
        message = ear.place.messages[-1]
        assert message.severity is Severity.CRITICAL
        assert message.title.endswith("BTCUSDT rule 'get out' is done: the pair is flat")
        for words in ("This rule only tells you.", "Done: sold 0.05 BTC", "repaid 4000 USDT", "now nothing is owed"):
            assert words in message.text


@in_virtual_time
async def test_what_is_not_solved_is_repeated_until_somebody_acknowledges_it():
    async with a_stage("long") as stage, heard(stage, a_policy(WARN)) as ear:
        await ear.falls_to("94000")
        await ear.later(15)
        await ear.later(15)
        assert ear.phases == [Phase.OPENED, Phase.REPEATED, Phase.REPEATED]
        ear.watch.daemon.operator.acknowledge(BTCUSDT)
        await ear.later(60)
        assert len(ear.phases) == 3
        await ear.falls_to("99000")
        assert ear.phases[-1] is Phase.SOLVED


@in_virtual_time
async def test_marks_in_the_name_of_a_rule_arrive_and_a_secret_does_not():
    async with a_stage("long") as stage, heard(stage, a_policy(LESS)) as ear:
        ear.alerts.hear(BTCUSDT, Notice("found hunter2 and `this`\x07", alarm=True))
        await ear.falls_to("91500")
        whole = "\n".join(ear.place.titles + ear.place.got)
        assert "'sell_some *now*'" in whole
        assert "found [hidden] and `this`\n" in whole


@in_virtual_time
async def test_a_place_that_fails_or_hangs_never_stops_an_act():
    for place in (Place(fails=1000), Place(hangs=True)):
        async with a_stage("long") as stage, heard(stage, a_policy(OUT), place) as ear:
            await ear.watch.price("87900")
            await ear.watch.until(lambda watch=ear.watch: watch.ended() == [("get out", "flat")], within=5)
            await ear.rest(30)
            assert "notifications" in ear.watch.daemon.health.troubles()


@in_virtual_time
async def test_a_key_that_is_refused_at_night_is_critical_at_once_and_repeated():
    async with a_stage("long") as stage, heard(stage, a_policy(WARN)) as ear:
        stage.fault(kind="answer", canned="-2015", path=ACCOUNT, count=None)
        await ear.rest(8)
        told = [message for message in ear.place.messages if message.subject == "looks"]
        assert [(message.severity, message.phase) for message in told] == [(Severity.CRITICAL, Phase.OPENED)]
        for _ in range(3):
            await ear.later(5)
        told = [message for message in ear.place.messages if message.subject == "looks"]
        assert [message.phase for message in told] == [Phase.OPENED] + [Phase.REPEATED] * 3


@in_virtual_time
async def test_a_line_that_breaks_for_a_moment_wakes_nobody_and_one_that_stays_broken_is_told_to_its_end():
    async with a_stage("long") as stage, heard(stage, a_policy(WARN)) as ear:
        stage.fault(kind="connect_error", path=ACCOUNT, count=4)
        await ear.rest(60)
        assert [message.subject for message in ear.place.messages] == ["marginbot"]
        stage.fault(kind="connect_error", path=ACCOUNT, count=20)
        await ear.rest(120)
        told = [message for message in ear.place.messages if message.subject == "looks"]
        assert [message.phase for message in told] == [Phase.OPENED, Phase.SOLVED]


@in_virtual_time
async def test_a_pair_in_debt_that_no_policy_matches_is_an_alarm_until_somebody_hears_it():
    async with a_stage("long") as stage, heard(stage, Policy("nothing")) as ear:
        await ear.later(15)
        told = [message for message in ear.place.messages if "no policy matches" in message.text]
        assert [message.phase for message in told] == [Phase.OPENED, Phase.REPEATED]


@in_virtual_time
async def test_a_rule_that_fired_before_a_restart_is_still_a_story_after_it():
    async with a_stage("long") as stage:
        async with heard(stage, a_policy(WARN)) as ear:
            await ear.falls_to("94000")
        async with heard(stage, a_policy(WARN)) as ear:
            assert "BTCUSDT rule 'warn' is not over" in ear.place.titles
            await ear.falls_to("99000")
            assert ear.phases == [Phase.OPENED, Phase.SOLVED]


@in_virtual_time
async def test_what_somebody_acknowledged_is_not_told_again_after_a_restart_until_it_fires_anew():
    async with a_stage("long") as stage:
        async with heard(stage, a_policy(WARN)) as ear:
            await ear.falls_to("94000")
            ear.watch.daemon.operator.acknowledge(BTCUSDT)
        async with heard(stage, a_policy(WARN)) as ear:
            await ear.later(60)
            assert ear.phases == []
            await ear.falls_to("99000")
            assert ear.phases == [Phase.SOLVED]
            await ear.falls_to("94000")
            await ear.later(15)
            assert ear.phases == [Phase.SOLVED, Phase.OPENED, Phase.REPEATED]
        async with heard(stage, a_policy(WARN)) as ear:
            assert ear.phases == [Phase.OPENED], "this time nobody has said that they know"


@in_virtual_time
async def test_what_was_acknowledged_and_is_over_at_the_restart_is_news_when_it_comes_back():
    async with a_stage("long") as stage:
        async with heard(stage, Policy("nothing")) as ear:
            ear.watch.daemon.operator.acknowledge(None)
        async with heard(stage, a_policy(WARN)) as ear:
            assert ear.alerts.threads.heard == {}
            assert ear.watch.daemon.outfit.notebook.acknowledged() == {}
            ear.watch.daemon.reload(Policy("nothing again"))
            await ear.rest(10)
            assert ear.phases == [Phase.OPENED]


@in_virtual_time
async def test_the_beginning_and_the_end_are_told_and_who_is_left_alone():
    async with a_stage("long") as stage, heard(stage, a_policy(WARN)) as ear:
        pass
    assert ear.place.titles == ["started", "stopped"]
    assert "watched by nobody from now on: BTCUSDT" in ear.place.got[-1]
    assert ear.place.messages[-1].severity is Severity.WARNING


def told_of(*events) -> list[tuple[Phase, Severity, str]]:
    """What a story makes of events on a pair, half a minute apart."""
    story, told = Story(Threads()), []
    for event in events:
        told += story.hear(BTCUSDT, event, None, START)
    return [(message.phase, message.severity, message.title) for message in told]


def ended(outcome: Outcome, reason: str = "the reason", rule: str = "get out") -> Pursued:
    return Pursued(rule, RunReport(BTCUSDT, "paper", outcome, reason))


def fires(rule) -> Fired:
    return Fired(rule, "level 1.09: the margin level is below 1.1", an_account())


BLOCKED = Decided(Plan(Verdict.WAIT, "the book is 300 bps off, the cap is 100", capped=True))


def test_a_cap_that_blocks_says_holding_but_not_executing_once_and_when_it_goes_on():
    told = told_of(fires(OUT), BLOCKED, BLOCKED, Decided(Plan(Verdict.ACT, "selling")))
    assert told[1] == (Phase.ACTING, Severity.CRITICAL, "holding but NOT executing")
    assert len(told) == 2
    story = Story(Threads())
    (message,) = story.hear(BTCUSDT, BLOCKED, None, START)
    assert message.text.startswith(NOT_EXECUTING[:1].upper() + NOT_EXECUTING[1:])
    (message,) = story.hear(BTCUSDT, Decided(Plan(Verdict.ACT, "selling")), None, START)
    assert message.phase is Phase.SOLVED


def test_an_errand_that_fails_is_critical_unless_a_milder_rung_failed():
    idle = level_rule("repay idle", "1.2", Do.REPAY)
    assert told_of(fires(OUT), ended(Outcome.STOPPED))[-1][:2] == (Phase.ACTING, Severity.CRITICAL)
    assert told_of(fires(idle), ended(Outcome.RESIDUE, rule="repay idle"))[-1][:2] == (Phase.ACTING, Severity.WARNING)
    failed = (Phase.OPENED, Severity.CRITICAL, "rule 'panic' did NOT reach its goal")
    assert told_of(ended(Outcome.STOPPED, rule="panic"), ended(Outcome.FLAT, rule="panic")) == [
        failed,
        (Phase.SOLVED, Severity.CRITICAL, "rule 'panic' is done: the pair is flat"),
    ]


def test_a_sweep_home_is_no_alarm():
    sweep = level_rule("excess", "2", Do.SWEEP)
    assert told_of(fires(sweep)) == []
    assert told_of(fires(sweep), ended(Outcome.REACHED, rule="excess")) == [(Phase.NOTE, Severity.INFO, "rule 'excess' is done")]


def test_a_notice_that_ends_a_position_is_critical():
    story = Story(Threads())
    (executed,) = story.hear(BTCUSDT, Notice("the backstop was executed", alarm=True, critical=True), None, START)
    (absent,) = story.hear(BTCUSDT, Notice("backstop absent", alarm=True), None, START)
    assert (executed.severity, absent.severity) == (Severity.CRITICAL, Severity.WARNING)


def test_what_operators_do_is_told_and_what_is_no_alarm_on_a_pair_is_not():
    story = Story(Threads())
    (message,) = story.hear("", Notice("asked to pause every pair"), None, START)
    assert (message.severity, message.subject) == (Severity.INFO, "marginbot")
    assert story.hear(BTCUSDT, Notice("stale answer, looking again"), None, START) == []
