"""The notebook: what a daemon remembers of rules, debts and policies, per account, across restarts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal as D

import pytest

from marginbot.domain.amounts import Symbol
from marginbot.domain.situation import RuleMemory
from marginbot.engine.journal.journal import Journal
from marginbot.engine.journal.notebook import Debt, Notebook

BTCUSDT, ETHUSDT = Symbol("BTCUSDT"), Symbol("ETHUSDT")
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


@pytest.fixture
def journal(tmp_path):
    journal = Journal(f"sqlite:///{tmp_path / 'journal.sqlite'}")
    yield journal
    journal.close()


@pytest.fixture
def notebook(journal) -> Notebook:
    return Notebook(journal.file, "7")


def test_what_a_rule_did_is_known_again_after_a_restart(notebook, tmp_path):
    fired = RuleMemory(armed=False, fired_at=NOON, failed=True)
    notebook.remember(BTCUSDT, "warn", RuleMemory())
    notebook.remember(BTCUSDT, "warn", fired)
    notebook.remember(BTCUSDT, "get out", RuleMemory())
    again = Journal(f"sqlite:///{tmp_path / 'journal.sqlite'}")
    assert Notebook(again.file, "7").memories(BTCUSDT) == {"warn": fired, "get out": RuleMemory()}
    again.close()


def test_pairs_and_accounts_have_memories_of_their_own(notebook, journal):
    notebook.remember(BTCUSDT, "warn", RuleMemory(armed=False))
    assert notebook.memories(ETHUSDT) == {}
    assert Notebook(journal.file, "8").memories(BTCUSDT) == {}


def test_a_debt_is_kept_to_the_last_digit_and_forgotten_when_it_is_paid(notebook):
    assert notebook.debt(BTCUSDT) is None
    debt = Debt(NOON, D("1.123456789012345678901234567890"), D("0.00000001"))
    notebook.keep_debt(BTCUSDT, debt)
    assert notebook.debt(BTCUSDT) == debt
    later = Debt(NOON, None, D("2.5"))
    notebook.keep_debt(BTCUSDT, later)
    assert notebook.debt(BTCUSDT) == later
    notebook.keep_debt(BTCUSDT, None)
    assert notebook.debt(BTCUSDT) is None


def test_a_policy_is_accepted_once_for_its_account(notebook, journal):
    assert not notebook.accepted("abc")
    notebook.accept("abc", NOON)
    notebook.accept("abc", NOON + timedelta(days=1))
    assert notebook.accepted("abc")
    assert not notebook.accepted("abd")
    assert not Notebook(journal.file, "8").accepted("abc")


def test_what_is_acknowledged_is_kept_whole_and_per_account(notebook, journal):
    notebook.keep_acknowledged({"BTCUSDT": frozenset({"rule warn", "policy odd"}), "ETHUSDT": frozenset({"rule warn"})})
    Notebook(journal.file, "8").keep_acknowledged({"SOLUSDT": frozenset({"rule warn"})})
    notebook.keep_acknowledged({"BTCUSDT": frozenset({"rule warn"})})
    assert notebook.acknowledged() == {"BTCUSDT": frozenset({"rule warn"})}
    notebook.keep_acknowledged({})
    assert notebook.acknowledged() == {}
    assert Notebook(journal.file, "8").acknowledged() == {"SOLUSDT": frozenset({"rule warn"})}


def test_an_account_that_begins_anew_has_no_past_but_keeps_the_policies_its_owner_accepted(notebook, journal):
    for one in (notebook, Notebook(journal.file, "8")):
        one.remember(BTCUSDT, "warn", RuleMemory(armed=False, fired_at=NOON))
        one.keep_debt(BTCUSDT, Debt(NOON, D("1.3")))
        one.keep_acknowledged({"BTCUSDT": frozenset({"rule warn"})})
    notebook.accept("digest", NOON)
    notebook.forget_the_account()
    assert (notebook.memories(BTCUSDT), notebook.debt(BTCUSDT), notebook.acknowledged()) == ({}, None, {})
    assert notebook.accepted("digest")
    assert Notebook(journal.file, "8").memories(BTCUSDT) == {"warn": RuleMemory(armed=False, fired_at=NOON)}
