"""Who may use the controls, and which keys are good from where."""

from __future__ import annotations

import pytest

from marginbot.paper.access import Access, new_token
from marginbot.paper.control import control
from marginbot.paper.keys import PAPER_API_KEY
from marginbot.paper.messages import Request, Response
from tests.paper.shell import ACCOUNT, NOW, a_signed_request, an_exchange, code

TOKEN = "a-token-for-tests"
LOCAL, STRANGER = "127.0.0.1", "10.0.0.5"


def asked(peer: str, *headers: tuple[bytes, bytes], token: str | None = TOKEN) -> Response:
    request = Request("GET", "/paper/log", headers=dict(headers), peer=peer)
    return Access(token).refusal(request) or control(an_exchange(), request)


def bearer(token: str, scheme: str = "Bearer") -> tuple[bytes, bytes]:
    return b"authorization", f"{scheme} {token}".encode()


@pytest.mark.parametrize("peer", [LOCAL, "127.9.9.9", "::1", "in-process"])
def test_without_a_token_programs_of_this_machine_have_the_controls(peer: str):
    assert asked(peer, token=None).status == 200


@pytest.mark.parametrize("peer", [STRANGER, "unknown", "2001:db8::1", "127.0.0.1.example.com"])
def test_without_a_token_nobody_else_has_them(peer: str):
    assert asked(peer, token=None).status == 403
    assert asked(peer, bearer(TOKEN), token=None).status == 403


@pytest.mark.parametrize("peer", [LOCAL, STRANGER])
def test_with_a_token_everybody_must_show_it(peer: str):
    assert asked(peer, bearer(TOKEN)).status == 200
    assert asked(peer, bearer(TOKEN, "bearer")).status == 200
    for wrong in (
        bearer(TOKEN[:-1]),
        bearer(TOKEN + "x"),
        bearer(""),
        bearer(TOKEN, "Basic"),
        (b"authorization", TOKEN.encode()),
    ):
        refused = asked(peer, wrong)
        assert (refused.status, code(refused)) == (401, -1002)
        assert (b"www-authenticate", b'Bearer realm="paper controls"') in refused.headers
        assert TOKEN.encode() not in refused.body
    assert b"Authorization: Bearer TOKEN" in asked(peer).body


def test_a_web_page_has_no_controls_not_even_with_the_token():
    assert asked(LOCAL, (b"origin", b"http://localhost:3000"), bearer(TOKEN)).status == 403
    assert asked(LOCAL, (b"origin", b"null"), token=None).status == 403


def test_a_token_shows_in_no_repr_and_no_two_are_alike():
    assert TOKEN not in repr(Access(TOKEN))
    assert len({new_token() for _ in range(100)}) == 100
    assert len(new_token()) >= 32


def test_the_pair_everybody_knows_is_good_from_this_machine_alone():
    exchange = an_exchange()
    assert exchange.handle(a_signed_request("GET", ACCOUNT)).status == 200
    assert exchange.handle(a_signed_request("GET", ACCOUNT, peer="::1")).status == 200
    refused = exchange.handle(a_signed_request("GET", ACCOUNT, peer=STRANGER))
    assert (refused.status, code(refused)) == (401, -2015)
    exchange.keys.add_hmac(7, PAPER_API_KEY, exchange.keys.find(PAPER_API_KEY).secret.decode())  # type: ignore[union-attr]
    assert exchange.handle(a_signed_request("GET", ACCOUNT, at=NOW, peer=STRANGER)).status == 200
