"""`marginbot paper serve` as a process of its own, what a test does to it, and what it says happened."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx

from tests.no_tls import NO_TLS
from tests.sockets.process import PATIENCE_S, start

ORDER = "/sapi/v1/margin/order"
LOAN = "/sapi/v1/margin/borrow-repay"
TRANSFER = "/sapi/v1/asset/transfer"
ACCOUNT = "/sapi/v1/margin/isolated/account"
PRICES = {"BTCUSDT": 100_000, "ETHUSDT": 4_000, "SOLUSDT": 200, "XRPUSDT": Decimal("2.5"), "DOGEUSDT": Decimal("0.25")}


def clean_environment(state: Path) -> dict[str, str]:
    """The environment without anybody's settings, and with a state directory of one's own."""
    foreign = ("MARGINBOT_", "XDG_STATE_HOME", "CREDENTIALS_DIRECTORY", "NO_COLOR", "FORCE_COLOR")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return kept | {"XDG_STATE_HOME": str(state), "COLUMNS": "120"}


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for something another process does. Raises: AssertionError when it does not come about."""
    never = threading.Event()
    for _ in range(round(PATIENCE_S / 0.02)):
        if condition():
            return
        never.wait(0.02)
    raise AssertionError(f"waited {PATIENCE_S} s in vain: {what}")


@dataclass
class Server:
    """A running server. `ready` is the line it began with, `pid` its process and `err` its stderr."""

    ready: dict[str, Any]
    http: httpx.Client
    odd: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    pid: int = 0
    err: Path = Path(os.devnull)

    @property
    def url(self) -> str:
        return str(self.ready["rest_url"])

    def key(self, kind: str = "HMAC") -> str:
        return next(key["api_key"] for key in self.ready["keys"] if key["type"] == kind)

    def control(self, method: str, name: str, body: Any = None) -> Any:
        answer = self.http.request(method, f"/paper/{name}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def fault(self, **fields: Any) -> None:
        """Arm one fault, see paper.faults.Fault."""
        self.control("POST", "faults", [fields])

    def hold(self, method: str, path: str, *, skip: int = 0, executed: bool = True) -> None:
        """The next matching request after `skip` gets no answer until its sender gives up or dies."""
        self.fault(kind="read_timeout", method=method, path=path, skip=skip, executed=executed)

    def struck(self) -> None:
        """Wait until every armed fault has met its request."""
        until(lambda: self.control("GET", "faults") == [], "no request met the fault")

    def log(self) -> list[dict[str, Any]]:
        """Every request met so far, oldest first."""
        return list(self.control("GET", "log"))

    def now_ms(self) -> int:
        return int(self.http.get("/api/v3/time").json()["serverTime"])

    def call(self, method: str, path: str, **params: object) -> Any:
        """A signed call as any client would make it. Fails the test when it is refused."""
        text = urlencode({**params, "timestamp": self.now_ms()})
        signature = hmac.new(self.ready["api_secret"].encode(), text.encode(), hashlib.sha256).hexdigest()
        answer = self.http.request(method, f"{path}?{text}&signature={signature}", headers={"X-MBX-APIKEY": self.key()})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def open_pair(self, symbol: str) -> str:
        """Move 1000 and some odd cents into a pair, so that no two tests move the same amount."""
        equity = f"1000.{next(self.odd):02}"
        self.call("POST", TRANSFER, type="MAIN_ISOLATED_MARGIN", asset="USDT", amount=equity, toSymbol=symbol)
        return equity

    def a_long(self, symbol: str = "BTCUSDT") -> None:
        """About 1000 of equity, 1900 borrowed, 2800 of base bought."""
        cents = self.open_pair(symbol).split(".")[1]
        self.borrow(symbol, "USDT", f"1900.{cents}")
        self.market_order(symbol, "BUY", Decimal(2800) / PRICES[symbol])

    def a_short(self, symbol: str = "BTCUSDT") -> None:
        """About 1000 of equity, base for 2000 borrowed and sold."""
        self.open_pair(symbol)
        quantity = Decimal(2000) / PRICES[symbol]
        self.borrow(symbol, symbol.removesuffix("USDT"), f"{quantity:f}")
        self.market_order(symbol, "SELL", quantity)

    def borrow(self, symbol: str, asset: str, amount: str) -> None:
        self.call("POST", LOAN, asset=asset, amount=amount, isIsolated="TRUE", symbol=symbol, type="BORROW")

    def market_order(self, symbol: str, side: str, quantity: Decimal) -> None:
        wanted = {"symbol": symbol, "isIsolated": "TRUE", "side": side, "type": "MARKET", "quantity": f"{quantity:f}"}
        assert self.call("POST", ORDER, **wanted)["status"] == "FILLED"

    def row(self, symbol: str) -> dict[str, Any]:
        """The isolated account of a pair as the exchange shows it."""
        return dict(self.call("GET", ACCOUNT, symbols=symbol)["assets"][0])

    def spot(self, asset: str = "USDT") -> Decimal:
        balances = self.call("GET", "/api/v3/account")["balances"]
        return sum((Decimal(row["free"]) for row in balances if row["asset"] == asset), Decimal(0))

    def done_by_us(self, symbol: str) -> dict[str, int]:
        """How many orders of ours, repayments and transfers of USDT home the exchange's own histories show."""
        orders = self.call("GET", "/sapi/v1/margin/allOrders", symbol=symbol, isIsolated="TRUE")
        loans = self.call("GET", LOAN, type="REPAY", isolatedSymbol=symbol)
        moved = self.call("GET", TRANSFER, type="ISOLATED_MARGIN_MAIN", fromSymbol=symbol, size=100)
        ours = [order for order in orders if order["clientOrderId"].startswith("mb-")]
        home = [row for row in moved["rows"] if row["asset"] == "USDT"]
        return {"close": len(ours), "repay": loans["total"], "sweep": len(home)}

    def assert_empty(self, symbol: str) -> None:
        """Debt exactly 0, nothing left, no order open."""
        row = self.row(symbol)
        for side in (row["baseAsset"], row["quoteAsset"]):
            for name in ("free", "locked", "borrowed", "interest"):
                assert Decimal(side[name]) == 0, (symbol, side)
        assert self.call("GET", "/sapi/v1/margin/openOrders", symbol=symbol, isIsolated="TRUE") == []


@contextmanager
def served(state: Path, *flags: str, silent: bool = True, cold: bool = False, **more: str) -> Iterator[Server]:
    """Serve until the block ends; SIGTERM must end it with exit 0, and but for the first line it says nothing.

    silent: nothing on stderr either, which is always kept in `err` of the server. cold: by a new interpreter.
    more: variables of its environment.
    """
    words, out, err = ("paper", "serve", "--port", "0", "--json", *flags), state / "serve.out", state / "serve.err"
    running = start(words, clean_environment(state) | more, state, out, err, cold=cold)
    try:
        until(lambda: running.over or (out.exists() and out.read_text().endswith("\n")), "the server never said where it is")
        with out.open() as said:
            out.unlink()  # nothing of it stays in the folder, as if it had gone to a terminal
            ready = json.loads(said.readline())
            with httpx.Client(base_url=ready["rest_url"], verify=NO_TLS, trust_env=False, timeout=20) as http:
                yield Server(ready, http, pid=running.pid, err=err)
            running.signal(signal.SIGTERM)
            assert (running.wait(), said.read()) == (0, "")
    finally:
        running.process.kill()
    assert not silent or err.read_text() == ""
