"""The demo's story, in virtual time."""

from __future__ import annotations

import asyncio
import os
import signal
from io import StringIO

import pytest
from rich.console import Console

from marginbot.app import demo
from marginbot.cli.output import Output
from marginbot.cli.run_demo import Narrator, play
from marginbot.cli.shell import Shell
from marginbot.cli.style import theme
from marginbot.domain.amounts import plain
from marginbot.settings import Exchange, Settings, Unwind
from tests.virtual_time import VirtualClock, VirtualTimeLoop


def played(interrupted_after: float | None = None, settings: Settings | None = None) -> tuple[int, Narrator, str, float]:
    """Exit code, who told it, what was shown, and how many seconds it took."""
    output, screen = Output(), StringIO()
    console = Console(file=screen, width=400, theme=theme(), highlight=False)
    output.people = output.progress = output.problems = console

    async def story() -> tuple[int, Narrator]:
        if interrupted_after is not None:
            asyncio.get_running_loop().call_later(interrupted_after, os.kill, os.getpid(), signal.SIGINT)
        return await play(Shell(settings or Settings(), output), VirtualClock())

    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        code, narrator = runner.run(story())
        return code, narrator, screen.getvalue(), runner.get_loop().time()


@pytest.fixture(scope="module")
def told() -> tuple[int, Narrator, str, float]:
    """As seen by somebody whose live key ends today and whose unwinds may take a tenth of a second."""
    own = {"exchange": Exchange(key_expires="2026-03-04"), "unwind": Unwind(deadline="0.1")}  # type: ignore[arg-type]
    return played(settings=Settings().model_copy(update=own))


def test_the_owners_key_has_no_place_in_it(told):
    assert "key_expires" not in told[2]


def test_it_ends_by_itself_in_under_half_a_minute_with_exit_0(told):
    code, _, _, seconds = told
    assert code == 0
    assert 20 < seconds < 30


def test_every_rung_of_the_ladder_acts_once_and_in_order(told):
    _, narrator, _, _ = told
    assert narrator.acted == ["warn", "pay with idle coins", "bring coins", "sell some", "close"]
    steps = [step.kind for step in narrator.whole.steps]
    assert steps == ["repay", "top_up", "repay", "close", "repay", "close", "repay", "sweep"]


def test_nothing_is_owed_at_the_end_and_the_equity_is_explained_to_the_last_digit(told):
    _, narrator, _, _ = told
    assert narrator.whole.after is not None
    assert not narrator.whole.after.owes
    assert narrator.whole.after.is_empty
    assert plain(narrator.reckoning.start) == "1059.88"
    assert narrator.reckoning.unexplained == 0
    swept, topped_up = sum(narrator.whole.swept.values()), narrator.whole.steps[1].amount
    assert narrator.reckoning.end == swept - topped_up


def test_it_shows_the_rules_with_their_prices_first_and_each_act_with_its_levels(told):
    _, _, shown, _ = told
    rules, story = shown.split("Now the price falls.")
    assert "  warn: at 97202.95 (2.8 % lower), when the margin level is below 1.23: tell you" in rules
    assert rules.index("  warn: at") < rules.index("  bring coins: at") < rules.index("  close: at")
    assert "The level went from 1.166 to 1.25." in story
    assert "rule 'close' is done: the pair is flat." in story
    assert "= at the end" in story


def test_it_tells_what_the_exchange_would_have_taken_from_somebody_who_was_not_there(told):
    _, narrator, shown, _ = told
    left = float(shown.split("and left ")[1].split(".\n")[0])
    fee = float(shown.split("kept a fee of ")[1].split(",")[0])
    assert left < float(narrator.reckoning.end)
    assert 0.019 < fee / (0.05 * 82_800) < 0.021  # 2 % of what is held when the level is 1.05


def test_a_signal_ends_it_with_exit_1_at_a_safe_point():
    code, narrator, shown, seconds = played(interrupted_after=9.0)
    assert (code, narrator.acted) == (1, ["warn", "pay with idle coins"])
    assert seconds < 10
    assert "Stopping at the next safe point" in shown
    assert "Stopped before the end of the story" in shown


def test_a_story_that_does_not_end_flat_is_no_success(monkeypatch):
    monkeypatch.setattr(demo, "POLICY", '[[policy]]\npairs = ["BTCUSDT"]\npreset = "alert-only"\n')
    code, narrator, shown, seconds = played()
    assert code == 1
    assert narrator.whole.steps == []
    assert "Stopped before the end of the story" in shown
    assert seconds < 60
