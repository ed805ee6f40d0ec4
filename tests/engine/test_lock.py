"""The pair lock: one process at a time on one pair of one account, and never a dead one."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from filelock import FileLock

from marginbot.domain.amounts import Symbol
from marginbot.engine.lock import PROBED_FOR, instance_lock, pair_lock, running_daemons
from marginbot.errors import SafetyRefused

BTCUSDT = Symbol("BTCUSDT")
HOLDER = """
import sys
from pathlib import Path
from marginbot.engine.lock import pair_lock
with pair_lock(Path(sys.argv[1]), "paper", "7", "BTCUSDT"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_holder_of_the_pair_is_refused_at_once(tmp_path):
    with (
        pair_lock(tmp_path, "live", "7", BTCUSDT),
        pytest.raises(SafetyRefused, match=r"another marginbot is working on BTCUSDT.*nothing was sent"),
        pair_lock(tmp_path, "live", "7", BTCUSDT),
    ):
        pass


@pytest.mark.parametrize(
    ("venue", "account", "symbol"), [("live", "7", "ETHUSDT"), ("live", "8", "BTCUSDT"), ("paper", "7", "BTCUSDT")]
)
def test_another_pair_another_account_and_another_venue_are_free(tmp_path, venue, account, symbol):
    with pair_lock(tmp_path, "live", "7", BTCUSDT), pair_lock(tmp_path, venue, account, Symbol(symbol)):
        pass


def test_the_pair_is_free_again_after_the_work_and_after_an_error(tmp_path):
    with pytest.raises(ZeroDivisionError), pair_lock(tmp_path, "live", "7", BTCUSDT):
        raise ZeroDivisionError
    with pair_lock(tmp_path, "live", "7", BTCUSDT):
        pass


def test_the_lock_of_a_process_that_was_killed_blocks_nobody(tmp_path):
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(SafetyRefused), pair_lock(tmp_path, "paper", "7", BTCUSDT):
            pass
    finally:
        holder.send_signal(signal.SIGKILL)
        holder.communicate()
    with pair_lock(tmp_path, "paper", "7", BTCUSDT):
        pass


def test_no_name_of_a_pair_leads_out_of_the_directory(tmp_path):
    locks = tmp_path / "locks"
    with pair_lock(locks, "live", "../7", Symbol("../../BTC/USDT")):
        (file,) = locks.iterdir()
    assert file.parent == locks
    assert list(tmp_path.iterdir()) == [locks]


def test_names_that_differ_have_locks_that_differ(tmp_path):
    with pair_lock(tmp_path, "live", "7", Symbol("A/B")), pair_lock(tmp_path, "live", "7", Symbol("A%2fB")):
        pass


def test_a_lock_file_that_cannot_be_made_is_a_refusal_that_says_so(tmp_path):
    taken = tmp_path / "locks"
    Path(taken).write_text("a file where the directory should be")
    with pytest.raises(SafetyRefused, match=r"cannot be made.*nothing was sent"), pair_lock(taken, "live", "7", BTCUSDT):
        pass


def test_a_second_daemon_of_the_account_is_refused_and_told_how_to_speak_to_the_first(tmp_path):
    with (
        instance_lock(tmp_path, "live", "7"),
        pytest.raises(SafetyRefused, match=r"watches this account already.*pause, resume, ack and panic"),
        instance_lock(tmp_path, "live", "7"),
    ):
        pass


def test_daemons_of_other_accounts_and_venues_and_the_pairs_are_free(tmp_path):
    with (
        instance_lock(tmp_path, "live", "7"),
        instance_lock(tmp_path, "live", "8"),
        instance_lock(tmp_path, "paper", "7"),
        pair_lock(tmp_path, "live", "7", BTCUSDT),
    ):
        pass


def test_running_daemons_are_known_by_the_locks_they_hold(tmp_path):
    assert running_daemons(tmp_path, "live") == ()
    with instance_lock(tmp_path, "live", "7"), instance_lock(tmp_path, "live", "a/b"), instance_lock(tmp_path, "paper", "9"):
        assert running_daemons(tmp_path, "live") == ("7", "a/b")
        assert running_daemons(tmp_path, "paper") == ("9",)
    assert running_daemons(tmp_path, "live") == ()


def test_asking_whether_a_daemon_runs_keeps_none_from_starting(tmp_path):
    with instance_lock(tmp_path, "live", "7"):
        pass
    (file,) = tmp_path.iterdir()
    probe = FileLock(file, thread_local=False)
    with probe:
        letting_go = threading.Timer(PROBED_FOR / 2, probe.release)
        letting_go.start()
        with instance_lock(tmp_path, "live", "7"):
            letting_go.join()
