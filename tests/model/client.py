"""One customer of one emulated exchange: signed requests through every check a real one passes, and the world behind them."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any
from urllib.parse import urlencode

from marginbot.paper.books import events
from marginbot.paper.books.wallets import Account
from marginbot.paper.books.world import World
from marginbot.paper.embedded import exchange_of
from marginbot.paper.exchange import Switches
from marginbot.paper.keys import PAPER_API_KEY
from marginbot.paper.messages import Request, Response
from marginbot.paper.weights import Limits
from tests.paper.shell import signed

UID = 1
BOUNDLESS = 10**9
NO_LIMITS = Switches(limits=Limits(**dict.fromkeys((field.name for field in fields(Limits)), BOUNDLESS)))


class Client:
    """Who asks, and the clock of the exchange, which moves only in `wait`."""

    def __init__(self, world: World) -> None:
        self.now_ms = world.now_ms
        self.exchange = exchange_of(world, lambda: self.now_ms, switches=NO_LIMITS)
        world.config.order_limit_10s = world.config.order_limit_day = BOUNDLESS

    @property
    def world(self) -> World:
        return self.exchange.world

    @property
    def account(self) -> Account:
        return self.world.account(UID)

    def ask(self, method: str, path: str, params: dict[str, str]) -> Response:
        """One signed request, its parameters in the query."""
        query = signed(urlencode({**params, "timestamp": self.now_ms}))
        return self.exchange.handle(Request(method, path, query.encode(), headers={b"x-mbx-apikey": PAPER_API_KEY.encode()}))

    def read(self, path: str, **params: str) -> Any:
        """The answer to a GET that must succeed."""
        answer = self.ask("GET", path, params)
        assert answer.status == 200, (path, params, answer.body)
        return json.loads(answer.body)

    def happen(self, do: str, values: dict[str, Any]) -> str:
        """Something happens that the customer did not ask for; returns how it went, as the scenario would note it."""
        event = events.at(0, do, **values)
        self.world.plan(event)
        self.world.events.remove(event)
        return event.outcome

    def wait(self, ms: int) -> None:
        self.now_ms += ms
        self.exchange.advance()

    def reborn(self) -> Client:
        """The same exchange after it was written to a file and read back at this moment."""
        return Client(World.load(json.loads(json.dumps(self.world.dump())), self.now_ms))
