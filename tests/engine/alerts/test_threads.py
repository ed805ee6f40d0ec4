"""Threads of alerts: one story from the first alarm to the end, no sentence twice, reminders until somebody says `ack`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from marginbot.domain.message import Message, Phase, Severity
from marginbot.engine.alerts.part_story import Ailments
from marginbot.engine.alerts.threads import Threads

NOON = datetime(2027, 1, 15, 12, tzinfo=UTC)
WARNING, CRITICAL = Severity.WARNING, Severity.CRITICAL
MINUTE = timedelta(minutes=1)


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def alarm(
    threads: Threads, text: str, minutes: float = 0, trouble: str = "a", severity: Severity = WARNING, subject: str = "BTCUSDT"
) -> list[Message]:
    return threads.alarm(subject, trouble, severity, "title", text, at(minutes))


def phases(messages: list[Message]) -> list[Phase]:
    return [message.phase for message in messages]


def test_a_story_opens_goes_on_and_is_solved_when_nothing_is_wrong_any_more():
    threads = Threads()
    told = alarm(threads, "one") + alarm(threads, "two", 1, "b")
    assert threads.over("BTCUSDT", "a", "solved", "one is over", at(2)) == []
    told += threads.over("BTCUSDT", "b", "solved", "all is over", at(3))
    assert phases(told) == [Phase.OPENED, Phase.ACTING, Phase.SOLVED]
    assert len({message.thread for message in told}) == 1
    assert threads.unsolved == ()
    assert threads.over("BTCUSDT", "b", "solved", "again", at(4)) == []


def test_the_end_is_told_to_whoever_heard_of_the_worst():
    threads = Threads()
    alarm(threads, "bad", severity=CRITICAL)
    assert threads.over("BTCUSDT", "a", "solved", "fine", at(1))[0].severity is CRITICAL


def test_the_same_words_are_told_once_whatever_numbers_stand_in_them():
    threads = Threads()
    assert len(threads.add("BTCUSDT", WARNING, "t", "level 1.20 < 1.25, paused", at(0))) == 1
    assert threads.add("BTCUSDT", WARNING, "t", "level 1.18 < 1.25, paused\nother lines do not count", at(14)) == []
    assert len(threads.add("BTCUSDT", WARNING, "t", "level 1.18 < 1.25, paused", at(15))) == 1
    assert len(threads.add("BTCUSDT", WARNING, "t", "something else", at(15))) == 1


def test_words_that_faded_are_not_kept():
    threads = Threads()
    for number in range(1000):
        threads.add("BTCUSDT", WARNING, "t", f"{'x' * number} happened", at(number))
    (thread,) = threads._threads.values()
    assert len(thread.told) <= 15


def test_a_warning_is_repeated_every_quarter_of_an_hour_and_a_critical_alarm_every_five_minutes():
    for severity, minutes in ((WARNING, 15), (CRITICAL, 5)):
        threads = Threads()
        alarm(threads, "bad", severity=severity)
        assert threads.due(at(minutes - 0.1)) == []
        (told,) = threads.due(at(minutes))
        assert (told.phase, told.title, told.text) == (Phase.REPEATED, f"still not solved after {minutes} min", "bad")
        assert threads.due(at(2 * minutes - 0.1)) == []
        assert len(threads.due(at(2 * minutes))) == 1


def test_nothing_is_repeated_of_what_is_only_nice_to_know_or_over():
    threads = Threads()
    threads.add("marginbot", Severity.INFO, "t", "started", at(0))
    threads.add("BTCUSDT", CRITICAL, "t", "happened once", at(0))
    assert threads.due(at(600)) == []


def test_when_the_worst_is_over_the_rest_is_repeated_at_its_own_pace():
    threads = Threads()
    alarm(threads, "mild")
    alarm(threads, "bad", 0, "b", CRITICAL)
    threads.over("BTCUSDT", "b", "solved", "", at(1))
    assert threads.due(at(14.9)) == []
    assert len(threads.due(at(15))) == 1


def test_an_acknowledged_story_is_silent_until_something_new_happens_in_it():
    threads = Threads()
    alarm(threads, "bad", severity=CRITICAL)
    alarm(threads, "bad", severity=CRITICAL, subject="ETHUSDT")
    threads.acknowledge("BTCUSDT")
    assert [message.subject for message in threads.due(at(60))] == ["ETHUSDT"]
    assert alarm(threads, "bad", 61, severity=CRITICAL) == []
    assert len(alarm(threads, "worse", 62, "b", CRITICAL)) == 1
    assert "BTCUSDT" in [message.subject for message in threads.due(at(67))]
    threads.acknowledge(None)
    assert threads.due(at(600)) == []


def test_an_acknowledged_story_still_tells_its_end():
    threads = Threads()
    alarm(threads, "bad")
    threads.acknowledge(None)
    assert phases(threads.over("BTCUSDT", "a", "solved", "fine", at(1))) == [Phase.SOLVED]


def test_a_pair_is_acknowledged_with_the_parts_that_serve_it():
    threads = Threads()
    alarm(threads, "ill", subject="guard BTCUSDT")
    alarm(threads, "ill", subject="guard ETHUSDT")
    threads.acknowledge("BTCUSDT")
    assert [message.subject for message in threads.due(at(60))] == ["guard ETHUSDT"]


def test_after_a_note_an_alarm_opens_a_story_of_its_own():
    threads = Threads()
    threads.add("BTCUSDT", Severity.INFO, "t", "note", at(0))
    (told,) = alarm(threads, "bad", 30)
    assert told.phase is Phase.OPENED
    (again,) = threads.due(at(45))
    assert again.title == "still not solved after 15 min"


def seen(ailments: Ailments, seconds: float, **troubles: str) -> list[Message]:
    return ailments.look_round(troubles, NOON + timedelta(seconds=seconds))


def test_a_part_is_told_when_its_trouble_lasts_and_when_it_works_again_for_a_while():
    ailments = Ailments(Threads())
    told = [seen(ailments, second, looks="the line is down") for second in range(11)]
    assert [len(messages) for messages in told] == [0] * 10 + [1]
    assert told[10][0].severity is CRITICAL
    assert "Looks: the line is down." in told[10][0].text
    assert [seen(ailments, second) for second in (11, 30, 39)] == [[], [], []]
    (solved,) = seen(ailments, 40)
    assert (solved.phase, solved.text) == (Phase.SOLVED, "Looks works again.")


def test_a_trouble_that_passes_is_not_told():
    ailments = Ailments(Threads())
    assert seen(ailments, 0, looks="lost") + seen(ailments, 5) + seen(ailments, 20, looks="lost") + seen(ailments, 29) == []


def test_a_part_that_comes_and_goes_is_one_story():
    ailments, told = Ailments(Threads()), []
    for second in range(0, 300, 5):
        told += seen(ailments, second, **({"looks": "lost"} if second % 20 < 15 else {}))
    told += seen(ailments, 330)
    assert phases(told) == [Phase.OPENED, Phase.SOLVED]


def test_a_part_that_begins_anew_and_breaks_each_second_is_told_all_the_same():
    ailments, told = Ailments(Threads()), []
    for second in range(12):
        told += seen(ailments, second, **({"the metrics": "broke"} if second % 3 else {}))
    assert phases(told) == [Phase.OPENED]


def test_trouble_with_the_key_is_told_at_once_and_repeated():
    threads = Threads()
    why = "GET account: the key, its address list or its permissions do not allow this (code -2015, HTTP 401)"
    (told,) = Ailments(threads).look_round({"user stream BTCUSDT": why}, NOON)
    assert (told.severity, told.phase) == (CRITICAL, Phase.OPENED)
    assert len(threads.due(at(5))) == 1


def test_a_part_beside_protection_is_a_warning():
    ailments = Ailments(Threads())
    seen(ailments, 0, heartbeat="no answer")
    (told,) = seen(ailments, 10, heartbeat="no answer")
    assert told.severity is WARNING
    assert "Protection goes on without it." in told.text


def test_what_was_heard_before_a_restart_is_silent_once_and_something_new_makes_all_of_it_news():
    threads = Threads(heard={"BTCUSDT": frozenset({"a", "b"}), "ETHUSDT": frozenset({"a"})})
    assert alarm(threads, "one") + alarm(threads, "two", trouble="b") == []
    assert (threads.due(at(60)), threads.heard) == ([], {"ETHUSDT": frozenset({"a"})})
    assert phases(alarm(threads, "three", trouble="c")) == [Phase.ACTING]
    assert phases(threads.alarm("ETHUSDT", "a", WARNING, "title", "it fired anew", at(0), worsens=True)) == [Phase.OPENED]
    assert len(threads.due(at(60))) == 2
