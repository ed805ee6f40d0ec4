"""What must hold after every run, whatever happened in it, by the books of the exchange itself."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

from marginbot.engine.journal.entries import OPEN_STATES
from marginbot.engine.report import RunReport
from tests.engine.stage import Stage

OURS = "mb-"


class Ledger:
    """Remembers the books before a run, so that they can be held against the books after it."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.totals = stage.world.totals()
        account = stage.world.account(1)
        self.loans = len(account.loans)
        self.orders = set(account.orders)

    def hold(self, report: RunReport, *, settled: bool = True) -> None:
        """Raises AssertionError for the first invariant that is broken."""
        account = self.stage.world.account(1)
        assert self.stage.world.totals() == self.totals, "money appeared or vanished"
        borrowed = [loan for loan in account.loans[self.loans :] if loan.direction == "BORROW"]
        assert borrowed == [], "something was borrowed"
        new = [order for number, order in account.orders.items() if number not in self.orders]
        ours = [order for order in new if order.client_id.startswith(OURS)]
        assert all(order.side_effect == "NO_SIDE_EFFECT" for order in ours)
        twice = [client_id for client_id, count in Counter(order.client_id for order in ours).items() if count > 1]
        assert twice == [], "an order was sent twice"
        intents = list(self.stage.journal.history())
        ids = Counter(intent.exchange_id for intent in intents if intent.kind != "close" and intent.exchange_id)
        assert all(count == 1 for count in ids.values()), "one record of the exchange was counted for two intents"
        if settled:
            assert [intent for intent in intents if intent.state in OPEN_STATES] == []
        self._sold_no_more_than_held(report)

    def _sold_no_more_than_held(self, report: RunReport) -> None:
        if report.before is None:
            return
        sold = sum((order.executed for order in self._fills(report, "SELL")), Decimal(0))
        bought = sum((order.executed for order in self._fills(report, "BUY")), Decimal(0))
        assert sold <= report.before.base.total + bought, f"{sold} were sold where {report.before.base.total} were held"

    def _fills(self, report: RunReport, side: str) -> list[object]:
        mine = {step.client_id for step in report.steps if step.client_id}
        orders = self.stage.world.account(1).orders.values()
        return [order for order in orders if order.client_id in mine and order.side == side]
