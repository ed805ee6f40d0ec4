"""Settling repayments and transfers: no id of ours goes with them, so records and balances decide, row by row of the table."""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from marginbot.domain.amounts import Asset
from marginbot.engine.journal.entries import State
from marginbot.engine.patience import DeadlineReached
from marginbot.engine.traces import Fate
from marginbot.paper.books.records import Scope
from tests.engine.stage import BTCUSDT, LOAN, a_stage
from tests.engine.test_looks import account_body, emptied, show
from tests.engine.test_settle import ADAUSDT, USDT, an_open_intent, owner_deposits, settle, states
from tests.virtual_time import in_virtual_time


class TestRepayments:
    @in_virtual_time
    async def test_a_confirmed_row_of_asset_and_amount_settles_it_and_is_tied_to_it(self):
        async with a_stage() as stage:
            intent = await an_open_intent(stage, "repay", "10")
            record = await stage.exchange.repay(BTCUSDT, USDT, D(10))
            settled, seconds = await settle(stage, intent)
            assert settled.fate is Fate.DONE
            assert settled.record.record_id == record
            assert stage.journal.tied_ids("1", "repay") == {record}
            assert seconds < 1

    @in_virtual_time
    async def test_histories_are_read_from_a_minute_before_in_whole_seconds(self):
        async with a_stage() as stage:
            sent = stage.exchange.server_now_ms() + 345
            intent = await an_open_intent(stage, "repay", "10", sent_ms=sent)
            await stage.clock.sleep(2)
            await stage.exchange.repay(BTCUSDT, USDT, D(10))
            await settle(stage, intent)
            (asked,) = stage.sent("GET", LOAN)
            assert int(asked.params["startTime"]) == sent // 1000 * 1000 - 60_000

    @in_virtual_time
    async def test_a_clock_that_ran_ahead_when_it_was_sent_does_not_hide_its_row(self):
        async with a_stage() as stage:
            intent = await an_open_intent(stage, "repay", "10", sent_ms=stage.exchange.server_now_ms() + 3_600_000)
            record = await stage.exchange.repay(BTCUSDT, USDT, D(10))
            settled, _ = await settle(stage, intent)
            assert settled.record.record_id == record

    @in_virtual_time
    async def test_a_pending_row_is_waited_for(self):
        async with a_stage() as stage:
            stage.world.config.loan_pending_ms = 30_000
            intent = await an_open_intent(stage, "repay", "10")
            await stage.exchange.repay(BTCUSDT, USDT, D(10))
            settled, seconds = await settle(stage, intent)
            assert settled.fate is Fate.DONE
            assert 29 < seconds < 32

    @in_virtual_time
    async def test_a_failed_row_means_that_it_was_undone(self):
        async with a_stage() as stage:
            stage.world.config.loan_pending_ms, stage.world.config.loans_fail = 3_000, True
            intent = await an_open_intent(stage, "repay", "10")
            await stage.exchange.repay(BTCUSDT, USDT, D(10))
            settled, _ = await settle(stage, intent)
            assert settled.fate is Fate.FAILED
            assert states(stage) == ["refused"]

    @in_virtual_time
    async def test_without_a_row_a_debt_that_fell_by_it_in_two_looks_says_done(self):
        async with a_stage() as stage:
            stage.world.config.history_lag_ms = 1_000_000
            intent = await an_open_intent(stage, "repay", "10")
            await stage.exchange.repay(BTCUSDT, USDT, D(10))
            settled, seconds = await settle(stage, intent)
            assert (settled.fate, settled.record) == (Fate.DONE, None)
            assert 1 <= seconds < 2

    @in_virtual_time
    async def test_one_answer_that_is_all_zero_does_not_prove_that_all_was_repaid(self):
        async with a_stage() as stage:
            intent = await an_open_intent(stage, "repay", "12.5")
            show(stage, emptied(await account_body(stage)))
            settled, _ = await settle(stage, intent)
            assert settled.fate is Fate.ABSENT

    @in_virtual_time
    async def test_it_is_absent_ten_seconds_after_the_send_in_two_looks(self):
        async with a_stage() as stage:
            intent = await an_open_intent(stage, "repay", "10")
            settled, seconds = await settle(stage, intent)
            assert settled.fate is Fate.ABSENT
            assert 11 <= seconds < 13

    @in_virtual_time
    async def test_interest_posted_meanwhile_is_no_trace_of_it(self):
        async with a_stage() as stage:
            intent = await an_open_intent(stage, "repay", "10")
            stage.paper.skip(3_600_000)
            settled, _ = await settle(stage, intent)
            assert settled.fate is Fate.ABSENT

    @in_virtual_time
    async def test_a_deposit_of_the_owner_keeps_it_open_for_a_minute_and_not_for_ever(self):
        async with a_stage() as stage:
            intent = await an_open_intent(stage, "repay", "10")
            owner_deposits(stage)
            settled, seconds = await settle(stage, intent)
            assert settled.fate is Fate.ABSENT
            assert 60 <= seconds < 63

    @in_virtual_time
    async def test_of_two_equal_ones_a_single_row_belongs_to_the_first(self):
        async with a_stage() as stage:
            first = await an_open_intent(stage, "repay", "5")
            await stage.exchange.repay(BTCUSDT, USDT, D(5))
            assert (await settle(stage, first))[0].fate is Fate.DONE
            second = await an_open_intent(stage, "repay", "5")
            assert (await settle(stage, second))[0].fate is Fate.ABSENT

    @in_virtual_time
    async def test_two_equal_ones_that_were_both_done_have_a_row_each(self):
        async with a_stage() as stage:
            intents = [await an_open_intent(stage, "repay", "5") for _ in range(2)]
            records = {await stage.exchange.repay(BTCUSDT, USDT, D(5)) for _ in range(2)}
            found = {(await settle(stage, intent))[0].record.record_id for intent in intents}
            assert found == records

    @in_virtual_time
    async def test_a_row_of_another_amount_or_asset_is_not_its_own(self):
        async with a_stage() as stage:
            await stage.exchange.repay(BTCUSDT, USDT, D(9))
            intent = await an_open_intent(stage, "repay", "2")
            assert (await settle(stage, intent))[0].fate is Fate.ABSENT

    @in_virtual_time
    async def test_one_that_was_accepted_is_known_by_its_number(self):
        async with a_stage() as stage:
            record = await stage.exchange.repay(BTCUSDT, USDT, D(5))
            intent = await an_open_intent(stage, "repay", "5", exchange_id=record)
            stage.journal.outcome(intent.id, State.ACCEPTED, stage.clock.now(), record, "accepted")
            await stage.exchange.repay(BTCUSDT, USDT, D(5))
            settled, _ = await settle(stage, intent)
            assert settled.record.record_id == record


class TestTransfers:
    @in_virtual_time
    async def test_a_confirmed_row_settles_it(self):
        async with a_stage() as stage:
            owner_deposits(stage, "ADAUSDT")
            intent = await an_open_intent(stage, "sweep", "50", ADAUSDT)
            record = await stage.exchange.sweep(ADAUSDT, USDT, D(50))
            settled, seconds = await settle(stage, intent)
            assert (settled.fate, settled.record.record_id) == (Fate.DONE, record)
            assert seconds < 1

    @in_virtual_time
    async def test_a_pending_row_is_waited_for_and_a_failed_one_was_undone(self):
        async with a_stage() as stage:
            stage.world.config.transfer_pending_ms, stage.world.config.transfers_fail = 40_000, True
            owner_deposits(stage, "ADAUSDT")
            intent = await an_open_intent(stage, "sweep", "50", ADAUSDT)
            await stage.exchange.sweep(ADAUSDT, USDT, D(50))
            settled, seconds = await settle(stage, intent)
            assert settled.fate is Fate.FAILED
            assert 39 < seconds < 42

    @pytest.mark.parametrize("kind", ["sweep", "top_up"])
    @in_virtual_time
    async def test_without_a_row_both_wallets_that_moved_by_it_say_done(self, kind):
        async with a_stage() as stage:
            stage.world.config.history_lag_ms = 1_000_000
            owner_deposits(stage, "ADAUSDT")
            intent = await an_open_intent(stage, kind, "50", ADAUSDT)
            move = stage.exchange.sweep if kind == "sweep" else stage.exchange.top_up
            await move(ADAUSDT, USDT, D(50))
            settled, _ = await settle(stage, intent)
            assert (settled.fate, settled.record) == (Fate.DONE, None)

    @pytest.mark.parametrize(("kind", "least"), [("sweep", 10), ("top_up", 60)])
    @in_virtual_time
    async def test_a_sweep_is_absent_after_ten_seconds_and_a_top_up_only_after_sixty(self, kind, least):
        async with a_stage() as stage:
            owner_deposits(stage, "ADAUSDT")
            intent = await an_open_intent(stage, kind, "50", ADAUSDT)
            settled, seconds = await settle(stage, intent)
            assert settled.fate is Fate.ABSENT
            assert least + 1 <= seconds < least + 3

    @in_virtual_time
    async def test_while_the_source_is_lower_it_waits_for_ever(self):
        async with a_stage() as stage:
            owner_deposits(stage, "ADAUSDT")
            intent = await an_open_intent(stage, "sweep", "50", ADAUSDT)
            stage.world.account(1).isolated["ADAUSDT"].quote.free -= D(50)
            with pytest.raises(DeadlineReached):
                await settle(stage, intent, deadline=90)
            assert states(stage) == ["intended"]

    @pytest.mark.parametrize("moved", ["-20", "20", "50"])
    @in_virtual_time
    async def test_spot_that_moved_for_another_reason_keeps_it_open_for_a_minute_and_not_for_ever(self, moved):
        async with a_stage() as stage:
            owner_deposits(stage, "ADAUSDT")
            intent = await an_open_intent(stage, "sweep", "50", ADAUSDT)
            stage.world.fund(1, Scope.SPOT, "USDT", D(moved))
            settled, seconds = await settle(stage, intent)
            assert settled.fate is Fate.ABSENT
            assert 60 <= seconds < 63

    @in_virtual_time
    async def test_one_that_was_accepted_waits_for_its_row_though_nothing_moved(self):
        async with a_stage() as stage:
            owner_deposits(stage, "ADAUSDT")
            intent = await an_open_intent(stage, "sweep", "50", ADAUSDT, exchange_id="999")
            with pytest.raises(DeadlineReached):
                await settle(stage, intent)

    @in_virtual_time
    async def test_two_open_sweeps_of_both_coins_have_each_their_own_fate(self):
        async with a_stage() as stage:
            owner_deposits(stage, "ADAUSDT")
            stage.world.fund(1, Scope.ISOLATED, "ADA", D(50), "ADAUSDT")
            quote = await an_open_intent(stage, "sweep", "50", ADAUSDT)
            base = await an_open_intent(stage, "sweep", "50", ADAUSDT, Asset("ADA"))
            await stage.exchange.sweep(ADAUSDT, USDT, D(50))
            fates = [(await settle(stage, intent))[0].fate for intent in (quote, base)]
            assert fates == [Fate.DONE, Fate.ABSENT]
