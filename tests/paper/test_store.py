"""The world between processes: saved whole or not at all, held by one, found by others."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from marginbot.paper.errors import PaperError, WorldBusy, WorldCorrupt
from marginbot.paper.store import (
    LOCK_FILE,
    NOTE_FILE,
    PREVIOUS_FILE,
    WORLD_FILE,
    live_server,
    open_world,
    reset_world,
    write_atomically,
)

NOW = 1_700_000_040_000
HOUR = 3_600_000


def spot_usdt(opened) -> str:
    return str(opened.world.account(1).spot["USDT"].free)


def test_a_new_directory_gets_the_default_world_at_once(tmp_path):
    with open_world(tmp_path / "deep" / "state", NOW) as opened:
        assert opened.scenario == "default"
        assert (tmp_path / "deep" / "state" / WORLD_FILE).exists()


def test_a_world_goes_on_where_it_was_left_and_no_time_passes_between(tmp_path):
    with open_world(tmp_path, NOW, "flat") as opened:
        opened.world.account(1).spot["USDT"].free += 1
        before = spot_usdt(opened)
        opened.world.advance(NOW + 5000)
    with open_world(tmp_path, NOW + 24 * HOUR) as again:
        assert (again.scenario, spot_usdt(again)) == ("flat", before)
        assert (again.world.now_ms, again.world.running_ms) == (NOW + 24 * HOUR, 5000)


def test_the_same_scenario_goes_on_and_another_begins_anew_and_keeps_the_old_file(tmp_path):
    open_world(tmp_path, NOW, "flat").close()
    old = (tmp_path / WORLD_FILE).read_bytes()
    with open_world(tmp_path, NOW, "flat"):
        assert not (tmp_path / PREVIOUS_FILE).exists()
    with open_world(tmp_path, NOW, "long") as opened:
        assert opened.scenario == "long"
        assert (tmp_path / PREVIOUS_FILE).read_bytes() == old


def test_an_unknown_scenario_changes_nothing(tmp_path):
    open_world(tmp_path, NOW, "flat").close()
    old = (tmp_path / WORLD_FILE).read_bytes()
    with pytest.raises(PaperError, match="no scenario 'nonsense'"):
        open_world(tmp_path, NOW, "nonsense")
    assert (tmp_path / WORLD_FILE).read_bytes() == old
    open_world(tmp_path, NOW).close()


@pytest.mark.parametrize("suffix", [".toml", ".json"])
def test_a_scenario_may_be_a_file(tmp_path, suffix):
    file = tmp_path / f"mine{suffix}"
    data = {"spot": {"USDT": "77"}, "positions": [{"symbol": "BTCUSDT", "base": "0.1", "quote_borrowed": "5000"}]}
    toml = 'spot = {USDT = "77"}\n[[positions]]\nsymbol = "BTCUSDT"\nbase = "0.1"\nquote_borrowed = "5000"\n'
    file.write_text(json.dumps(data) if suffix == ".json" else toml)
    with open_world(tmp_path / "state", NOW, str(file)) as opened:
        assert spot_usdt(opened) == "77"
        assert "BTCUSDT" in opened.world.account(1).isolated
    file.write_text("spot = 7" if suffix == ".toml" else '{"spots": {}}')
    with pytest.raises(PaperError, match="no paper world can begin"):
        reset_world(tmp_path / "state", NOW, str(file))


def test_reset_begins_anew_even_over_a_broken_file(tmp_path):
    (tmp_path / WORLD_FILE).write_text("{half")
    assert reset_world(tmp_path, NOW, "flat") == "flat"
    with open_world(tmp_path, NOW) as opened:
        assert opened.scenario == "flat"


@pytest.mark.parametrize(
    "contents", ["", "{half", '{"format":99,"scenario":"x","world":{}}', '{"format":1,"scenario":"x","world":{}}']
)
def test_a_world_that_cannot_be_read_says_how_to_begin_anew_and_is_left_alone(tmp_path, contents):
    (tmp_path / WORLD_FILE).write_text(contents)
    with pytest.raises(WorldCorrupt, match="marginbot paper reset"):
        open_world(tmp_path, NOW)
    assert (tmp_path / WORLD_FILE).read_text() == contents


def test_a_write_that_fails_leaves_the_old_file_and_no_crumbs(tmp_path, monkeypatch):
    target = tmp_path / "file"
    write_atomically(target, b"old")

    def no_space(*_):
        raise OSError("no space")

    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(OSError, match="no space"):
        write_atomically(target, b"new")
    assert target.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file"]


def test_an_older_snapshot_never_replaces_a_later_one(tmp_path):
    with open_world(tmp_path, NOW) as opened:
        older = opened.snapshot()
        opened.save()
        later = (tmp_path / WORLD_FILE).read_bytes()
        opened.world.account(1).spot["USDT"].free += 1
        opened.write(older)
        assert (tmp_path / WORLD_FILE).read_bytes() == later


def test_a_held_world_is_refused_to_others_and_free_after_closing(tmp_path):
    with open_world(tmp_path, NOW), pytest.raises(WorldBusy) as refused:
        open_world(tmp_path, NOW, wait_s=0)
    assert refused.value.rest_url is None
    open_world(tmp_path, NOW, wait_s=0).close()


def test_a_served_world_is_found_by_others_until_it_is_closed(tmp_path):
    opened = open_world(tmp_path, NOW)
    opened.announce("http://127.0.0.1:1234")
    assert live_server(tmp_path) == "http://127.0.0.1:1234"
    with pytest.raises(WorldBusy) as refused:
        open_world(tmp_path, NOW)
    assert refused.value.rest_url == "http://127.0.0.1:1234"
    with pytest.raises(WorldBusy):
        reset_world(tmp_path, NOW)
    opened.close()
    opened.close()
    assert live_server(tmp_path) is None
    assert not (tmp_path / NOTE_FILE).exists()


def test_a_note_whose_lock_nobody_holds_is_removed(tmp_path):
    (tmp_path / NOTE_FILE).write_text(json.dumps({"rest_url": "http://127.0.0.1:1", "pid": os.getpid()}))
    assert live_server(tmp_path) is None
    assert not (tmp_path / NOTE_FILE).exists()


@pytest.mark.parametrize("note", ["", "{}", '{"rest_url":"http://127.0.0.1:1","pid":4194305}'])
def test_a_note_that_is_broken_or_of_a_dead_process_is_not_believed(tmp_path, note):
    with open_world(tmp_path, NOW):
        (tmp_path / NOTE_FILE).write_text(note)
        assert live_server(tmp_path) is None


def test_a_lock_left_by_a_killed_process_holds_nobody_up(tmp_path):
    script = (
        "import os, sys, signal; from pathlib import Path; from marginbot.paper.store import open_world\n"
        f"opened = open_world(Path(sys.argv[1]), {NOW}); opened.announce('http://127.0.0.1:1')\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run([sys.executable, "-c", script, str(tmp_path)], timeout=60, check=False)
    assert killed.returncode == -9
    assert (tmp_path / LOCK_FILE).exists()
    assert live_server(tmp_path) is None
    open_world(tmp_path, NOW, wait_s=0).close()


def test_a_directory_that_cannot_be_used_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(PaperError, match="cannot be used"):
        open_world(tmp_path / "file", NOW)
