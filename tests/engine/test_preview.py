"""The preview: only reads, and what it says is what the real run then does."""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from marginbot.domain.amounts import Symbol
from marginbot.domain.plan import Goal, Into, Limits
from marginbot.engine.events import nobody
from marginbot.engine.explain import same_balances
from marginbot.engine.looks import Looker
from marginbot.engine.patience import Patience
from marginbot.engine.preview import preview
from marginbot.engine.proof import Proofs
from marginbot.engine.report import Outcome, RunReport, StepStatus
from marginbot.errors import ConfigError
from tests.engine.stage import ACCOUNT, Stage, a_stage
from tests.virtual_time import in_virtual_time

RIGHTS = "/sapi/v1/account/apiRestrictions"


async def previewed(stage: Stage, symbol: str = "BTCUSDT", deadline: float = 30.0, **goal: object) -> RunReport:
    wanted = Goal(Symbol(symbol), **goal)  # type: ignore[arg-type]
    patience = Patience(stage.clock, stage.exchange, stage.clock.monotonic() + deadline, lambda: 0.0)
    proofs = Proofs(stage.exchange, stage.journal, stage.clock, wanted.symbol, {})
    looker = Looker(stage.exchange, patience, wanted.symbol, proofs, nobody)
    return await preview(looker, stage.exchange, wanted, stage.limits, "paper", False)


@pytest.mark.parametrize("symbol", ["BTCUSDT", "ETHUSDT", "SOLUSDT"], ids=["long", "short", "open orders"])
@pytest.mark.parametrize("into", Into)
@in_virtual_time
async def test_the_real_run_does_what_the_preview_said(symbol, into):
    async with a_stage() as stage:
        planned = await previewed(stage, symbol, into=into)
        assert stage.writes() == []
        real = await stage.unwind(symbol, into=into)

        assert (planned.outcome, planned.exit_code) == (Outcome.PLANNED, 0)
        assert all(step.status is StepStatus.PLANNED for step in planned.steps)
        assert same_balances(planned.before, real.before)
        assert [(step.kind, step.asset, step.amount) for step in planned.steps] == [
            (step.kind, step.asset, step.amount) for step in real.steps
        ]
        assert planned.fees.keys() == real.fees.keys()
        for asset, fee in real.fees.items():
            assert abs(planned.fees[asset] - fee) <= D("0.00000001")
        assert abs(planned.slippage_value - real.slippage_value) <= D("0.00000001")
        assert planned.reason == f"{len(real.steps)} steps lead to flat"


@in_virtual_time
async def test_without_a_sweep_both_end_debt_free_and_closed():
    async with a_stage() as stage:
        planned = await previewed(stage, sweep=False)
        real = await stage.unwind(sweep=False)
        assert [step.kind for step in planned.steps] == [step.kind for step in real.steps] == ["close", "repay"]


@in_virtual_time
async def test_a_flat_pair_has_nothing_to_do():
    async with a_stage() as stage:
        planned = await previewed(stage, "ADAUSDT")
        assert (planned.exit_code, planned.steps) == (0, [])
        assert "nothing to do" in planned.reason


@in_virtual_time
async def test_a_way_that_would_stop_short_says_where_and_is_still_a_plan():
    async with a_stage() as stage:
        stage.limits = Limits(max_slippage_bps=D(0))
        planned = await previewed(stage)
        assert (planned.outcome, planned.exit_code) == (Outcome.PLANNED, 0)
        assert "it would stop short" in planned.reason
        assert "cap of 0 bps" in planned.reason


@in_virtual_time
async def test_it_leaves_nothing_in_the_journal():
    async with a_stage() as stage:
        await previewed(stage)
        assert list(stage.journal.history()) == []
        assert stage.journal.open_episode_of("1", Symbol("BTCUSDT")) is None


@in_virtual_time
async def test_a_key_that_could_not_do_it_gets_the_plan_and_a_notice():
    async with a_stage() as stage:
        stage.fault(
            kind="answer",
            status=200,
            path=RIGHTS,
            body='{"ipRestrict":true,"createTime":1,"enableReading":true,"enableWithdrawals":false,"enableInternalTransfer":false,'
            '"enableMargin":true,"enableFutures":false,"permitsUniversalTransfer":false,"enableVanillaOptions":false,'
            '"enableFixApiTrade":false,"enableFixReadOnly":false,"enableSpotAndMarginTrading":true,'
            '"enablePortfolioMarginTrading":false}',
        )
        planned = await previewed(stage)
        assert planned.outcome is Outcome.PLANNED
        assert len(planned.steps) == 3
        assert "Permits Universal Transfer" in planned.reason
        assert any("Permits Universal Transfer" in text for text in planned.notices)


@in_virtual_time
async def test_a_pair_never_opened_is_refused_and_an_unknown_one_is_a_wrong_argument():
    async with a_stage() as stage:
        planned = await previewed(stage, "XRPUSDT")
        assert (planned.outcome, planned.exit_code) == (Outcome.REFUSED, 3)
        with pytest.raises(ConfigError, match="did you mean"):
            await previewed(stage, "ETHUSDTT")


@pytest.mark.parametrize(
    ("fault", "exit_code", "says"),
    [
        ({"kind": "answer", "canned": "html_502", "count": None}, 4, "502"),
        ({"kind": "connect_error", "count": None}, 4, "could not be reached"),
        ({"kind": "answer", "canned": "html_403", "path": ACCOUNT}, 4, "403"),
        ({"kind": "answer", "canned": "-1021", "path": ACCOUNT, "count": None}, 1, "clock"),
        ({"kind": "read_timeout", "path": ACCOUNT, "count": None}, 4, ""),
    ],
    ids=["502 for ever", "no network", "a firewall page", "a clock nobody mends", "never an answer"],
)
@in_virtual_time
async def test_every_end_of_a_known_pair_is_a_report(fault, exit_code, says):
    async with a_stage() as stage:
        stage.fault(**fault)
        planned = await previewed(stage)
        assert (planned.outcome, planned.exit_code) == (Outcome.STOPPED, exit_code)
        assert says in planned.reason
        assert stage.clock.monotonic() <= 30 + 12
