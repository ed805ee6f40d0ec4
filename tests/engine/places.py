"""A place where messages arrive, or do not."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from marginbot.domain.message import Message, Severity
from marginbot.errors import NotificationFailed


@dataclass
class Place:
    """Takes messages; or fails so often, or hangs."""

    name: str = "here"
    least: Severity = Severity.INFO
    fails: int = 0
    hangs: bool = False
    raises: Exception | None = None
    messages: list[Message] = field(default_factory=list)
    tries: int = 0

    async def send(self, message: Message) -> None:
        self.tries += 1
        if self.hangs:
            await asyncio.Event().wait()
        if self.raises is not None:
            raise self.raises
        if self.tries <= self.fails:
            raise NotificationFailed("HTTP 500, token=hunter2hunter2")
        self.messages.append(message)

    @property
    def got(self) -> list[str]:
        """Texts of what arrived."""
        return [message.text for message in self.messages]

    @property
    def titles(self) -> list[str]:
        """Titles of what arrived, without whose they are."""
        return [message.title.partition(": ")[2] for message in self.messages]
