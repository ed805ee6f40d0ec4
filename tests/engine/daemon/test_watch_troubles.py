"""The watch in trouble: an API that is down, a guard that raises, a journal that cannot be written, a ban at the start."""

from __future__ import annotations

from decimal import Decimal as D

from structlog.testing import capture_logs

from marginbot.domain.amounts import Symbol
from marginbot.domain.policy import Budget, Do
from marginbot.engine.daemon.pair_watch import PairWatch
from marginbot.engine.events import Event
from marginbot.engine.journal.journal import Journal
from tests.engine.journal.test_unwritable_journal import Disk
from tests.engine.stage import ACCOUNT, BTCUSDT, LOAN, ORDER, TRANSFER, a_stage
from tests.engine.watching import Watching, a_policy, level_rule, watching
from tests.virtual_time import in_virtual_time

# The stage's long: 0.05 BTC at 100,000 against 4000 USDT: level 1.25, 1.15 at 92,000, 1.10 at 88,000.
LESS = level_rule("sell some", "1.15", Do.DELEVERAGE, target_level=D("1.22"))
OUT = level_rule("get out", "1.10", Do.UNWIND)
MONEY = level_rule("bring money", "1.20", Do.TOP_UP, target_level=D("1.24"), budget=Budget(per_day=D(500)))


def is_seen(watch: Watching) -> bool:
    pair = watch.daemon.watch.pairs.get(BTCUSDT)
    return pair is not None and pair.known.assigned is not None


@in_virtual_time
async def test_an_api_that_is_down_for_a_minute_of_a_fall_is_red_and_the_act_follows_as_soon_as_it_is_back():
    async with a_stage("long") as stage, watching(stage, a_policy(OUT)) as watch:
        await watch.until(lambda: is_seen(watch))
        stage.fault(kind="answer", status=503, count=None)
        await watch.rest(6)
        await watch.price("87900")
        await watch.rest(54)
        assert "looks" in watch.daemon.health.troubles()
        assert stage.writes() == []
        stage.paper.faults.clear()
        back = stage.clock.monotonic()
        await watch.until(lambda: stage.sent("POST", ORDER) != [])
        assert stage.clock.monotonic() - back < 5
        await watch.until(lambda: watch.ended() == [("get out", "flat")])
        await watch.until(lambda: watch.daemon.health.troubles() == {})


@in_virtual_time
async def test_a_guard_that_raises_each_time_is_loudly_unhealthy_and_is_tried_again(monkeypatch):
    async with a_stage("long") as stage, watching(stage, a_policy(OUT)) as watch:
        await watch.until(lambda: is_seen(watch))

        async def broken(_self: PairWatch) -> bool:
            raise ZeroDivisionError

        with monkeypatch.context() as patch, capture_logs() as logged:
            patch.setattr(PairWatch, "_once", broken)
            await watch.price("87900")
            await watch.until(lambda: watch.daemon.health.failures().get("guard BTCUSDT", 0) >= 3)
            assert "ZeroDivisionError" in watch.daemon.health.troubles()["guard BTCUSDT"]
            assert any("could not be guarded" in text for text in watch.alarms())
            assert next(line["event"] for line in logged) == "a guard raised"
        await watch.until(lambda: watch.ended() == [("get out", "flat")])
        assert watch.daemon.health.troubles() == {}


@in_virtual_time
async def test_without_a_journal_on_disk_a_deleverage_and_an_unwind_still_go_on_and_it_says_so(tmp_path):
    async with a_stage("long", directory=tmp_path) as stage:
        disk = Disk(stage, tmp_path)
        async with watching(stage, a_policy(LESS, OUT)) as watch:
            await watch.until(lambda: is_seen(watch))
            disk.hold()
            await watch.price("91500")
            await watch.until(lambda: watch.ended() == [("sell some", "reached")])
            assert "journal" in watch.daemon.health.troubles()
            assert any("closing and repaying go on" in text for text in watch.alarms())
            await watch.price("80000")
            await watch.until(lambda: ("get out", "flat") in watch.ended())
            assert not (await stage.account()).owes
            assert stage.sent("POST", TRANSFER) == [], "nothing is swept"
            disk.let_go()
            await watch.until(lambda: watch.daemon.health.troubles() == {})
        kinds = [(intent.kind, intent.state.value) for intent in stage.journal.history()]
        assert ("close", "done") in kinds
        assert {state for _, state in kinds} == {"done"}
        assert stage.journal.open_episodes("1") == ()


@in_virtual_time
async def test_without_a_journal_on_disk_a_top_up_hands_over_to_the_next_rung(tmp_path):
    async with a_stage("long", directory=tmp_path) as stage:
        disk = Disk(stage, tmp_path)
        async with watching(stage, a_policy(MONEY, LESS, OUT)) as watch:
            await watch.until(lambda: is_seen(watch))
            disk.hold()
            await watch.price("95000")
            await watch.until(lambda: watch.ended() == [("sell some", "reached")])
            assert stage.sent("POST", TRANSFER) == []
            disk.let_go()


@in_virtual_time
async def test_a_journal_lost_right_after_an_order_was_sent_neither_stops_the_unwind_nor_repeats_the_order(tmp_path):
    async with a_stage("long", directory=tmp_path) as stage:
        disk = Disk(stage, tmp_path)
        async with watching(stage, a_policy(OUT)) as watch:
            await watch.until(lambda: is_seen(watch))
            stage.transport.after = lambda request, _: disk.hold() if request.url.path == ORDER else None
            await watch.price("87900")
            await watch.until(lambda: stage.sent("POST", ORDER) != [])
            stage.transport.after = None
            await watch.until(lambda: ("get out", "flat") in watch.ended())
            assert len(stage.sent("POST", ORDER)) == 1
            assert len(stage.sent("POST", LOAN)) == 1
            disk.let_go()
            await watch.until(lambda: watch.daemon.health.troubles() == {})
        assert {intent.state.value for intent in stage.journal.history()} == {"done"}


@in_virtual_time
async def test_a_clock_that_is_wrong_is_measured_once_and_the_look_repeated():
    async with a_stage("long") as stage, watching(stage, a_policy(OUT)) as watch:
        await watch.until(lambda: is_seen(watch))
        stage.fault(kind="answer", canned="-1021", path=ACCOUNT)
        before = len(stage.sent("GET", ACCOUNT))
        await watch.rest(7)
        assert len(stage.sent("GET", ACCOUNT)) >= before + 2
        assert watch.daemon.health.troubles() == {}


@in_virtual_time
async def test_after_a_ban_nothing_is_sent_before_its_end_by_a_new_process_either_and_it_looks_first(tmp_path):
    async with a_stage("long", directory=tmp_path) as stage:
        ends = stage.clock.now_ms() + 120_000
        body = f'{{"code":-1003,"msg":"Way too much request weight used; IP banned until {ends}."}}'
        async with watching(stage, a_policy(OUT)) as watch:
            await watch.until(lambda: is_seen(watch))
            stage.fault(kind="answer", status=418, body=body, path=ACCOUNT)
            await watch.until(lambda: "looks" in watch.daemon.health.troubles())
            stage.world.set_price("BTCUSDT", D("87900"))
        sent: list[tuple[int, str, str]] = []
        stage.transport.before = lambda request: sent.append((stage.clock.now_ms(), request.method, request.url.path))
        journal = Journal(f"sqlite:///{tmp_path / 'journal.sqlite'}")
        async with stage.in_a_new_process(journal) as again, watching(again, a_policy(OUT)) as watch:
            await watch.until(lambda: watch.ended() == [("get out", "flat")], 400)
        journal.close()
        assert min(at for at, _, _ in sent) >= ends
        assert sent[0][1:] == ("GET", ACCOUNT)


@in_virtual_time
async def test_tiers_that_cannot_be_read_anew_leave_the_old_ladder_in_force():
    async with a_stage("long") as stage, watching(stage, a_policy(OUT)) as watch:
        await watch.until(lambda: is_seen(watch))
        stage.fault(kind="answer", canned="html_502", method="GET", path="/sapi/v1/margin/isolatedMarginTier", count=1_000)
        watch.daemon.watch.reassign()
        await watch.rest(20)
        assert any("cannot be read anew" in alarm for alarm in watch.alarms())
        await watch.price("87900")
        await watch.until(lambda: watch.ended() == [("get out", "flat")], 20)


@in_virtual_time
async def test_an_audience_that_raises_is_ill_and_never_stops_an_act():
    def deaf(symbol: Symbol, event: Event) -> None:
        raise ZeroDivisionError

    with capture_logs():
        async with a_stage("long") as stage, watching(stage, a_policy(OUT), tell=deaf) as watch:
            await watch.until(lambda: is_seen(watch))
            await watch.price("87900")
            await watch.until(lambda: stage.writes() != [], 20)
            await watch.rest(5)
        assert (await stage.account()).is_empty
        assert "ZeroDivisionError" in watch.daemon.health.troubles()["the audience"]
