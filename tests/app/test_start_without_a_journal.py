"""A daemon whose journal cannot be written at its start: it begins, red, closes and repays, and brings the journal home later."""

from __future__ import annotations

import asyncio
from decimal import Decimal as D
from pathlib import Path

import pytest

from marginbot.app import open_app
from marginbot.app.guard import open_guard
from marginbot.engine.events import Notice, Pursued
from marginbot.engine.journal.journal import Journal
from marginbot.errors import ConfigError
from marginbot.paper.embedded import fresh_exchange
from marginbot.paper.transport import FaultTransport
from tests.app.test_settings_at_work import LIVE, folder, settings
from tests.virtual_time import VirtualClock, in_virtual_time

__all__ = ["folder"]


def blocked(file: Path) -> Path:
    """A journal beside which SQLite cannot open its log: the file is there and nothing can be written."""
    Journal.in_file(file).close()
    obstacle = file.with_name(f"{file.name}-wal")
    obstacle.mkdir()
    return obstacle


@in_virtual_time
async def test_it_starts_red_closes_and_repays_and_the_file_has_everything_once_it_can_be_written(folder):
    clock, told = VirtualClock(), []
    obstacle = blocked(folder / "j.sqlite")
    exchange = fresh_exchange(clock.now_ms, "long")
    network = FaultTransport(exchange, sleep=clock.sleep, latency_ms=20)
    typed = settings(**LIVE, state__url=f"sqlite:///{folder}/j.sqlite")
    async with (
        open_app(typed, clock=clock, stays=True, tap=lambda _network: network) as app,
        open_guard(app, lambda _symbol, event: told.append(event), act_now=True) as daemon,
    ):
        assert "j.sqlite cannot be opened" in daemon.health.troubles()["journal"]
        assert [event.alarm for event in told if isinstance(event, Notice) and "journal in memory" in event.text] == [True]
        running = asyncio.create_task(daemon.run())
        exchange.world.set_price("BTCUSDT", D(86000))
        async with asyncio.timeout(60):
            while not any(isinstance(event, Pursued) for event in told):
                await clock.sleep(0.1)
        pair = exchange.world.account(1).isolated["BTCUSDT"]
        assert (pair.owes(), pair.quote.free > 0) == (False, True)
        obstacle.rmdir()
        async with asyncio.timeout(60):
            while "journal" in daemon.health.troubles():
                await clock.sleep(0.1)
        app.stop.set()
        await running
    journal = Journal.in_file(folder / "j.sqlite")
    assert [intent.kind for intent in journal.history()][:2] == ["close", "repay"]
    journal.close()


@pytest.mark.parametrize("what", ["no database", "a folder"])
@in_virtual_time
async def test_what_can_be_no_journal_is_a_wrong_setting_before_anything_is_sent(folder, what):
    file = folder / "j.sqlite"
    if what == "no database":
        file.write_text("not a database, but long enough to be looked at" * 50)
    else:
        file.mkdir()
    with pytest.raises(ConfigError, match="cannot be opened") as refused:
        async with open_app(settings(**LIVE, state__url=f"sqlite:///{file}"), clock=VirtualClock(), stays=True):
            pass
    assert refused.value.key == "MARGINBOT_STATE__URL"
