"""A shell with next to nothing behind it: a world that only counts, five endpoints, a clock that moves when told."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import urlencode

from marginbot.paper.api.endpoint import Caller, Endpoint, Refusal, Security, WeightKind
from marginbot.paper.books.config import Config
from marginbot.paper.books.wallets import Account
from marginbot.paper.exchange import Exchange, Switches
from marginbot.paper.keys import PAPER_API_KEY, PAPER_API_SECRET, paper_keys
from marginbot.paper.messages import Request, Response

NOW = 1_700_000_040_000  # 0 s into a minute
UID = 7

TIME = "/api/v3/time"
ORDER = "/sapi/v1/margin/order"
ACCOUNT = "/sapi/v1/margin/isolated/account"
REPAY = "/sapi/v1/margin/borrow-repay"
TRANSFER = "/sapi/v1/asset/transfer"
PAIRS = "/sapi/v1/margin/allPairs"


class CountingWorld:
    """Remembers how often each path was carried out."""

    def __init__(self, now_ms: int = NOW) -> None:
        self.now_ms = now_ms
        self.uid = UID
        self.done: list[tuple[str, dict[str, str]]] = []
        self.config = Config()
        self.faults: list[object] = []
        self.accounts: dict[int, Account] = {}

    def account(self, uid: int) -> Account:
        return self.accounts.setdefault(uid, Account(uid, self.now_ms))

    def before_request(self, uid: int, method: str, path: str, params: Mapping[str, str]) -> None:
        """Nothing was planned for it."""

    def after_request(self, method: str, path: str, params: Mapping[str, str]) -> None:
        """Nothing was planned for it."""

    def advance(self, now_ms: int) -> None:
        self.now_ms = now_ms


class Wall:
    """Milliseconds, moved by hand; `sleep` moves it too and remembers."""

    def __init__(self, now_ms: int = NOW) -> None:
        self.now_ms = now_ms
        self.slept: list[float] = []

    def __call__(self) -> int:
        return self.now_ms

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now_ms += round(seconds * 1000)


def _does(name: str) -> Any:
    def handler(world: Any, caller: Caller, params: Mapping[str, str]) -> object:
        if params.get("asset") == "BROKEN":
            raise ZeroDivisionError("a defect")
        if name == "order":
            world.account(caller.uid).order_count.placed(world.now_ms)
        if params.get("asset") == "REFUSED":
            raise Refusal(-3041, "Balance is not enough")
        world.done.append((name, dict(params)))
        return {"done": name, "uid": caller.uid, "params": dict(params)}

    return handler


def _order_weight(params: Mapping[str, str]) -> int:
    return 1500 if params.get("sideEffectType") == "MARGIN_BUY" else 6


ENDPOINTS = (
    Endpoint("GET", TIME, Security.NONE, 1, WeightKind.API, lambda w, c, p: {"serverTime": w.now_ms}, needs=()),
    Endpoint("GET", PAIRS, Security.KEY, 1, WeightKind.SAPI_IP, _does("pairs"), (), ("symbol",)),
    Endpoint("GET", ACCOUNT, Security.SIGNED, 10, WeightKind.SAPI_IP, _does("account"), (), ("symbols",)),
    Endpoint(
        "POST",
        ORDER,
        Security.SIGNED,
        _order_weight,
        WeightKind.SAPI_UID,
        _does("order"),
        ("symbol",),
        ("sideEffectType", "isIsolated", "newClientOrderId"),
        ("enableSpotAndMarginTrading",),
    ),
    Endpoint("POST", REPAY, Security.SIGNED, 1500, WeightKind.SAPI_UID, _does("repay"), ("asset",), ("amount",)),
    Endpoint(
        "POST",
        TRANSFER,
        Security.SIGNED,
        900,
        WeightKind.SAPI_UID,
        _does("transfer"),
        ("asset",),
        (),
        ("permitsUniversalTransfer",),
    ),
    Endpoint("GET", "/api/v3/depth", Security.NONE, 5, WeightKind.API, _does("depth"), ("symbol",), ("limit",), ()),
)
RETIRED = (("POST", "/sapi/v1/margin/loan"), ("POST", "/api/v3/userDataStream"))


def an_exchange(wall: Wall | None = None, switches: Switches | None = None) -> Exchange:
    wall = wall or Wall()
    world = cast(Any, CountingWorld(wall.now_ms))
    return Exchange(world, paper_keys(UID), wall, endpoints=ENDPOINTS, retired=RETIRED, switches=switches)


def sign(text: str, secret: str = PAPER_API_SECRET) -> str:
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def signed(text: str, secret: str = PAPER_API_SECRET) -> str:
    return f"{text}&signature={sign(text, secret)}"


def a_request(
    method: str, path: str, query: str = "", body: str = "", *, key: str | None = PAPER_API_KEY, peer: str = "127.0.0.1"
) -> Request:
    headers = {} if key is None else {b"x-mbx-apikey": key.encode()}
    return Request(method, path, query.encode(), body.encode(), headers, peer)


def a_signed_request(method: str, path: str, *, at: int = NOW, peer: str = "127.0.0.1", **params: object) -> Request:
    """As most clients send it: GET in the query, the rest in a form."""
    text = signed(urlencode({**params, "timestamp": at}))
    return a_request(method, path, text, peer=peer) if method == "GET" else a_request(method, path, "", text, peer=peer)


def read(response: Response) -> Any:
    return json.loads(response.body)


def code(response: Response) -> int:
    return int(read(response)["code"])


def header(response: Response, name: str) -> str | None:
    return next((value.decode() for key, value in response.headers if key == name.encode()), None)
