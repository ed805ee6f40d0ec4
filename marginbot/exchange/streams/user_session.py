"""One connection to the WebSocket API that hears one isolated account, and stays allowed to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, TypeVar

import msgspec
import structlog

from marginbot.domain.amounts import Symbol
from marginbot.errors import ExchangeError, MoneyError, RateLimited, ReadFailed, RequestRejected
from marginbot.exchange.codes import meaning
from marginbot.exchange.faults import tidy
from marginbot.exchange.ports import Clock
from marginbot.exchange.streams.ports import ListenTokens, Socket
from marginbot.exchange.streams.session import Session
from marginbot.exchange.streams.sockets import fault_of
from marginbot.exchange.streams.waits import unless
from marginbot.exchange.tokens import ListenToken, expiry_ms

R = TypeVar("R")

log = structlog.get_logger(__name__)

BAD_TOKEN, ALREADY_SUBSCRIBED = -1209, -2035
RENEWED_AT: Final = 0.8
"""The share of its life after which a subscription is renewed."""
_DAY_S, _MINUTE_S = 86_400.0, 60.0


class _Data(msgspec.Struct):
    retryAfter: int | None = None


class _Error(msgspec.Struct):
    code: int
    msg: str = ""
    data: _Data | None = None


class _Event(msgspec.Struct):
    e: str


class Frame(msgspec.Struct):
    """An answer (`status`) or an event (`event`) of the WebSocket API."""

    id: int | str | None = None
    status: int | None = None
    result: msgspec.Raw = msgspec.Raw()
    error: _Error | None = None
    subscriptionId: int | None = None
    event: _Event | None = None


class _Subscription(msgspec.Struct):
    subscriptionId: int
    expirationTime: int | None = None

    def expires_ms(self) -> int | None:
        """Server time, ms since 1970; None where it is not said. Raises: ReadFailed for what is no time."""
        try:
            return None if self.expirationTime is None else expiry_ms(self.expirationTime)
        except MoneyError as error:
            raise ReadFailed(f"the stream said something unreadable: {error}") from error


_decode: Final = msgspec.json.Decoder(Frame).decode


class UserSession(Session[Frame]):
    """changed: called at every account event, and whenever events may have been missed."""

    def __init__(self, socket: Socket, clock: Clock, tokens: ListenTokens, symbol: Symbol, changed: Callable[[], None]) -> None:
        super().__init__(socket, clock, tokens.server_now_ms)
        self._tokens = tokens
        self._symbol = symbol
        self._changed = changed
        self._number: int | None = None
        self._expires_ms = 0
        self._terminated = asyncio.Event()

    async def listen(self) -> None:
        """Answers to those who asked; of events only that there was one."""
        while True:
            frame = _decode(await self.socket.recv(False))
            if frame.event is not None:
                self._heard(frame.event.e, frame.subscriptionId)
            elif isinstance(frame.id, int):
                self.answered(frame.id, frame)
            elif frame.error is not None:
                # Nobody asked: the key was withdrawn, or the address banned.
                raise self._refusal(frame, frame.error)

    async def subscribe(self) -> None:
        """Begin to hear the account, with a look for what happened before. Raises: ExchangeError."""
        self._terminated.clear()
        self._number = None
        await self._use(await self._tokens.listen_token(self._symbol))
        self._changed()

    async def keep_subscribed(self) -> None:
        """Renew in time on this connection; begin again where the exchange ended it. Raises: ExchangeError."""
        while True:
            left = (self._expires_ms - self.now_ms()) / 1000
            # Both clocks may be wrong; a subscription lives a day at most, and asking each minute is often enough.
            await unless(self._terminated, self.clock.sleep(max(_MINUTE_S, min(_DAY_S, left) * RENEWED_AT)))
            if self._terminated.is_set():
                await self.subscribe()
            elif (token := await self._spare_token()) is not None:
                await self._use(token)

    async def _spare_token(self) -> ListenToken | None:
        """A token for a subscription that still lives. None when there is none now: what is left of its life is used again."""
        try:
            return await self._tokens.listen_token(self._symbol)
        except ExchangeError as trouble:
            log.warning("a listen token could not be renewed yet", symbol=self._symbol, why=str(trouble))
            return None

    async def _use(self, token: ListenToken) -> None:
        """Subscribe or renew by this token, or by another when the exchange calls it bad."""
        try:
            await self._subscribe_by(token)
        except RequestRejected as refusal:
            if refusal.code != BAD_TOKEN:
                raise
            await self._subscribe_by(await self._tokens.listen_token(self._symbol))

    async def _subscribe_by(self, token: ListenToken) -> None:
        answer = await self.ask("userDataStream.subscribe.listenToken", {"listenToken": token.token})
        if answer.error is not None and answer.error.code == ALREADY_SUBSCRIBED and self._number is not None:
            await self._confirm(self._number)
            return
        given = self._result(answer, _Subscription)
        self._number = given.subscriptionId
        self._expires_ms = given.expires_ms() or token.expires_ms

    async def _confirm(self, number: int) -> None:
        """The exchange says that we are subscribed: see whether it lists us, and until when. Raises: ReadFailed if not."""
        answer = await self.ask("session.subscriptions", {})
        for row in self._result(answer, list[_Subscription]):
            if row.subscriptionId == number:
                self._expires_ms = row.expires_ms() or self._expires_ms
                return
        raise ReadFailed(f"the exchange calls {self._symbol} subscribed on its stream, but lists no such subscription")

    def _result(self, answer: Frame, shape: type[R]) -> R:
        if answer.error is not None:
            raise self._refusal(answer, answer.error)
        try:
            return msgspec.json.decode(answer.result, type=shape)
        except msgspec.MsgspecError as error:
            raise fault_of(error, self.now_ms) from error

    def _refusal(self, frame: Frame, error: _Error) -> ExchangeError:
        text = tidy(error.msg)
        message = f"the stream of {self._symbol}: {meaning(error.code, text)} (code {error.code}, status {frame.status}: {text})"
        until_ms = error.data.retryAfter if error.data is not None else None
        if frame.status in (418, 429):
            scope = "host" if frame.status == 418 else "endpoint"
            return RateLimited(message, until_ms=until_ms or self.now_ms() + int(_MINUTE_S) * 1000, scope=scope)
        return RequestRejected(message, code=error.code, http_status=frame.status or 0, text=text)

    def _heard(self, kind: str, number: int | None) -> None:
        if kind == "serverShutdown":
            self.worn.set()
        elif kind != "eventStreamTerminated":
            self._changed()
        elif number is None or number == self._number:
            self._terminated.set()
