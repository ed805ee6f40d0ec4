"""One run with one thing going wrong: recorded first without a fault, then played again with it, and held against the first."""

from __future__ import annotations

import asyncio
import functools
from collections import Counter
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import delete

from marginbot.engine.journal import schema
from marginbot.engine.journal.journal import Journal
from marginbot.engine.report import Outcome
from marginbot.paper.messages import Request, Response
from tests.engine.invariants import Ledger
from tests.engine.stage import ACCOUNT, LOAN, Stage, a_stage
from tests.proof.faults import Spot, Trouble
from tests.virtual_time import VirtualTimeLoop

MOST_RUNS = 3
_WIPE = "".join(f"{delete(table)};" for table in schema.metadata.sorted_tables)


class Effects(NamedTuple):
    """What a life did by the books of the exchange: coins by what was done with them, and the spot wallet it led to."""

    traded: dict[str, Decimal]
    repaid: dict[str, Decimal]
    spot: dict[str, Decimal]


@dataclass(frozen=True)
class Life:
    """A fault-free run: every request it made, in order, and what it did."""

    spots: tuple[Spot, ...]
    effects: Effects


def play(work: Coroutine[Any, Any, Any]) -> Any:
    """Run to the end on a loop of its own, in virtual time."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(work)


@functools.cache
def _one_journal() -> Journal:
    return Journal("sqlite://")


def blank_journal() -> Journal:
    """A journal with nothing in it: always the same one, wiped, because making one costs as much as half a run."""
    journal = _one_journal()
    with journal.file.writing(durable=False) as connection:
        connection.connection.executescript(_WIPE)
    return journal


@functools.cache
def life_of(scenario: str, symbol: str) -> Life:
    """The fault-free run of a situation."""
    return play(_record(scenario, symbol))  # type: ignore[no-any-return]


async def _record(scenario: str, symbol: str) -> Life:
    async with a_stage(scenario, journal=blank_journal()) as stage:
        books = Ledger(stage)
        report = await stage.unwind(symbol)
        assert report.outcome is Outcome.FLAT, report.reason
        books.hold(report)
        seen: Counter[tuple[str, str]] = Counter()
        spots = []
        for entry in stage.transport.log:
            seen[entry.method, entry.path] += 1
            signed = "timestamp" in entry.params
            spots.append(Spot(entry.method, entry.path, seen[entry.method, entry.path], signed))
        return Life(tuple(spots), effects_of(stage, symbol))


def go_wrong(scenario: str, symbol: str, strikes: Iterable[tuple[Spot, Trouble]], *, must_strike: bool = True) -> None:
    """Play the situation with these faults. Raises AssertionError for the first thing that does not hold."""
    play(_go_wrong(scenario, symbol, tuple(strikes), life_of(scenario, symbol).effects, must_strike))


async def _go_wrong(
    scenario: str, symbol: str, strikes: tuple[tuple[Spot, Trouble], ...], wanted: Effects, must_strike: bool
) -> None:
    async with a_stage(scenario, journal=blank_journal()) as stage:
        books = Ledger(stage)
        armed = [arm(stage, spot, trouble) for spot, trouble in strikes]
        for number in range(1, MOST_RUNS + 1):
            async with stage.in_a_new_process(stage.journal) as started:
                report = await started.unwind(symbol)
            said = f"run {number} ended {report.outcome.value} ({report.exit_code}): {report.reason}"
            assert report.exit_code in _ends(armed, number), said
            assert report.elapsed_ms <= stage.deadline * 1000, f"{said} after its deadline"
            books.hold(report, settled=report.exit_code == 0)
            if report.exit_code == 0:
                break
        assert report.exit_code == 0, said
        assert not must_strike or all(strike.struck for strike in armed), "the fault never struck"
        flat(stage, symbol)
        same_effects(stage, symbol, wanted)


@dataclass
class Armed:
    """A fault, and whether it has struck."""

    trouble: Trouble
    struck: bool = False


def _ends(armed: list[Armed], number: int) -> set[int]:
    """How the run of this number may end: as the faults that struck allow; well, when none did or when it is not the first."""
    ends = {code for strike in armed if strike.struck for code in strike.trouble.exit_codes}
    return ends if ends and number == 1 else ends | {0}


def arm(stage: Stage, spot: Spot, trouble: Trouble) -> Armed:
    """Let `trouble` strike at `spot`."""
    armed = Armed(trouble)
    for fields in trouble.faults(spot):
        stage.fault(**fields)
    watch = _Watch(stage, spot, trouble, armed, stage.transport.exchange)
    stage.transport.exchange = watch  # type: ignore[assignment]
    return armed


class _Watch:
    """Stands before the exchange: knows when the request is there, turns switches, repeats account answers."""

    def __init__(self, stage: Stage, spot: Spot, trouble: Trouble, armed: Armed, inner: Any) -> None:
        self.stage, self.spot, self.trouble, self.armed, self.inner = stage, spot, trouble, armed, inner
        self.faults = _Picking(self, inner.faults)
        self.execute = inner.execute
        self.seen = 0
        self.last: Response | None = None
        self.pending_seen = False

    def met(self, request: Request) -> None:
        """A request is on its way."""
        if self.armed.struck and self.trouble.switches:
            self._mend()
        if (request.method, request.path) == (self.spot.method, self.spot.path):
            self.seen += 1
            if self.seen == self.spot.nth:
                self.armed.struck = True
                for name, value in self.trouble.switches.items():
                    setattr(self.stage.world.config, name, value)

    def admit(self, request: Request) -> Any:
        return self.inner.admit(request)

    def handle(self, request: Request) -> Response:
        response: Response = self.inner.handle(request)
        if not self.trouble.lags or (request.method, request.path) != ("GET", ACCOUNT):
            return response
        if self.last is not None and self.spot.nth <= self.seen < self.spot.nth + self.trouble.lags:
            return self.last
        self.last = response
        return response

    def _mend(self) -> None:
        """The switches go back as soon as the record they are about is settled."""
        account = self.stage.world.account(1)
        rows = account.loans if self.spot.path == LOAN else account.transfers
        pending = any(row.status == "PENDING" for row in rows)
        if self.pending_seen and not pending:
            for name, value in self.trouble.switches.items():
                setattr(self.stage.world.config, name, type(value)(0))
        self.pending_seen = self.pending_seen or pending


class _Picking:
    """The exchange's faults, told of every request first."""

    def __init__(self, watch: _Watch, inner: Any) -> None:
        self.watch, self.inner = watch, inner

    def pick(self, request: Request) -> Any:
        self.watch.met(request)
        return self.inner.pick(request)


def effects_of(stage: Stage, symbol: str) -> Effects:
    """By the books, not by what the bot says."""
    account = stage.world.account(1)
    traded: Counter[str] = Counter()
    for order in account.orders.values():
        if order.symbol == symbol and order.client_id.startswith("mb-"):
            traded[order.side] += order.executed
    repaid: Counter[str] = Counter()
    for loan in account.loans:
        if loan.direction == "REPAY" and loan.symbol == symbol and loan.status == "CONFIRMED":
            repaid[loan.asset] += loan.amount
    spot = {asset: balance.free + balance.locked for asset, balance in account.spot.items()}
    return Effects(dict(traded), dict(repaid), spot)  # type: ignore[arg-type]


def same_effects(stage: Stage, symbol: str, wanted: Effects) -> None:
    """A fault costs time, never money: coins traded, repaid and brought home are those of the run without it."""
    found = effects_of(stage, symbol)
    for what in Effects._fields:
        mine, theirs = getattr(found, what), getattr(wanted, what)
        assert mine == theirs, f"{what}: {mine} with the fault, {theirs} without it"


def flat(stage: Stage, symbol: str) -> None:
    """Empty and free of debt, by the books of the exchange."""
    pair = stage.world.account(1).isolated[symbol]
    left = [pair.base.free, pair.base.locked, pair.quote.free, pair.quote.locked]
    owed = [pair.base.borrowed, pair.base.interest, pair.quote.borrowed, pair.quote.interest]
    assert not any(left), f"coins are left: {left}"
    assert not any(owed), f"debt is left: {owed}"


def told(broke: AssertionError) -> str:
    """The first line of what did not hold."""
    return (str(broke) or "an assertion without words").splitlines()[0]
