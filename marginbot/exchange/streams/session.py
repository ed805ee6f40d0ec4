"""One connection in use: somebody listens, requests find their answers by id, and at some time it must give way to a new one."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, Final, Generic, TypeVar

import msgspec

from marginbot.errors import ReadFailed
from marginbot.exchange.ports import Clock
from marginbot.exchange.streams.ports import Socket
from marginbot.exchange.streams.sockets import TROUBLE, fault_of

A = TypeVar("A")

ANSWER_WITHIN_S: Final = 10.0


class Session(ABC, Generic[A]):
    """`over`: it ended, `trouble` says by what. `worn`: it works, but a new one should take its place."""

    def __init__(self, socket: Socket, clock: Clock, now_ms: Callable[[], int]) -> None:
        self.socket = socket
        self.clock = clock
        self.now_ms = now_ms
        self.over = asyncio.Event()
        self.worn = asyncio.Event()
        self.trouble: BaseException | None = None
        self.began = clock.monotonic()
        self._asked = 0
        self._waiting: dict[int, asyncio.Future[A]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @abstractmethod
    async def listen(self) -> None:
        """Read until the connection ends; hand answers to `answered`."""

    def start(self, *work: Coroutine[Any, Any, None]) -> None:
        """Do this while the session lives; the first of it that raises ends the session."""
        for one in work:
            task = asyncio.create_task(one)
            self._tasks.add(task)
            task.add_done_callback(self._done)

    async def wear_out(self, seconds: float) -> None:
        """Ask to be replaced after so long."""
        await self.clock.sleep(seconds)
        self.worn.set()

    async def ask(self, method: str, params: object) -> A:
        """Send a request and wait for its answer, good or bad. Raises: ExchangeError when none comes."""
        self._asked += 1
        number = self._asked
        answer: asyncio.Future[A] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            async with self.clock.timeout(ANSWER_WITHIN_S):
                await self.socket.send(msgspec.json.encode({"id": number, "method": method, "params": params}).decode())
                return await answer
        except TimeoutError as error:
            raise ReadFailed(f"{method} was not answered on its stream") from error
        except TROUBLE as error:
            raise fault_of(error, self.now_ms) from error
        finally:
            self._waiting.pop(number, None)

    def answered(self, number: int, answer: A) -> None:
        """The answer to one request is here; one nobody waits for any more is dropped."""
        waiting = self._waiting.get(number)
        if waiting is not None and not waiting.done():
            waiting.set_result(answer)

    def end(self, trouble: BaseException) -> None:
        """It is over; whoever still waits for an answer learns it."""
        self.trouble = self.trouble or trouble
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(self.trouble)
                # Seen, even if nobody waits any more: asyncio would complain about it.
                waiting.exception()
        self.over.set()

    async def close(self) -> None:
        """End everything, saying good-bye to the other side."""
        self.over.set()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with suppress(*TROUBLE):
            await self.socket.close()

    def _done(self, task: asyncio.Task[None]) -> None:
        if task.cancelled() or (error := task.exception()) is None:
            return
        self.end(fault_of(error, self.now_ms) if isinstance(error, TROUBLE) else error)
