"""Which machine a stream may be heard from: the same rule as for requests, in the words of WebSockets."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from marginbot.errors import ConfigError
from marginbot.exchange.hosts import Venue, allowed, refusal_of

TESTNET_SOCKETS: Final = frozenset(
    {"stream.testnet.binance.vision", "ws-api.testnet.binance.vision", "demo-stream.binance.com", "demo-ws-api.binance.com"}
)


def check_socket_url(venue: Venue, url: str, setting: str) -> str:
    """The address without a trailing slash. setting: who is to blame. Raises: ConfigError when the venue may not use it."""
    refusal = _refusal(venue, url)
    if refusal is not None:
        raise ConfigError(refusal, setting)
    return url.rstrip("/")


def _refusal(venue: Venue, url: str) -> str | None:
    scheme, _, rest = url.partition("://")
    if scheme.lower() not in ("ws", "wss") or "?" in rest or "#" in rest:
        return "the address must begin with wss:// (or ws:// on this machine) and hold no query"
    as_web = f"http{scheme[2:].lower()}://{rest}"
    if allowed("paper", as_web):
        return None
    host = (urlsplit(as_web).hostname or "").rstrip(".")
    if scheme.lower() == "ws" and host:
        return f"{host} must be reached by wss"
    if venue == "testnet" and host in TESTNET_SOCKETS and "@" not in rest:
        return None
    return refusal_of(venue, as_web)
