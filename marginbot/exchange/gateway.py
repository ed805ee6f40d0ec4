"""The way every request takes: allowed? - send - counted - judged; and the one repetition there is, after a clock refusal."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from marginbot.errors import NotSent, OutcomeUnknown, RateLimited, ReadFailed, RequestRejected
from marginbot.exchange.faults import BAD_TIMESTAMP, fault_of_answer
from marginbot.exchange.limits import Limits
from marginbot.exchange.messages import Answer, Call
from marginbot.exchange.meter import Meter
from marginbot.exchange.ports import Clock
from marginbot.exchange.sender import Sender
from marginbot.exchange.server_clock import ServerClock
from marginbot.exchange.wire import read_server_time

RECV_WINDOW_MS: Final = 5_000
WIDE_RECV_WINDOW_MS: Final = 10_000
_ATTEMPTS: Final = (RECV_WINDOW_MS, RECV_WINDOW_MS, WIDE_RECV_WINDOW_MS)
_TIME: Final = Call("GET", "/api/v3/time")


class Gateway:
    """Sends calls and raises what is not a successful answer, as the errors of `marginbot.errors`."""

    def __init__(self, *, sender: Sender, limits: Limits, server: ServerClock, clock: Clock) -> None:
        self._sender = sender
        self._server = server
        self._clock = clock
        self._meter = Meter(clock)
        self._run: ContextVar[Meter | None] = ContextVar("marginbot_meter", default=None)
        self._measuring = asyncio.Lock()
        self.limits = limits
        self.recv_window_ms = RECV_WINDOW_MS

    @property
    def meter(self) -> Meter:
        """The meter of the run this code belongs to, else the one of the whole life of the gateway."""
        return self._run.get() or self._meter

    @contextmanager
    def metering(self) -> Iterator[Meter]:
        """A fresh meter for everything done inside, tasks started inside included."""
        meter = Meter(self._clock)
        token = self._run.set(meter)
        try:
            yield meter
        finally:
            self._run.reset(token)

    async def ask(self, call: Call) -> Answer:
        """A successful answer. A call refused for its timestamp was not executed, so it alone is sent again.

        Raises: RequestRejected, RateLimited, NotSent; OutcomeUnknown for writes; ReadFailed for reads.
        """
        for attempt, window in enumerate(_ATTEMPTS):
            measurements = self._server.measurements
            self.recv_window_ms = max(self.recv_window_ms, window)
            try:
                return await self._once(call, window)
            except RequestRejected as refusal:
                if refusal.code != BAD_TIMESTAMP or not call.signed or attempt == len(_ATTEMPTS) - 1:
                    raise
                if attempt == 0:
                    await self._measure(measurements, refusal)
        raise AssertionError("the last attempt returns or raises")

    async def aclose(self) -> None:
        """Closes connections."""
        await self._sender.aclose()

    async def _once(self, call: Call, window: int) -> Answer:
        self.limits.admit(call)
        sent_at = self._clock.monotonic()
        try:
            answer = await self._sender.send(call, window)
        except (OutcomeUnknown, ReadFailed, asyncio.CancelledError):
            self.meter.count(sent_at)
            raise
        self.meter.count(sent_at)
        self.limits.learn(call, answer.headers)
        fault = fault_of_answer(answer, self._server.now_ms())
        if fault is None:
            return answer
        if isinstance(fault, RateLimited):
            self.limits.obey(call, fault)
        raise fault

    async def _measure(self, measurements: int, refusal: RequestRejected) -> None:
        """Read the server's clock, unless another call did since ours was stamped."""
        async with self._measuring:
            if self._server.measurements != measurements:
                return
            try:
                answer = await self._once(_TIME, RECV_WINDOW_MS)
                self._server.learn(read_server_time(answer), answer.received_at)
            except (ReadFailed, NotSent, RequestRejected) as error:
                raise refusal from error
