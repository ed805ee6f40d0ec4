"""The start of a daemon while the exchange does not answer: it waits, red and aloud, and ends only when it is told to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from marginbot.app.opened import App
from marginbot.app.outside import Outside
from marginbot.app.start import account_of
from marginbot.engine.patience import Interrupted
from marginbot.errors import RequestRejected
from marginbot.settings import load_settings
from tests.engine.places import Place
from tests.engine.stage import Stage, a_stage
from tests.virtual_time import in_virtual_time

REFUSED = {"code": -2015, "msg": "Invalid API-key, IP, or permissions for action."}


@asynccontextmanager
async def starting(tmp_path: Path, **fault: object) -> AsyncIterator[tuple[Stage, App, Place, asyncio.Task[str]]]:
    """A daemon that begins while the exchange has a fault, and the place where its messages arrive."""
    settings = load_settings({"metrics.listen": ("--metrics", "off")})
    async with a_stage() as stage:
        stage.fault(path="/*", count=None, **fault)
        app = App(settings, "paper", stage.exchange, stage.journal, stage.clock, tmp_path)
        place = Place()
        outside = Outside(settings, (place,), systemd=None)
        yield stage, app, place, asyncio.create_task(account_of(app, outside))


def texts(place: Place) -> list[str]:
    return [message.text for message in place.messages]


@in_virtual_time
async def test_an_exchange_that_is_down_is_waited_for_and_told_to_people(tmp_path: Path):
    async with starting(tmp_path, kind="disconnect") as (stage, _, place, begun):
        await asyncio.sleep(4)
        assert place.messages == [], "a start that takes a moment wakes nobody"
        await asyncio.sleep(120)
        assert not begun.done()
        assert "no pair is watched until it answers" in texts(place)[0]
        stage.paper.faults.clear()
        assert await begun == "1"
        await asyncio.sleep(2)
        assert "The exchange answers: marginbot begins to watch." in texts(place)


@in_virtual_time
async def test_a_signal_ends_the_wait_and_what_was_never_watched_is_said(tmp_path: Path):
    async with starting(tmp_path, kind="disconnect") as (_, app, place, begun):
        await asyncio.sleep(30)
        app.stop.set()
        with pytest.raises(Interrupted):
            await begun
        assert texts(place)[-1] == "marginbot was told to stop before the exchange ever answered: no pair was watched."


@in_virtual_time
async def test_a_ban_is_sat_out_in_silence(tmp_path: Path):
    async with starting(tmp_path, kind="answer", status=418, headers={"Retry-After": "900"}) as (stage, _, place, begun):
        await asyncio.sleep(15)
        asked = len(stage.transport.log)
        stage.paper.faults.clear()
        await asyncio.sleep(800)
        assert len(stage.transport.log) == asked
        assert texts(place)[0].startswith("marginbot has started but cannot reach the exchange")
        assert await begun == "1"


@in_virtual_time
async def test_a_key_that_is_refused_after_a_wait_ends_the_start_and_nobody_is_told_that_it_watches(tmp_path: Path):
    async with starting(tmp_path, kind="disconnect") as (stage, _, place, begun):
        await asyncio.sleep(30)
        stage.paper.faults.clear()
        stage.fault(path="/*", count=None, kind="answer", status=401, body=json.dumps(REFUSED))
        with pytest.raises(RequestRejected):
            await begun
        assert texts(place)[-1].startswith("The exchange answers, but marginbot has ended: GET /api/v3/account: ")
        assert texts(place)[-1].endswith(". No pair is watched.")
        assert not [text for text in texts(place) if "begins to watch" in text]


@in_virtual_time
async def test_a_key_that_is_refused_ends_the_start_at_once(tmp_path: Path):
    async with starting(tmp_path, kind="answer", status=401, body=json.dumps(REFUSED)) as (_, _, place, begun):
        with pytest.raises(RequestRejected):
            await begun
        assert place.messages == []
