"""`doctor`: what would stop an unwind is found before it is needed, and every finding says how to mend it."""

from __future__ import annotations

from datetime import datetime, timedelta

from marginbot.engine.checkup import Checkup, Finding, Grade
from marginbot.engine.patience import Patience
from tests.engine.stage import LOAN, Stage, a_stage
from tests.virtual_time import in_virtual_time


async def findings(stage: Stage, allow_withdrawals: bool = False, key_expires: datetime | None = None) -> dict[str, Finding]:
    patience = Patience(stage.clock, stage.exchange, stage.clock.monotonic() + 30, lambda: 0.0)
    checkup = Checkup(stage.exchange, stage.journal, patience, allow_withdrawals, 30, key_expires)
    return {finding.check: finding async for finding in checkup.findings()}


def rights(stage: Stage, **changed: bool) -> None:
    key = next(iter(stage.paper.keys))
    key.rights.update(changed)


@in_virtual_time
async def test_a_healthy_account_has_only_good_findings():
    async with a_stage() as stage:
        rights(stage, ipRestrict=True)
        found = await findings(stage)
        assert {finding.grade for finding in found.values()} == {Grade.OK}
        assert list(found) == [
            "exchange", "clock", "key", "key expiry", "journal", "pairs", "interest in BNB", "delistings", "rate limits",
        ]  # fmt: skip
        assert stage.writes() == []


@in_virtual_time
async def test_a_missing_right_is_a_problem_and_named():
    async with a_stage() as stage:
        rights(stage, permitsUniversalTransfer=False)
        key = (await findings(stage))["key"]
        assert key.grade is Grade.PROBLEM
        assert "Permits Universal Transfer" in key.found
        assert "API Management" in key.mend


@in_virtual_time
async def test_a_key_that_may_withdraw_is_a_problem_unless_the_settings_accept_it():
    async with a_stage() as stage:
        rights(stage, enableWithdrawals=True)
        assert (await findings(stage))["key"].grade is Grade.PROBLEM
        assert (await findings(stage, allow_withdrawals=True))["key"].grade is Grade.WARNING


@in_virtual_time
async def test_a_key_near_its_end_is_a_warning_and_one_past_it_a_problem():
    async with a_stage() as stage:
        now = stage.clock.now()
        for left, grade, says in (
            (timedelta(days=8), Grade.OK, "in 7 days"),
            (timedelta(days=7), Grade.WARNING, "in 6 days"),
            (timedelta(hours=30), Grade.WARNING, "in 29 h"),
            (timedelta(0), Grade.PROBLEM, "expired at 2026-03-04 12:20 UTC"),
        ):
            found = (await findings(stage, key_expires=now + left))["key expiry"]
            assert found.grade is grade
            assert says in found.found
            assert (found.mend == "") is (grade is Grade.OK)


@in_virtual_time
async def test_an_exchange_that_does_not_answer_is_a_problem_and_ends_the_questions_to_it():
    async with a_stage() as stage:
        stage.fault(kind="connect_error", count=None)
        found = await findings(stage)
        assert found["exchange"].grade is Grade.PROBLEM
        assert set(found) == {"exchange", "journal"}


@in_virtual_time
async def test_maintenance_is_a_problem():
    async with a_stage() as stage:
        stage.world.config.maintenance = True
        found = await findings(stage)
        assert found["exchange"].grade is Grade.PROBLEM
        assert "maintenance" in found["exchange"].found


@in_virtual_time
async def test_a_clock_that_is_off_is_shown_with_its_size():
    async with a_stage() as stage:
        stage.clock.wall_jump = timedelta(0)
        stage.paper.skip(2_000)
        clock = (await findings(stage))["clock"]
        assert clock.grade is Grade.WARNING
        assert "behind" in clock.found


@in_virtual_time
async def test_writes_that_are_not_settled_are_a_warning_that_names_the_pair():
    async with a_stage() as stage:
        stage.world.config.loan_pending_ms = 600_000
        await stage.unwind()
        assert len(stage.sent("POST", LOAN)) == 1
        journal = (await findings(stage))["journal"]
        assert journal.grade is Grade.WARNING
        assert "BTCUSDT" in journal.found


@in_virtual_time
async def test_interest_in_bnb_and_a_delisting_are_warnings():
    async with a_stage() as stage:
        stage.fault(kind="answer", status=200, body='{"spotBNBBurn":true,"interestBNBBurn":true}', path="/sapi/v1/bnbBurn")
        at = stage.clock.now_ms() + 3 * 86_400_000
        body = f'[{{"delistTime":{at},"crossMarginAssets":[],"isolatedMarginSymbols":["BTCUSDT","OMUSDT"]}}]'
        stage.fault(kind="answer", status=200, body=body, path="/sapi/v1/margin/delist-schedule")
        found = await findings(stage)
        assert found["interest in BNB"].grade is Grade.WARNING
        assert found["delistings"].grade is Grade.WARNING
        assert "BTCUSDT at 2026-03-07" in found["delistings"].found
        assert "OMUSDT" not in found["delistings"].found


@in_virtual_time
async def test_a_ban_is_a_problem_that_says_to_wait():
    async with a_stage() as stage:
        body = f'{{"code":-1003,"msg":"Way too much request weight used; IP banned until {stage.clock.now_ms() + 90_000}."}}'
        stage.fault(kind="answer", status=418, body=body)
        found = await findings(stage)
        assert found["exchange"].grade is Grade.PROBLEM
        assert "wait" in found["exchange"].mend
