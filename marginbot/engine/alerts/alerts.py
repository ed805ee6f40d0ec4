"""Alerts of the daemon: an audience of the watch that turns what it hears into messages, and repeats what is not solved."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

import structlog

from marginbot.domain.amounts import Symbol
from marginbot.domain.message import Message, Phase, Severity
from marginbot.engine.alerts.heard import Acknowledged
from marginbot.engine.alerts.outbox import Outbox
from marginbot.engine.alerts.part_story import Ailments
from marginbot.engine.alerts.pictures import Picture
from marginbot.engine.alerts.story import EVERYTHING, Story
from marginbot.engine.alerts.threads import Threads
from marginbot.engine.clock import rest
from marginbot.engine.daemon.health import Health
from marginbot.engine.events import Event, Looked, Notice, StepEnded, StepStarted
from marginbot.engine.journal.notebook import Notebook
from marginbot.engine.ports import Clock

PART: Final = "the alerts"
ROUND_EVERY: Final = 1.0
"""Seconds in which what happens on one pair becomes one message: a fall through three rungs is one story, not three calls."""
MOST_EVENTS: Final = 10_000
LONGEST: Final = 1500
"""Characters of one message; the strictest of the usual services cut at 2000."""

_LOUDNESS: Final = {Severity.INFO: logging.INFO, Severity.WARNING: logging.WARNING, Severity.CRITICAL: logging.ERROR}

log = structlog.get_logger(__name__)


Pictures = Mapping[Symbol, Picture]
Words = tuple[Severity, str, str]
"""Severity, title and text of a message."""

WATCHES: Final = (Severity.INFO, "started", "marginbot watches this account from now on.")


def left_alone(pictures: Pictures) -> Words:
    """The last words of a daemon that watched: what nobody watches from now on."""
    owing = sorted(symbol for symbol, picture in pictures.items() if picture.owes)
    watched = f"In debt and watched by nobody from now on: {', '.join(owing)}." if owing else "No pair owes anything."
    left = sorted(symbol for symbol, picture in pictures.items() if picture.backstop)
    watched += f" A backstop goes on resting at the exchange for {', '.join(left)}." if left else ""
    return Severity.WARNING if owing else Severity.INFO, "stopped", f"marginbot was told to stop. {watched}"


@dataclass(slots=True)
class Alerts:
    """Give `hear` to the outfit and `acknowledge` to the operator; `run` beside the watch.

    pictures: how every pair under watch stands now, by symbol. place: `live`, so that two daemons can be told apart.
    greeting, goodbye: what is said first and last.
    """

    outbox: Outbox
    health: Health
    clock: Clock
    place: str
    scrub: Callable[[str], str]
    pictures: Callable[[], Pictures] = dict
    greeting: Words = WATCHES
    goodbye: Callable[[Pictures], Words] = left_alone
    threads: Threads = field(default_factory=Threads)
    story: Story = field(init=False)
    ailments: Ailments = field(init=False)
    acknowledged: Acknowledged | None = None
    _heard: deque[tuple[Symbol, Event, datetime]] = field(default_factory=lambda: deque(maxlen=MOST_EVENTS))
    _gathered: list[Message] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.story, self.ailments = Story(self.threads), Ailments(self.threads)

    def hear(self, symbol: Symbol, event: Event) -> None:
        """Only takes the event in, since whoever tells it is about to act. What a part of health says has its own thread."""
        if isinstance(event, (Looked, StepStarted, StepEnded)):
            return
        if isinstance(event, Notice) and any(why and why in event.text for why in self.health.troubles().values()):
            return
        self._heard.append((symbol, event, self.clock.now()))

    def acknowledge(self, symbol: Symbol | None) -> None:
        """Somebody heard: no reminders until something new happens."""
        self.threads.acknowledge(symbol)
        self._keep()

    def remember(self, notebook: Notebook) -> None:
        """From now on `acknowledge` holds across restarts, and what was acknowledged before this one is not news."""
        self.acknowledged = Acknowledged(self.threads, notebook)
        self.acknowledged.restore()

    def _keep(self) -> None:
        if self.acknowledged is not None:
            self.acknowledged.keep()

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set; tells the beginning and the end."""
        said_all = asyncio.Event()
        sending = asyncio.create_task(self.outbox.run(said_all), name="messages")
        self._say(*self.greeting)
        try:
            while not stop.is_set():
                await rest(self.clock, stop, ROUND_EVERY)
                self.go_round()
                self.health.well(PART)
            self._say(*self.goodbye(self.pictures()))
            said_all.set()
            await sending
        finally:
            sending.cancel()

    def go_round(self) -> None:
        """See what holds and what is over, repeat what is due, and send what was gathered."""
        now, pictures = self.clock.now(), self.pictures()
        while self._heard:
            symbol, event, at = self._heard.popleft()
            self._gathered += self.story.hear(symbol, event, pictures.get(symbol), at)
        for picture in pictures.values():
            self._gathered += self.story.look_round(picture, now)
        self._gathered += self.ailments.look_round(self.health.troubles(), now)
        self._gathered += self.threads.due(now)
        self._keep()
        gathered, self._gathered = self._gathered, []
        for message in map(self._dressed, joined(gathered)):
            log.log(
                _LOUDNESS[message.severity], message.title, phase=message.phase.value, thread=message.thread, text=message.text
            )
            self.outbox.put(message)

    def _say(self, severity: Severity, title: str, text: str) -> None:
        self._gathered += self.threads.add(EVERYTHING, severity, title, text, self.clock.now())
        self.go_round()

    def _dressed(self, message: Message) -> Message:
        """With everything a person sees at a glance in the title, and nothing in it that nobody may see."""
        subject = "" if message.subject == EVERYTHING else f"{message.subject} "
        title = f"marginbot {self.place} {message.severity.word}: {subject}{message.title}"
        return replace(message, title=_clean(self.scrub(title)), text=_clean(self.scrub(message.text))[:LONGEST])


def joined(messages: Iterable[Message]) -> list[Message]:
    """One message for each thread: what happened, a line each, and how it stands after the last of it."""
    threads: dict[str, list[Message]] = {}
    for message in messages:
        threads.setdefault(message.thread, []).append(message)
    return [told[0] if len(told) == 1 else _one_of(told) for told in threads.values()]


def _one_of(told: list[Message]) -> Message:
    first, last = told[0], told[-1]
    solved = last.phase is Phase.SOLVED
    happened = dict.fromkeys(message.text.partition("\n")[0] for message in told)
    return replace(
        last,
        severity=max(message.severity for message in told),
        phase=last.phase if solved or first.phase is not Phase.OPENED else first.phase,
        title=f"{told[-2].title}; solved" if last.title == "solved" else last.title,
        text="\n".join([*happened, *last.text.splitlines()[1:]]),
    )


def _clean(text: str) -> str:
    """Without control characters, which some services refuse."""
    return "".join(character for character in text if character.isprintable() or character == "\n")
