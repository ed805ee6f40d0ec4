"""Alert threads: one story for each pair, from its first alarm until it is solved. Pure: events and the time in, messages out.

One thing can be wrong in several ways at once: a thread is solved when none of them holds any more. The same words are not told
twice in a story, however the numbers in them changed; a story that is not over is told again until somebody says `ack`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from marginbot.domain.message import Message, Phase, Severity

REPEAT: Final = {Severity.WARNING: timedelta(minutes=15), Severity.CRITICAL: timedelta(minutes=5)}
"""A warning can wait for the end of a meeting. Of a critical alarm the next act may be the exchange's: in a fast fall minutes
decide, and a phone that is silenced for single messages rings for the third. More often would only teach people to mute it."""
SAME_WORDS_AGAIN: Final = timedelta(minutes=15)
"""So long one sentence stays told, when nothing says whether its cause still holds."""

Heard = dict[str, frozenset[str]]
"""Names of troubles by subject."""

_NUMBER: Final = re.compile(r"[-+]?\d[\d.,:]*")


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that is wrong."""

    severity: Severity
    text: str


@dataclass(slots=True)
class Thread:
    """One story. severity: the highest it ever had. open: what is wrong now, by name. told: sentences without their numbers,
    and when they were told.
    """

    subject: str
    name: str
    began: datetime
    severity: Severity
    open: dict[str, Trouble] = field(default_factory=dict)
    told: dict[str, datetime] = field(default_factory=dict)
    last_told: datetime | None = None
    acknowledged: bool = False

    @property
    def repeats_at(self) -> datetime | None:
        """When it is told again unless it is over by then."""
        every = REPEAT.get(max((trouble.severity for trouble in self.open.values()), default=Severity.INFO))
        if self.acknowledged or every is None or self.last_told is None:
            return None
        return self.last_told + every


@dataclass(slots=True)
class Threads:
    """Every story under way, by subject: a pair, or a part of marginbot. Each method answers what is to be sent now.

    heard: what was acknowledged in an earlier process and has not been seen in this one yet.
    """

    heard: Heard = field(default_factory=dict)
    _threads: dict[str, Thread] = field(default_factory=dict)
    _number: int = 0

    @property
    def unsolved(self) -> tuple[Thread, ...]:
        """Stories in which something is wrong now."""
        return tuple(thread for thread in self._threads.values() if thread.open)

    def alarm(
        self, subject: str, trouble: str, severity: Severity, title: str, text: str, now: datetime, *, worsens: bool = False
    ) -> list[Message]:
        """`trouble` is wrong from now on, until `over`. worsens: something new happened to one that was told already."""
        thread = self._thread(subject, severity, now)
        before = thread.open.get(trouble)
        phase = Phase.ACTING if thread.open else Phase.OPENED
        thread.open[trouble] = Trouble(severity, text)
        thread.severity = max(thread.severity, severity)
        if self._was_heard(subject, trouble, worsens):
            thread.acknowledged = True
            return []
        if before is not None and not worsens and severity <= before.severity:
            return []
        if not _new_words(thread, text, now):
            return []
        thread.acknowledged = False
        return [_message(thread, phase, title, text, now)]

    def hold(self, subject: str, trouble: str, severity: Severity, text: str, now: datetime) -> None:
        """Keep a story open without a word: something is under way that will tell its own end."""
        self._thread(subject, severity, now).open[trouble] = Trouble(severity, text)

    def add(self, subject: str, severity: Severity, title: str, text: str, now: datetime) -> list[Message]:
        """Something that happened and needs no end: a part of the story that is under way, or a note by itself."""
        thread = self._thread(subject, severity, now)
        if not _new_words(thread, text, now):
            return []
        thread.severity = max(thread.severity, severity)
        return [_message(thread, Phase.ACTING if thread.open else Phase.NOTE, title, text, now)]

    def over(self, subject: str, trouble: str, title: str, text: str, now: datetime) -> list[Message]:
        """`trouble` is wrong no more. Told when nothing else is."""
        thread = self._threads.get(subject)
        if thread is None or thread.open.pop(trouble, None) is None or thread.open:
            return []
        del self._threads[subject]
        return [_message(thread, Phase.SOLVED, title, text, now)]

    def keep(self, subject: str, troubles: frozenset[str], title: str, text: str, now: datetime) -> list[Message]:
        """Of everything wrong there only `troubles` may still be: the others are over."""
        thread = self._threads.get(subject)
        gone = [] if thread is None else [name for name in thread.open if name not in troubles]
        return [message for name in gone for message in self.over(subject, name, title, text, now)]

    def troubles(self, subject: str) -> frozenset[str]:
        """What is wrong there, by name."""
        thread = self._threads.get(subject)
        return frozenset() if thread is None else frozenset(thread.open)

    def acknowledge(self, subject: str | None) -> None:
        """Somebody knows: silence until something new happens. None: of everything."""
        for name, thread in self._threads.items():
            if subject is None or subject in name.split():
                thread.acknowledged = True

    def due(self, now: datetime) -> list[Message]:
        """What must be told again."""
        due = [thread for thread in self._threads.values() if (at := thread.repeats_at) is not None and at <= now]
        return [_repeated(thread, now) for thread in due]

    def _was_heard(self, subject: str, trouble: str, worsens: bool) -> bool:
        """Whether this is only the restart telling again what somebody acknowledged; something new makes all of it news."""
        heard = self.heard.pop(subject, frozenset())
        known = trouble in heard and not worsens
        if known and heard != {trouble}:
            self.heard[subject] = heard - {trouble}
        return known

    def _thread(self, subject: str, severity: Severity, now: datetime) -> Thread:
        """The story under way; a note by itself is none, and only its words are kept, so that they are not told twice."""
        thread = self._threads.get(subject)
        if thread is None or not thread.open:
            self._number += 1
            told = {} if thread is None else thread.told
            thread = self._threads[subject] = Thread(subject, f"{subject} #{self._number}", now, severity, told=told)
        return thread


def _new_words(thread: Thread, text: str, now: datetime) -> bool:
    """Whether the first line, which says what happened, is not told yet. One heard again and again is told again in its time."""
    thread.told = {words: at for words, at in thread.told.items() if now - at < SAME_WORDS_AGAIN}
    words = _NUMBER.sub("#", text.partition("\n")[0])
    if words in thread.told:
        return False
    thread.told[words] = now
    return True


def _repeated(thread: Thread, now: datetime) -> Message:
    title = f"still not solved after {_lasting(now - thread.began)}"
    return _message(thread, Phase.REPEATED, title, "\n".join(trouble.text for trouble in thread.open.values()), now)


def _message(thread: Thread, phase: Phase, title: str, text: str, now: datetime) -> Message:
    thread.last_told = now
    return Message(thread.subject, thread.name, thread.severity, phase, title, text, now)


def _lasting(time: timedelta) -> str:
    """`90 s`, `25 min`, `3 h`."""
    seconds = int(time.total_seconds())
    if seconds < 120:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 7200 else f"{seconds // 3600} h"
