"""Connections of the HTTP library, with a cheaper answer to the question it asks of every idle one, twice a request."""

from __future__ import annotations

import functools
import select
import ssl
from collections.abc import Iterable
from typing import Any

import httpcore
import httpx

from marginbot.exchange.sender import LIMITS


@functools.cache
def authorities() -> ssl.SSLContext:
    """Whom this process believes. Reading them all takes longer than most commands, so it is done once."""
    return httpx.create_ssl_context(trust_env=False)


@functools.cache
def _nobody() -> ssl.SSLContext:
    """For addresses without TLS: were a certificate shown all the same, it would be refused."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class Transport(httpx.AsyncHTTPTransport):
    """One request, one answer: no proxies, no second protocol, no retries. tls: whether any address will be https."""

    def __init__(self, *, tls: bool = True) -> None:
        super().__init__(authorities() if tls else _nobody(), trust_env=False, http2=False, retries=0, limits=LIMITS)
        # Nothing public of httpx leads there. Were it called otherwise one day, idle connections would cost more again, no less.
        self._pool._network_backend = _Backend(self._pool._network_backend)


class _Backend(httpcore.AsyncNetworkBackend):
    """Connects as another backend does."""

    def __init__(self, inner: httpcore.AsyncNetworkBackend) -> None:
        self._inner = inner

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  # the library's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        return _Stream(await self._inner.connect_tcp(host, port, timeout, local_address, socket_options))

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)


class _Stream(httpcore.AsyncNetworkStream):
    """Knows its socket, and whether anything waits there: on an idle connection that is its end."""

    def __init__(self, inner: httpcore.AsyncNetworkStream) -> None:
        self._inner = inner
        self._socket = inner.get_extra_info("socket")
        self._poll = select.poll()
        self._poll.register(self._socket.fileno(), select.POLLIN)

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        return await self._inner.read(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        await self._inner.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> httpcore.AsyncNetworkStream:
        return _Stream(await self._inner.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":
            # A number that was closed may be somebody else's by now.
            return self._socket.fileno() < 0 or bool(self._poll.poll(0))
        return self._inner.get_extra_info(info)
