"""What can go wrong with the paper exchange as a program (not what it answers to its clients)."""

from __future__ import annotations


class PaperError(Exception):
    """The paper exchange cannot do what was asked; the text says what a person can do about it."""


class WorldBusy(PaperError):
    """Another process holds the world. `rest_url` is where it serves it, None when it does not serve."""

    def __init__(self, text: str, rest_url: str | None = None) -> None:
        super().__init__(text)
        self.rest_url = rest_url


class WorldCorrupt(PaperError):
    """The world file cannot be read; `marginbot paper reset` begins a new one."""
