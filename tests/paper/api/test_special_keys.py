"""Special margin keys: made, listed, edited, deleted from VIP level 7 on."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from marginbot.paper.api.endpoint import Refusal
from marginbot.paper.api.special_keys import ANYWHERE
from marginbot.paper.books.records import Scope
from tests.paper.api.client import BY_PATH, call
from tests.paper.books.builders import HOUR, a_world, account, after, fund

CALLS = (
    ("POST", "margin/apiKey", {"apiName": "fast"}),
    ("GET", "margin/apiKey", {}),
    ("DELETE", "margin/apiKey", {"apiName": "fast"}),
    ("PUT", "margin/apiKey/ip", {"ip": "10.0.0.1"}),
    ("GET", "margin/api-key-list", {}),
    ("POST", "margin/exit-special-key-mode", {}),
)


def a_high_world(scenario="long"):
    world = a_world(scenario)
    world.config.vip_level = 7
    return world


def create(world, name="fast", **params):
    return call(world, "POST", "margin/apiKey", apiName=name, **params)


def names(world, **params):
    return [row["apiName"] for row in call(world, "GET", "margin/api-key-list", **params)]


def pem(private):
    form = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.public_key().public_bytes(*form).decode()


@pytest.mark.parametrize(("method", "path", "params"), CALLS)
def test_below_the_level_every_call_is_refused(method, path, params):
    world = a_world()
    world.config.vip_level = 6
    with pytest.raises(Refusal, match=r"^-3999"):
        call(world, method, path, **params)
    assert BY_PATH[method, f"/sapi/v1/{path}"].needs == ("enableSpotAndMarginTrading",)


def test_the_level_is_told():
    assert call(a_world(), "GET", "account/info")["vipLevel"] == 0
    assert call(a_high_world(), "GET", "account/info")["vipLevel"] == 7


def test_an_hmac_secret_is_told_once():
    world = a_high_world()
    made = create(world)
    assert (made["type"], len(made["apiKey"]), len(made["secretKey"])) == ("HMAC_SHA256", 64, 64)
    assert made["secretKey"] != made["apiKey"]
    shown = call(world, "GET", "margin/apiKey", apiKey=made["apiKey"])
    expected = {"apiName": "fast", "apiKey": made["apiKey"], "ip": ANYWHERE, "type": "HMAC_SHA256", "permissionMode": "TRADE"}
    assert shown == expected


@pytest.mark.parametrize(
    ("private", "kind"),
    [(ed25519.Ed25519PrivateKey.generate(), "Ed25519"), (rsa.generate_private_key(65537, 2048), "RSA")],
    ids=["ed25519", "rsa"],
)
def test_a_public_key_has_no_secret(private, kind):
    made = create(a_high_world(), publicKey=pem(private))
    assert (made["type"], made["secretKey"]) == (kind, None)


def test_only_ed25519_keys_may_be_for_reading_alone():
    world = a_high_world()
    create(world, publicKey=pem(ed25519.Ed25519PrivateKey.generate()), permissionMode="READ")
    assert call(world, "GET", "margin/apiKey")["permissionMode"] == "READ"
    with pytest.raises(Refusal, match=r"^-1130"):
        create(world, "other", permissionMode="READ")


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"publicKey": "hello"}, -1130),
        ({"ip": "10.0.0"}, -1130),
        ({"ip": ",".join(f"10.0.0.{number}" for number in range(31))}, -1130),
        ({"symbol": "ETHUSDT"}, -11001),
        ({"symbol": "NOPE"}, -1121),
    ],
)
def test_keys_that_cannot_be_are_refused(params, code):
    world = a_high_world()
    with pytest.raises(Refusal, match=rf"^{code} "):
        create(world, **params)
    assert names(world) == []


def test_keys_belong_to_one_margin_account_and_are_found_by_key_or_name():
    world = a_high_world()
    create(world)
    pair = create(world, symbol="BTCUSDT")
    create(world, "second", symbol="BTCUSDT")
    assert (names(world), names(world, symbol="BTCUSDT")) == (["fast"], ["fast", "second"])
    with pytest.raises(Refusal, match="apiName"):
        create(world, symbol="BTCUSDT")
    call(world, "DELETE", "margin/apiKey", apiName="second", symbol="BTCUSDT")
    with pytest.raises(Refusal, match=r"^-2008"):
        call(world, "DELETE", "margin/apiKey", apiKey=pair["apiKey"])
    with pytest.raises(Refusal, match=r"^-1102"):
        call(world, "DELETE", "margin/apiKey", symbol="BTCUSDT")
    call(world, "DELETE", "margin/apiKey", apiKey=pair["apiKey"], symbol="BTCUSDT")
    assert (names(world), names(world, symbol="BTCUSDT")) == (["fast"], [])


def test_addresses_are_replaced_and_30_are_the_most():
    world = a_high_world()
    create(world, ip="10.0.0.1,10.0.0.2")
    thirty = ",".join(f"10.0.1.{number}" for number in range(30))
    assert call(world, "PUT", "margin/apiKey/ip", ip=thirty) == {}
    assert call(world, "GET", "margin/apiKey")["ip"] == thirty
    with pytest.raises(Refusal, match=r"^-1130"):
        call(world, "PUT", "margin/apiKey/ip", ip=f"{thirty},10.0.2.1")


def test_leaving_the_mode_ends_the_cross_keys_and_bars_new_ones_for_a_day():
    world = a_high_world()
    assert call(world, "POST", "margin/exit-special-key-mode") == {}
    create(world)
    create(world, symbol="BTCUSDT")
    call(world, "POST", "margin/exit-special-key-mode")
    assert (names(world), names(world, symbol="BTCUSDT")) == ([], ["fast"])
    with pytest.raises(Refusal, match=r"^-3999"):
        create(after(world, 24 * HOUR - 1))
    create(after(world, 1))


def test_an_account_that_owes_cannot_leave_the_mode():
    world = a_high_world()
    create(world)
    fund(world, "USDT", "1000", Scope.CROSS)
    account(world).wallet(Scope.CROSS, "USDT").borrowed = account(world).wallet(Scope.CROSS, "USDT").free / 10
    with pytest.raises(Refusal, match=r"^-1020"):
        call(world, "POST", "margin/exit-special-key-mode")
    assert names(world) == ["fast"]
