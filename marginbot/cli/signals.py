"""SIGINT and SIGTERM: the run under way ends at its next safe point and says where things stand."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from marginbot.cli.early_signals import CAUGHT
from marginbot.cli.output import Output


@contextmanager
def stopping(stop: asyncio.Event, output: Output) -> Iterator[None]:
    """While inside, a signal sets `stop` instead of breaking off in the middle of a write, and says so."""
    loop = asyncio.get_running_loop()

    def ask_to_stop() -> None:
        stop.set()
        output.problems.print("Stopping at the next safe point ...", style="hint")

    for number in CAUGHT:
        loop.add_signal_handler(number, ask_to_stop)
    try:
        yield
    finally:
        for number in CAUGHT:
            loop.remove_signal_handler(number)
