"""A spot testnet: its prices, rules and books, and its check of orders. It has no margin, so nothing else is asked of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import httpx
import msgspec

from marginbot.exchange.connections import Transport
from marginbot.exchange.faults import fault_of_content
from marginbot.exchange.gateway import Gateway
from marginbot.exchange.hosts import HostGuard, MarketOnly, check_rest_url
from marginbot.exchange.limits import Limits
from marginbot.exchange.messages import Call
from marginbot.exchange.ports import BanStore, Clock
from marginbot.exchange.sender import Sender
from marginbot.exchange.server_clock import ServerClock
from marginbot.exchange.signing import Signer

NEW_ORDER: Final = ("POST", "/sapi/v1/margin/order")
_CHECKED: Final = (
    "symbol", "side", "type", "timeInForce", "quantity", "quoteOrderQty", "price", "stopPrice", "trailingDelta", "icebergQty",
    "newClientOrderId", "newOrderRespType", "selfTradePreventionMode",
)  # fmt: skip
"""What a margin order and a spot order have in common."""


class SpotTestnet:
    """Everything raises as a read does: RequestRejected, RateLimited, NotSent, ReadFailed (AnswerMalformed included)."""

    def __init__(self, host: str, gateway: Gateway, checks: bool) -> None:
        self.host = host
        self.checks = checks
        self._gateway = gateway

    async def ask(self, path: str, params: Mapping[str, str]) -> Any:
        """The decoded answer to a public GET."""
        answer = await self._gateway.ask(Call("GET", path, params))
        try:
            return msgspec.json.decode(answer.body)
        except msgspec.DecodeError as problem:
            raise fault_of_content(answer.call, str(problem)) from problem

    async def check(self, order: Mapping[str, str]) -> None:
        """Whether the testnet would take this order on spot; a refusal raises RequestRejected. Needs the key (`checks`).

        order: parameters of POST /sapi/v1/margin/order. Source: POST /api/v3/order/test.
        """
        params = {name: order[name] for name in _CHECKED if name in order}
        await self._gateway.ask(Call("POST", "/api/v3/order/test", params, signed=True))


@asynccontextmanager
async def open_spot_testnet(
    *,
    rest_url: str,
    api_key: str | None,
    signer: Signer | None,
    clock: Clock,
    ban_store: BanStore,
    timeout: float,  # noqa: ASYNC109  # the bound of every request later on, not of opening
    transport: httpx.AsyncBaseTransport | None = None,
) -> AsyncIterator[SpotTestnet]:
    """Open it; nothing is sent by opening. timeout: seconds for one whole request. transport: instead of the network.

    Raises: ConfigError for an address that is no testnet's and not of this machine.
    """
    base = check_rest_url("testnet", rest_url)
    inner = transport or Transport()
    server, host = ServerClock(clock), httpx.URL(base).host
    sender = Sender(
        rest_url=base,
        api_key=api_key,
        signer=signer,
        clock=clock,
        server=server,
        transport=MarketOnly(HostGuard("testnet", inner)),
        timeout=timeout,
    )
    gateway = Gateway(sender=sender, limits=Limits(host, server.now_ms, ban_store, 0), server=server, clock=clock)
    try:
        yield SpotTestnet(host, gateway, api_key is not None and signer is not None)
    finally:
        await gateway.aclose()
