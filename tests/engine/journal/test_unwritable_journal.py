"""A journal that cannot be written: nothing more is sent, the report says so, and the next run goes on from what is there."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from marginbot.engine.report import Outcome, StepStatus
from tests.engine.invariants import Ledger
from tests.engine.stage import LOAN, ORDER, TRANSFER, Stage, a_stage
from tests.virtual_time import in_virtual_time


class Disk:
    """Somebody holds the journal's file, so that nothing can be written to it until it is let go."""

    def __init__(self, stage: Stage, directory: Path) -> None:
        with stage.journal.file.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA busy_timeout = 1")
        self._other = sqlite3.connect(directory / "journal.sqlite", isolation_level=None)

    def hold(self) -> None:
        self._other.execute("BEGIN IMMEDIATE")

    def let_go(self) -> None:
        self._other.execute("ROLLBACK")
        self._other.close()


@in_virtual_time
async def test_a_journal_that_cannot_be_written_stops_the_run_before_anything_is_sent(tmp_path):
    async with a_stage(directory=tmp_path) as stage:
        disk = Disk(stage, tmp_path)
        disk.hold()
        report = await stage.unwind()
        assert (report.outcome, report.exit_code) == (Outcome.STOPPED, 1)
        assert "journal" in report.reason
        assert "free disk space" in report.reason
        assert stage.writes() == []
        disk.let_go()


@pytest.mark.parametrize("path", [ORDER, LOAN, TRANSFER])
@in_virtual_time
async def test_a_journal_lost_between_send_and_outcome_stops_before_the_next_write_and_the_next_run_goes_on(tmp_path, path):
    async with a_stage(directory=tmp_path) as stage:
        disk, ledger = Disk(stage, tmp_path), Ledger(stage)
        stage.transport.after = lambda request, _: disk.hold() if (request.method, request.url.path) == ("POST", path) else None
        first = await stage.unwind()
        stage.transport.after = None
        assert (first.outcome, first.exit_code) == (Outcome.STOPPED, 1)
        assert stage.writes()[-1] == ("POST", path)
        assert first.steps[-1].status is StepStatus.DONE
        assert first.steps[-1].started_at is not None
        disk.let_go()

        second = await stage.unwind()
        assert second.outcome is Outcome.FLAT
        ledger.hold(second)
        assert stage.writes().count(("POST", path)) == 1
