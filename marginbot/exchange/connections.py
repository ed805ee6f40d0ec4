"""The transport under every request: one request, one answer; and whom this process believes."""

from __future__ import annotations

import functools
import ssl

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
    """No proxies, no second protocol, no retries. tls: whether any address will be https."""

    def __init__(self, *, tls: bool = True) -> None:
        super().__init__(authorities() if tls else _nobody(), trust_env=False, http2=False, retries=0, limits=LIMITS)
