"""A customer's life on the margin testnet, every step of it drawn by lot, and what must be true after each.

From some moment on it may be lived twice: on the exchange itself, and on one that was written to a file and read back then.
"""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from marginbot.paper.books.records import Order, Scope
from marginbot.paper.books.world import World
from marginbot.paper.messages import Response
from tests.model import truths
from tests.model.client import UID, Client
from tests.model.histories import Histories

# 2027-01-15 08:00:00 UTC, a full hour.
EIGHT = 1_800_000_000_000
TWINS_MEET = 5
MARKETS = ("BTCUSDT", "ADAUSDT", "ETHBTC", "ETHUSDT", "BNBUSDT")
SPOT = {"USDT": "20000", "BTC": "0.1", "ETH": "1", "ADA": "1000", "BNB": "2"}
ISOLATED = (("BTCUSDT", "USDT", "5000"), ("ADAUSDT", "ADA", "3000"), ("ETHBTC", "BTC", "0.05"))
CROSS = {"USDT": "3000", "BTC": "0.02"}


class Life(RuleBasedStateMachine):
    """What steps have in common. Rules are in the classes made from this one.

    lives, steps, answers: counted over all lives of a test, answers by method, path and either `done` or the code.
    """

    lives: ClassVar[int] = 0
    steps: ClassVar[int] = 0
    answers: ClassVar[Counter[tuple[str, str]]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        world = World.fresh("empty", EIGHT)
        # Pairs that nobody trades would only be carried along.
        world.markets = {symbol: world.markets[symbol] for symbol in MARKETS}
        self.client = Client(world)
        self.twin: Client | None = None
        self.age = 0
        self.histories = Histories()
        self.funded = {"USDT": Decimal(10_000)}
        Life.lives += 1

    def is_funded(self) -> None:
        """Something in every account."""
        for asset, amount in SPOT.items():
            self.fund(Scope.SPOT, asset, amount)
        for symbol, asset, amount in ISOLATED:
            self.fund(Scope.ISOLATED, asset, amount, symbol)
        for asset, amount in CROSS.items():
            self.fund(Scope.CROSS, asset, amount)

    @rule()
    def is_read_back(self) -> None:
        """From here on everything happens to both, and is answered alike."""
        if self.twin is not None:
            truths.two_worlds_are_alike(self.client.world, self.twin.world)
        self.twin = self.client.reborn()
        truths.two_worlds_are_alike(self.client.world, self.twin.world)

    @invariant()
    def what_is_true_stays_true(self) -> None:
        Life.steps += 1
        client = self.client
        self.wait(0)
        truths.no_balance_is_negative(client)
        truths.every_balance_has_eight_decimals(client)
        truths.what_is_locked_is_what_open_orders_need(client)
        truths.an_order_is_the_sum_of_its_trades(client)
        truths.a_client_id_names_one_open_order(client)
        truths.nothing_appeared_or_vanished(client, self.funded)
        self.histories.look(client)
        truths.the_bot_reckons_what_the_exchange_shows(client)
        self.age += 1
        # Where two worlds part they do not meet again, so not every step has to look.
        if self.twin is not None and self.age % TWINS_MEET == 0:
            truths.two_worlds_are_alike(client.world, self.twin.world)

    def teardown(self) -> None:
        world = self.client.world
        if self.twin is not None:
            truths.two_worlds_are_alike(world, self.twin.world)
        assert World.load(world.dump(), world.now_ms).dump() == world.dump()

    def clients(self) -> list[Client]:
        return [self.client] if self.twin is None else [self.client, self.twin]

    def fund(self, scope: Scope, asset: str, amount: str, symbol: str = "") -> None:
        for client in self.clients():
            client.world.fund(UID, scope, asset, Decimal(amount), symbol)
        self.funded[asset] = self.funded.get(asset, Decimal(0)) + Decimal(amount)

    def ask(self, method: str, path: str, **params: str | None) -> Response:
        """Send it; a refusal must have a code and have changed nothing."""
        sent = {name: value for name, value in params.items() if value is not None}
        before = truths.picture(self.client.world)
        answers = [client.ask(method, path, sent) for client in self.clients()]
        answer = answers[0]
        assert all((other.status, other.body) == (answer.status, answer.body) for other in answers)
        outcome = "done"
        if answer.status != 200:
            truths.a_refusal_has_a_code(answer)
            assert truths.picture(self.client.world) == before, (method, path, sent, answer.body)
            outcome = answer.body.decode()[8:14].split(",")[0]
        Life.answers[f"{method} {path}", outcome] += 1
        return answer

    def happen(self, do: str, **values: Any) -> None:
        outcomes = [client.happen(do, values) for client in self.clients()]
        assert all(outcome == outcomes[0] for outcome in outcomes)

    def the_price_comes_to(self, order: Order, beyond: int) -> None:
        """To where the order acts, and so many basis points on."""
        market = self.client.world.market(order.symbol)
        price = (order.stop_price or order.price or market.mid) * (1 + Decimal(beyond) / 10_000)
        self.happen("set_price", symbol=order.symbol, price=format(price.quantize(Decimal("1E-8")), "f"))

    def wait(self, ms: int) -> None:
        for client in self.clients():
            client.wait(ms)

    def an_open_order(self, data: st.DataObject) -> Order:
        return self.client.account.orders[data.draw(st.sampled_from(list(self.client.account.open_orders)), label="order")]
