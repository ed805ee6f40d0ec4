"""Chores: what is read anew by the clock, and the rules that wait for a moment of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from marginbot.domain.policy import Cron, Do, Rule
from marginbot.engine.daemon.chores import Chores
from marginbot.engine.daemon.jobs import Jobs
from marginbot.engine.journal.file import JournalFile
from marginbot.paper.books.actions import act
from marginbot.paper.keys import FULL_RIGHTS
from tests.engine.stage import ACCOUNT, BTCUSDT, a_stage
from tests.engine.watching import Watching, a_policy, level_rule, watching
from tests.virtual_time import in_virtual_time

WARN = level_rule("warn", "1.20", Do.ALERT)
MORNING = Rule("good morning", Cron("0 8 * * *"), Do.ALERT)


def chores_of(watch: Watching, key_expires: datetime | None = None) -> Chores:
    daemon = watch.daemon
    jobs = Jobs(daemon.health, daemon.outfit.tell, daemon.stop)
    return Chores(daemon.outfit, daemon.watch, jobs, key_expires=key_expires)


async def looked_at(watch: Watching) -> None:
    await watch.until(
        lambda: BTCUSDT in watch.daemon.watch.pairs and watch.daemon.watch.pairs[BTCUSDT].known.assigned is not None
    )


@in_virtual_time
async def test_every_chore_is_registered_by_its_name():
    async with a_stage("long") as stage, watching(stage, a_policy(WARN)) as watch:
        chores = chores_of(watch)
        chores.register()
        assert set(chores.jobs.names) == {
            "look after the hour", "delist schedule", "key rights", "clocks of the rules", "prune the journal",
            "tidy the journal",
        }  # fmt: skip


@in_virtual_time
async def test_after_the_hour_every_pair_is_looked_at_with_filters_tiers_and_rates_anew():
    async with a_stage("long") as stage, watching(stage, a_policy(WARN)) as watch:
        await looked_at(watch)
        tiers = "/sapi/v1/margin/isolatedMarginTier"
        asked = len(stage.sent("GET", tiers))
        await watch.rest(60)
        assert len(stage.sent("GET", tiers)) == asked
        await chores_of(watch).after_the_hour()
        await watch.until(lambda: len(stage.sent("GET", tiers)) == asked + 1, 5)


@in_virtual_time
async def test_the_delisting_of_a_pair_that_owes_is_told_once_even_when_it_was_known_before_the_debt():
    async with a_stage("long") as stage, watching(stage, a_policy(WARN)) as watch:
        chores = chores_of(watch)
        moment = datetime(2026, 3, 8, 6, tzinfo=UTC)
        watch.daemon.outfit.delistings[BTCUSDT] = moment
        await chores.clocks()
        assert watch.alarms() == [], "nobody has looked yet, so nobody is known to owe"
        await looked_at(watch)
        for _ in range(3):
            await chores.clocks()
        text = "BTCUSDT leaves isolated margin at 2026-03-08 06:00 UTC; coins cannot be brought in any more"
        assert watch.alarms() == [text]


@in_virtual_time
async def test_a_schedule_without_the_pair_ends_what_was_known():
    async with a_stage("long") as stage, watching(stage, a_policy(WARN)) as watch:
        watch.daemon.outfit.delistings[BTCUSDT] = datetime(2026, 3, 8, 6, tzinfo=UTC)
        await chores_of(watch).begin()
        assert watch.daemon.outfit.delistings == {}


@in_virtual_time
async def test_a_key_that_is_fit_is_well():
    async with a_stage("long") as stage, watching(stage, a_policy(WARN)) as watch:
        await chores_of(watch).key_rights()
        assert watch.daemon.health.was_well("key rights")
        assert watch.alarms() == []


@in_virtual_time
async def test_a_cron_rule_has_a_job_and_fires_when_its_moment_comes():
    async with a_stage("long") as stage, watching(stage, a_policy(WARN, MORNING)) as watch:
        await looked_at(watch)
        chores = chores_of(watch)
        await chores.clocks()
        assert chores.jobs.names == ("rule BTCUSDT good morning",)
        assert watch.fired() == []
        job = chores.jobs._scheduler.get_job("rule BTCUSDT good morning")
        await job.func(*job.args)
        await watch.until(lambda: watch.fired() == ["good morning"], 5)
        await watch.rest(30)
        assert watch.fired() == ["good morning"], "its moment has come once"


@in_virtual_time
async def test_the_job_of_a_rule_that_is_gone_is_dropped():
    async with a_stage("long") as stage, watching(stage, a_policy(WARN, MORNING)) as watch:
        await looked_at(watch)
        chores = chores_of(watch)
        await chores.clocks()
        watch.daemon.reload(a_policy(WARN, digest="without"))
        looks = len(stage.sent("GET", ACCOUNT))
        await watch.until(lambda: len(stage.sent("GET", ACCOUNT)) > looks + 1)
        await chores.clocks()
        assert chores.jobs.names == ()


@in_virtual_time
async def test_the_schedule_of_the_exchange_is_known_from_the_beginning_and_its_pairs_are_told():
    async with a_stage("long") as stage, watching(stage, a_policy(WARN)) as watch:
        await looked_at(watch)
        act(stage.world, "delist", {"symbol": "BTCUSDT", "in_hours": "30"})
        await chores_of(watch).begin()
        in_30_hours = watch.daemon.outfit.delistings[BTCUSDT] - stage.clock.now()
        assert timedelta(hours=29, minutes=59) < in_30_hours <= timedelta(hours=30)
        assert any(alarm.startswith("BTCUSDT leaves isolated margin at 2026-03-05") for alarm in watch.alarms())


@in_virtual_time
async def test_a_key_that_lost_a_right_is_told_and_ill_until_it_has_it_again():
    async with a_stage("long") as stage, watching(stage, a_policy(WARN)) as watch:
        chores, rights = chores_of(watch), next(iter(stage.paper.keys)).rights
        rights.update(enableMargin=False)
        await chores.key_rights()
        assert "Enable Margin Loan" in watch.daemon.health.troubles()["key rights"]
        assert ["Enable Margin Loan" in alarm for alarm in watch.alarms()] == [True]
        rights.update(enableMargin=True)
        await chores.key_rights()
        assert "key rights" not in watch.daemon.health.troubles()


@in_virtual_time
async def test_a_key_in_its_last_week_is_told_once_a_day_and_on_its_last_day_it_is_ill():
    async with a_stage("long") as stage, watching(stage, a_policy(WARN)) as watch:
        expires = stage.clock.now() + timedelta(days=7, hours=1)
        chores = chores_of(watch, expires)
        await chores.key_rights()
        assert watch.alarms() == [], "there is more than a week"
        for _ in range(3):
            stage.clock.wall_jump += timedelta(hours=12)
            await chores.key_rights()
        told = [alarm for alarm in watch.alarms() if "this API key expires at 2026-03-11 13:20 UTC" in alarm]
        assert [alarm.split(", ")[1].split(":")[0] for alarm in told] == ["in 6 days", "in 5 days"]
        assert "key rights" not in watch.daemon.health.troubles()
        stage.clock.wall_jump += timedelta(days=5)
        await chores.key_rights()
        assert "in 12 h: renew it" in watch.daemon.health.troubles()["key rights"]


@in_virtual_time
async def test_the_end_that_the_exchange_tells_goes_before_the_owners_note():
    async with a_stage("long") as stage, watching(stage, a_policy(WARN)) as watch:
        soon = stage.clock.now_ms() + 3 * 3_600_000
        answer = {**FULL_RIGHTS, "tradingAuthorityExpirationTime": soon}
        stage.fault(kind="answer", status=200, body=json.dumps(answer), path="/sapi/v1/account/apiRestrictions")
        chores = chores_of(watch, stage.clock.now() + timedelta(days=300))
        await chores.begin()
        assert "this API key expires at 2026-03-04 15:20 UTC, in 2 h" in watch.daemon.health.troubles()["key rights"]
        await chores.key_rights()
        assert "key rights" not in watch.daemon.health.troubles(), "the key was renewed"


@in_virtual_time
async def test_rights_that_cannot_be_read_at_the_start_are_told_and_hold_up_nothing():
    async with a_stage("long") as stage, watching(stage, a_policy(WARN)) as watch:
        stage.fault(kind="answer", canned="-2015", path="/sapi/v1/account/apiRestrictions")
        await chores_of(watch).begin()
        assert "code -2015" in watch.daemon.health.troubles()["job key rights"]


@in_virtual_time
async def test_what_ended_more_than_a_year_ago_is_pruned():
    async with a_stage("long") as stage, watching(stage, a_policy(WARN)) as watch:
        journal, now = stage.journal, stage.clock.now()
        for days in (366, 364):
            at = now - timedelta(days=days)
            journal.close_episode(journal.open_episode("1", BTCUSDT, "old", {}, at), "flat", f"{days} days ago", at)
        await chores_of(watch).prune()
        assert journal.ends_of([1, 2]) == {BTCUSDT: ("flat", "364 days ago")}


@in_virtual_time
async def test_the_journal_is_tidied_while_no_pair_is_worked_on(monkeypatch):
    tidied: list[bool] = []
    monkeypatch.setattr(JournalFile, "tidy", lambda _: tidied.append(True))
    async with a_stage("long") as stage, watching(stage, a_policy(WARN)) as watch:
        await looked_at(watch)
        await watch.until(lambda: not watch.daemon.watch.visiting)
        chores = chores_of(watch)
        watch.daemon.watch.crossed(BTCUSDT)
        await watch.rest(0.001)
        assert watch.daemon.watch.visiting
        await chores.tidy()
        assert tidied == []
        await watch.until(lambda: not watch.daemon.watch.visiting)
        await chores.tidy()
        assert tidied == [True]
