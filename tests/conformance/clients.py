"""The three clients as anybody makes them, pointed at the testnet by its address; tests whose client is absent are skipped."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from binance.client import Client

from tests.own_loop import own_loop


def optional(module: str, package: str) -> Any:
    """A module of a package that only the extra `conformance` installs."""
    return pytest.importorskip(module, reason=f"{package} is not installed: pip install -e '.[conformance]'")


@contextmanager
def python_binance(url: str, api_key: str, secret: str = "", pem: str | None = None) -> Iterator[Client]:
    with own_loop():
        client = Client(api_key, secret, private_key=pem, ping=False)
        client.API_URL, client.MARGIN_API_URL = f"{url}/api", f"{url}/sapi"
        yield client
        client.close_connection()


@contextmanager
def a_ccxt(url: str, api_key: str, secret: str) -> Iterator[Any]:
    """`secret` may be the text of a private key."""
    ccxt = optional("ccxt", "ccxt")
    bases = {"public": f"{url}/api/v3", "private": f"{url}/api/v3", "v1": f"{url}/api/v1", "sapi": f"{url}/sapi/v1"}
    bases |= {f"sapiV{version}": f"{url}/sapi/v{version}" for version in (2, 3, 4)}
    options = {"fetchMarkets": {"types": ["spot"]}}
    # Its own pacing is for a far exchange; without it a life takes a second instead of five.
    more = {"options": options, "enableRateLimit": False}
    client = ccxt.binance({"apiKey": api_key, "secret": secret, "urls": {"api": bases}, **more})
    yield client
    client.session.close()


@contextmanager
def official(url: str, api_key: str, secret: str | None = None, pem: str | None = None) -> Iterator[Any]:
    sdk = optional("binance_sdk_margin_trading.margin_trading", "binance-sdk-margin-trading")
    config = sdk.ConfigurationRestAPI(api_key, secret, url, timeout=20_000, private_key=pem)
    client = sdk.MarginTrading(config_rest_api=config).rest_api
    yield client
    client._session.close()
