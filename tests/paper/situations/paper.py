"""A scenario behind the whole exchange in memory: signed requests, faults included, and time that moves when told to."""

from __future__ import annotations

import json
from collections.abc import Coroutine
from decimal import Decimal as D
from typing import Any
from urllib.parse import urlencode

import httpx

from marginbot.paper.beginning import begin
from marginbot.paper.books import risk
from marginbot.paper.books.wallets import Account, IsolatedPair
from marginbot.paper.books.world import World
from marginbot.paper.embedded import exchange_of
from marginbot.paper.keys import PAPER_API_KEY
from marginbot.paper.transport import FaultTransport
from tests.paper.books.builders import EIGHT
from tests.paper.shell import Wall, signed

ACCOUNT = "/sapi/v1/margin/isolated/account"
ORDER = "/sapi/v1/margin/order"
LOAN = "/sapi/v1/margin/borrow-repay"
TRANSFER = "/sapi/v1/asset/transfer"
MAX_OUT = "/sapi/v1/margin/maxTransferable"


class Paper:
    """`ask` answers decoded JSON; a refusal is its `code`, a lost answer the name of the error."""

    def __init__(self, scenario: str, world: World | None = None) -> None:
        self.wall = Wall(EIGHT + 5 * 60_000 if world is None else world.now_ms)
        self.exchange = exchange_of(world or begin(scenario, self.wall.now_ms), self.wall)
        self.transport = FaultTransport(self.exchange, sleep=self.wall.sleep)

    @property
    def world(self) -> World:
        return self.exchange.world

    @property
    def account(self) -> Account:
        return self.world.account(1)

    def pair(self, symbol: str = "BTCUSDT") -> IsolatedPair:
        return self.account.isolated[symbol]

    def level(self, symbol: str = "BTCUSDT") -> D | None:
        return risk.margin_level(self.pair(symbol), self.world.market(symbol).index)

    def ask(self, method: str, path: str, **params: str) -> Any:
        signs = path.startswith(("/sapi", "/api/v3/account"))
        text = signed(urlencode({**params, "timestamp": self.wall.now_ms})) if signs else urlencode(params)
        request = httpx.Request(method, f"http://paper{path}?{text}", headers={"X-MBX-APIKEY": PAPER_API_KEY})
        try:
            answer = _finish(self.transport.handle_async_request(request))
        except httpx.TransportError as error:
            return type(error).__name__
        body = json.loads(answer.content)
        return body["code"] if isinstance(body, dict) and "code" in body else body

    def after(self, ms: int) -> Paper:
        self.wall.now_ms += ms
        self.exchange.advance()
        return self

    def row(self, symbol: str = "BTCUSDT") -> Any:
        """The pair's row of the unfiltered account read."""
        return next(row for row in self.ask("GET", ACCOUNT)["assets"] if row["symbol"] == symbol)

    def sell(self, quantity: str, symbol: str = "BTCUSDT", **more: str) -> Any:
        return self.order("SELL", quantity, symbol, **more)

    def order(self, side: str, quantity: str, symbol: str = "BTCUSDT", **more: str) -> Any:
        wanted = {"symbol": symbol, "isIsolated": "TRUE", "side": side, "type": "MARKET", "quantity": quantity}
        return self.ask("POST", ORDER, **(wanted | more))

    def repay(self, asset: str, amount: str, symbol: str = "BTCUSDT") -> Any:
        return self.ask("POST", LOAN, asset=asset, isIsolated="TRUE", symbol=symbol, amount=amount, type="REPAY")

    def sweep(self, asset: str, amount: str, symbol: str = "BTCUSDT") -> Any:
        return self.ask("POST", TRANSFER, type="ISOLATED_MARGIN_MAIN", asset=asset, amount=amount, fromSymbol=symbol)

    def loans(self, symbol: str = "BTCUSDT") -> Any:
        return self.ask("GET", LOAN, type="REPAY", isolatedSymbol=symbol)

    def sweeps(self, symbol: str = "BTCUSDT") -> Any:
        return self.ask("GET", TRANSFER, type="ISOLATED_MARGIN_MAIN", fromSymbol=symbol)

    def transferable(self, asset: str, symbol: str = "BTCUSDT") -> D:
        return D(self.ask("GET", MAX_OUT, asset=asset, isolatedSymbol=symbol)["amount"])

    def filters(self, symbol: str = "BTCUSDT") -> dict[str, Any]:
        rows = self.ask("GET", "/api/v3/exchangeInfo", symbol=symbol)["symbols"][0]["filters"]
        return {row["filterType"]: row for row in rows}

    def depth(self, symbol: str = "BTCUSDT") -> Any:
        return self.ask("GET", "/api/v3/depth", symbol=symbol, limit="5000")


def _finish(waiting: Coroutine[Any, Any, httpx.Response]) -> httpx.Response:
    """Run to the end what never really waits: time is a number here, so no event loop is needed."""
    try:
        waiting.send(None)
    except StopIteration as done:
        answer: httpx.Response = done.value
        return answer
    raise AssertionError("the exchange waited for something")
