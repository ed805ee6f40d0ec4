"""The right to hear what happens on one isolated account."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from marginbot.domain.amounts import Symbol
from marginbot.exchange.client import BinanceClient
from marginbot.exchange.messages import Answer, to_ms
from marginbot.exchange.wire import instant, read


@dataclass(frozen=True, slots=True)
class ListenToken:
    """Good until `expires_ms` (server time, ms since 1970). Whoever has the token hears the account: it is never shown."""

    token: str = field(repr=False)
    expires_ms: int


class _Token(msgspec.Struct):
    token: str
    expirationTime: int


class Tokens:
    """Makes listen tokens. Nothing on the account changes by it, so a dry run may too."""

    _client: BinanceClient

    async def listen_token(self, symbol: Symbol) -> ListenToken:
        """A token for the events of one isolated pair, good for 24 hours.

        Raises: ReadFailed (AnswerMalformed included), RequestRejected, RateLimited, NotSent.
        Source: POST /sapi/v1/userListenToken, isIsolated=true.
        """
        answer: Answer = await self._client.margin_create_listen_token(symbol=symbol, is_isolated=True)
        return read(answer, _Token, lambda body: ListenToken(body.token, expiry_ms(body.expirationTime)))


def expiry_ms(value: int) -> int:
    """Ms since 1970 of an expirationTime, which has 13 digits here and 16 there. Raises: MoneyError where no such time exists."""
    return to_ms(instant(value, "expirationTime"))
