"""From a directory to a client: opened here, or reached where it is served."""

from __future__ import annotations

from urllib.parse import urlencode

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from marginbot.paper.embedded import PaperVenue, embedded, exchange_of, fresh_exchange
from marginbot.paper.errors import WorldBusy
from marginbot.paper.server import serving
from marginbot.paper.store import live_server, open_world
from tests.paper.shell import Wall, signed


def a_client(venue: PaperVenue) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=venue.transport, base_url=venue.rest_url, headers={"X-MBX-APIKEY": venue.api_key}, trust_env=False
    )


async def call(client: httpx.AsyncClient, method: str, path: str, at: int, **params: str):
    answer = await client.request(method, f"{path}?{signed(urlencode({**params, 'timestamp': at}))}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def free_usdt(client: httpx.AsyncClient, at: int) -> str:
    rows = (await call(client, "GET", "/sapi/v1/margin/isolated/account", at, symbols="ADAUSDT"))["assets"]
    return rows[0]["quoteAsset"]["free"]


async def transfer(client: httpx.AsyncClient, at: int) -> None:
    await call(
        client,
        "POST",
        "/sapi/v1/asset/transfer",
        at,
        type="MAIN_ISOLATED_MARGIN",
        asset="USDT",
        amount="10",
        toSymbol="ADAUSDT",
    )


async def test_what_was_answered_as_done_survives_a_process_that_never_closes(tmp_path):
    wall = Wall()
    venue = embedded(tmp_path, wall, scenario="flat")
    async with a_client(venue) as client:
        await transfer(client, wall())
        assert await free_usdt(client, wall()) == "10"
    assert venue.opened is not None
    # As after kill -9: the lock goes, nothing is saved any more.
    venue.opened._lock.release()
    with embedded(tmp_path, wall) as again:
        async with a_client(again) as client:
            assert await free_usdt(client, wall()) == "10"


async def test_a_world_served_elsewhere_is_reached_over_its_socket(tmp_path):
    wall = Wall()
    with embedded(tmp_path, wall, scenario="flat") as holder:
        assert holder.exchange is not None
        with pytest.raises(WorldBusy):
            embedded(tmp_path, wall, wait_s=0)
        async with serving(holder.exchange, opened=holder.opened) as ready:
            assert live_server(tmp_path) == ready["rest_url"]
            with embedded(tmp_path, wall) as other:
                assert (other.rest_url, other.transport) == (ready["rest_url"], None)
                async with a_client(other) as client:
                    await transfer(client, wall())
            async with a_client(holder) as client:
                assert await free_usdt(client, wall()) == "10"


async def test_a_public_key_given_as_pem_is_one_more_key_of_the_same_account(tmp_path):
    pem = ed25519.Ed25519PrivateKey.generate().public_key()
    text = pem.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    with open_world(tmp_path, Wall()()) as opened:
        hmac_key, ed_key = exchange_of(opened.world, Wall(), public_keys=[text]).keys
    assert (hmac_key.uid, hmac_key.kind.value, ed_key.kind.value) == (ed_key.uid, "HMAC", "ED25519")


def test_a_fresh_exchange_needs_no_directory():
    assert fresh_exchange(Wall(), "long").world.account(1).isolated.keys() == {"BTCUSDT"}
