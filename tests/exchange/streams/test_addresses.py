"""Which venue may hear which machine."""

from __future__ import annotations

import pytest

from marginbot.errors import ConfigError
from marginbot.exchange.streams.addresses import check_socket_url

LOOPBACK = ["ws://127.0.0.1:8080", "ws://localhost:1", "ws://[::1]:9", "wss://127.0.0.1"]
REAL = ["wss://stream.binance.com:9443", "wss://ws-api.binance.com:443/ws-api/v3", "wss://data-stream.binance.vision"]
TEST = [
    "wss://stream.testnet.binance.vision",
    "wss://ws-api.testnet.binance.vision/ws-api/v3",
    "wss://demo-stream.binance.com",
    "wss://demo-ws-api.binance.com",
]
NOWHERE = [
    "ws://stream.binance.com:9443",
    "ws://stream.testnet.binance.vision",
    "http://127.0.0.1",
    "https://stream.binance.com",
    "127.0.0.1",
    "wss://",
    "wss://user:pw@stream.testnet.binance.vision",
    "wss://user:pw@stream.binance.com",
    "wss://stream.binance.com?x=1",
    "wss://127.0.0.1#x",
    "ws://127.0.0.1.evil.example",
    "ws://127.0.0.1@evil.example",
]
VENUES = ("paper", "testnet", "live")
EXPECTED = [
    *((venue, url, True) for venue in VENUES for url in LOOPBACK),
    *((venue, url, venue == "live") for venue in VENUES for url in REAL),
    *((venue, url, venue == "testnet") for venue in VENUES for url in TEST),
    *((venue, url, False) for venue in VENUES for url in NOWHERE),
    ("testnet", "wss://api.binance.com", False),
    ("testnet", "wss://STREAM.testnet.binance.vision.", True),
]


@pytest.mark.parametrize(("venue", "url", "may"), EXPECTED)
def test_a_venue_hears_only_its_own_hosts(venue, url, may):
    if may:
        assert check_socket_url(venue, url, "exchange.stream_url") == url
        return
    with pytest.raises(ConfigError) as refused:
        check_socket_url(venue, url, "exchange.stream_url")
    assert refused.value.key == "exchange.stream_url"
    assert "pw" not in str(refused.value)


def test_the_address_loses_its_trailing_slash():
    assert check_socket_url("live", "wss://stream.binance.com:9443/", "x") == "wss://stream.binance.com:9443"


def test_a_plain_socket_to_another_machine_is_refused_in_the_words_of_sockets():
    with pytest.raises(ConfigError, match=r"stream\.binance\.com must be reached by wss"):
        check_socket_url("live", "ws://stream.binance.com", "x")
