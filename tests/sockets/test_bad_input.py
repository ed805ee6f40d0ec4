"""Garbage instead of requests, and requests full of garbage: the right code comes back, and the testnet goes on answering.

The `server` of these tests asserts when it ends that its process lived to its end and said nothing on stderr.
"""

from __future__ import annotations

import itertools
import json
import socket
import string
from contextlib import ExitStack

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from tests.sockets.raw import HOST, dial, exchange, get, post, read
from tests.sockets.server import LOAN, ORDER, TRANSFER, Server

pytestmark = pytest.mark.usefixtures("goes_on")
TIME, DEPTH, INFO = "/api/v3/time", "/api/v3/depth", "/api/v3/exchangeInfo"
KIB = 1024
NAMES = ["".join(letters) for letters in itertools.islice(itertools.product(string.ascii_letters, repeat=3), 10_000)]
DEEP = "[" * 20_000


def flood(connection: socket.socket, piece: bytes) -> None:
    """Send 64 MiB of it."""
    for _ in range(64 * KIB * KIB // len(piece)):
        connection.sendall(piece)


NOT_HTTP = [
    b"\x00\xff\x16 hello\r\n\r\n",
    bytes.fromhex("16030100a5010000a10303") + bytes(160),
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"GET /api/v3/time HTTP/9.9\r\n\r\n",
    b"BREW /api/v3/time HTTP/1.1\r\n" + HOST + b"\r\n",
    get("/api/v3/depth?symbol=\x00"),
    get("/api/v3/depth?symbol=\xff\xfe"),
    get("http://[::1/api/v3/time"),
    get(TIME, b"Content-Length: -5"),
    get(TIME, b"Content-Length: 99999999999999999999999"),
    post(LOAN, b"abc", b"Content-Length: 4"),
    post(LOAN, b"0\r\n\r\n", b"Transfer-Encoding: chunked"),
    post(LOAN, b"", b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"),
]


@pytest.mark.parametrize("request_bytes", NOT_HTTP, ids=range(len(NOT_HTTP)))
def test_what_is_no_http_request_gets_400_and_is_let_go(server: Server, request_bytes: bytes):
    with dial(server.url) as connection:
        connection.sendall(request_bytes)
        answer = read(connection)
        assert (answer.status, b"connection: close" in answer.headers) == (400, True)
        assert connection.recv(1) == b""


@pytest.mark.parametrize("target", [TIME + "?" + "a" * 60_000, TIME + "?" + "a" * 200 * KIB, "/" + "b" * 100 * KIB])
def test_a_head_is_read_up_to_64_kib(server: Server, target: str):
    answer = exchange(server.url, get(target))
    assert answer.status == (400 if len(target) < 64 * KIB else 431)
    assert exchange(server.url, get(TIME, b"X-Long: " + b"a" * 60_000)).status == 200
    assert exchange(server.url, get(TIME, b"X-Long: " + b"a" * 100_000)).status == 431
    assert exchange(server.url, get(TIME, *(b"X-%d: a" % number for number in range(20_000)))).status == 431


def test_a_header_without_end_is_cut_off_long_before_it_fills_the_memory(server: Server):
    with dial(server.url) as connection:
        connection.sendall(get(TIME)[:-2] + b"X-Endless: ")
        with pytest.raises(ConnectionError):
            flood(connection, b"a" * 64 * KIB)


def test_a_declared_body_beyond_the_limit_is_refused_before_it_is_sent(server: Server):
    answer = exchange(server.url, b"POST %s HTTP/1.1\r\n%sContent-Length: 10000000000\r\n\r\n" % (LOAN.encode(), HOST))
    assert (answer.status, answer.code) == (413, -1100)
    assert exchange(server.url, post(LOAN, b"a" * 70_000)).status == 413
    assert exchange(server.url, post("/paper/faults", b"[" * 70_000)).status == 413
    assert exchange(server.url, post(LOAN, b"a=" + b"1" * 60_000)).code == -2014, "a body within the limit is looked at"


def test_a_chunked_body_beyond_the_limit_is_not_read_to_its_end(server: Server):
    chunk = b"4000\r\n" + b"a" * 16 * KIB + b"\r\n"
    with dial(server.url) as connection:
        connection.sendall(b"POST %s HTTP/1.1\r\n%sTransfer-Encoding: chunked\r\n\r\n" % (LOAN.encode(), HOST))
        connection.sendall(chunk * 5)
        answer = read(connection)
        assert (answer.status, answer.code) == (413, -1100)
        with pytest.raises(ConnectionError):
            flood(connection, chunk)


def test_a_body_that_ends_with_the_connection_is_not_acted_upon(server: Server):
    logged, clock = len(server.log()), server.now_ms()
    for whole in (post(LOAN, b"type=BORROW&asset=USDT"), post("/paper/advance", b'{"ms": 3600000}          ')):
        with dial(server.url) as connection:
            connection.sendall(whole[:-10])
    assert [entry["path"] for entry in server.log()[logged:]] == [TIME]
    assert server.now_ms() - clock < 60_000


QUERIES = [
    ("symbol=%", -1121),
    ("symbol=%zz", -1121),
    ("symbol=%00", -1121),
    ("symbol=%ff%fe", -1100),
    ("symbol=%ed%a0%80", -1100),
    ("%c3%28=1", -1100),
    ("symbol=BTCUSDT&symbol=BTCUSDT", -1101),
    ("symbol=BTCUSDT&symbol=", -1101),
    ("symbol", -1105),
    ("&&&=", -1102),
    ("symbol=BTCUSDT&limit=1e999999999", -1100),
    ("symbol=BTCUSDT&limit=NaN", -1100),
    ("symbol=BTCUSDT&limit=1_000", -1100),
    ("symbol=BTCUSDT&limit=" + "9" * 10_000, -1100),
    ("symbol=BTCUSDT&limit=%D9%A1", -1100),
    ("symbol=BTCUSDT&limit=-1", -1100),
    ("symbol=BTCUSDT&" + "&".join(f"{name}=1" for name in NAMES), -1104),
    ("&".join("a=1" for _ in range(10_000)), -1101),
]


@pytest.mark.parametrize(("query", "code"), QUERIES, ids=lambda value: str(value)[:24])
def test_a_garbled_query_is_refused_by_its_code(server: Server, query: str, code: int):
    assert len(NAMES) == 10_000
    answer = exchange(server.url, get(f"{DEPTH}?{query}"))
    assert (answer.status, answer.code) == (400, code)


@pytest.mark.parametrize("symbols", [DEEP, "%5B" * 15_000, "%7B%22a%22:" * 4_000, "[1e999999]", "[NaN]", "[%22\\ud800%22]", "[]"])
def test_symbols_that_are_no_list_of_names_are_refused(server: Server, symbols: str):
    for path in (INFO, "/api/v3/ticker/24hr", "/api/v3/ticker/price"):
        answer = exchange(server.url, get(f"{path}?symbols={symbols}"))
        assert (answer.status, answer.code in (-1100, -1121)) == (400, True), answer.body


@pytest.mark.parametrize("body_type", [b"application/json", b"multipart/form-data; boundary=x", b"text/plain", b"\xff", b""])
def test_a_body_that_is_no_form_counts_as_unread(server: Server, body_type: bytes):
    for path in (LOAN, ORDER, TRANSFER):
        answer = exchange(server.url, post(path, b'{"symbol": "BTCUSDT"}', b"Content-Type: " + body_type))
        assert (answer.status, answer.code) == (400, -1104)


@pytest.mark.parametrize("method", ["PATCH", "PUT", "OPTIONS", "TRACE", "PROPFIND", "DELETE"])
def test_a_method_that_a_path_does_not_know_is_405(server: Server, method: str):
    answer = exchange(server.url, get(TIME).replace(b"GET", method.encode(), 1))
    assert (answer.status, answer.code) == (405, -1020)


def test_others_are_served_while_connections_stand_half_open_and_requests_trickle_in(server: Server):
    with ExitStack() as open_ones:
        for begun in (b"", b"GET /api", get(TIME)[:-2], post(LOAN, b"a" * 50)[:-40]):
            for _ in range(100):
                connection = open_ones.enter_context(dial(server.url))
                connection.sendall(begun)
        trickle = open_ones.enter_context(dial(server.url))
        for byte in get(TIME):
            trickle.sendall(bytes([byte]))
            if byte == ord("/"):
                assert server.http.get(TIME).status_code == 200
        assert list(read(trickle).json) == ["serverTime"]


DEEPLY_NESTED = ["[" * 60_000, '{"id":' * 9_000]
MESSAGES = ["", "x", b"\xff\xfe\x00", b"\x80" * 1000, '{"id": 1e400}', '{"id": "\\ud800"}', "null", *DEEPLY_NESTED]


@pytest.mark.parametrize("message", MESSAGES, ids=lambda value: repr(value)[:12])
def test_a_message_that_is_no_request_is_answered_as_such(server: Server, message: str | bytes):
    with connect(f"{server.ready['stream_url']}/ws", proxy=None) as stream:
        stream.send(message)
        assert json.loads(stream.recv(timeout=5))["error"]["code"] in (2, 3)
    with connect(server.ready["ws_api_url"], proxy=None) as api:
        api.send(message)
        answer = json.loads(api.recv(timeout=5))
        assert (answer["status"], answer["error"]["code"]) == (400, -1135)
        api.send('{"id": 5, "method": "ping"}')
        assert json.loads(api.recv(timeout=5))["status"] == 200, "the connection lives on"


@pytest.mark.parametrize("path", ["/ws", "/stream?streams=", "/ws-api/v3"])
def test_a_frame_beyond_64_kib_ends_the_connection_with_1009(server: Server, path: str):
    with connect(server.ready["stream_url"] + path, proxy=None) as stream:
        stream.send("a" * 70_000)
        with pytest.raises(ConnectionClosed) as closed:
            stream.recv(timeout=5)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1009


def test_a_sixth_message_within_a_second_ends_a_market_stream(server: Server):
    with connect(f"{server.ready['stream_url']}/ws", proxy=None) as stream:
        for _ in range(6):
            stream.send("garbage")
        for _ in range(5):
            assert json.loads(stream.recv(timeout=5))["error"]["code"] == 3
        with pytest.raises(ConnectionClosed) as closed:
            stream.recv(timeout=5)
        assert closed.value.rcvd is not None
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1008, "Too many requests")


@pytest.mark.parametrize("path", ["/ws/" + "a" * 9_000, "/ws-api/v3?" + "a=1&" * 3_000])
def test_a_handshake_beyond_the_limit_is_answered_and_not_left_hanging(server: Server, path: str):
    with pytest.raises(InvalidStatus) as refused:
        connect(server.ready["stream_url"] + path, proxy=None, open_timeout=5)
    assert refused.value.response.status_code == 431


@pytest.mark.parametrize("missing", [b"Sec-WebSocket-Key", b"Sec-WebSocket-Version"])
def test_half_a_handshake_is_refused(server: Server, missing: bytes):
    lines = (
        b"Connection: Upgrade",
        b"Upgrade: websocket",
        b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
        b"Sec-WebSocket-Version: 13",
    )
    answer = exchange(server.url, get("/ws", *(line for line in lines if not line.startswith(missing))))
    assert 400 <= answer.status < 500
