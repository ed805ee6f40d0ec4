"""What every pair under watch works with: one exchange, one journal, one loan queue, one audience."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime

from marginbot.domain.amounts import Symbol
from marginbot.domain.plan import Limits
from marginbot.domain.policy import Policy
from marginbot.domain.situation import Ruling
from marginbot.engine.daemon.hush import Hush
from marginbot.engine.events import Event
from marginbot.engine.journal.journal import Journal
from marginbot.engine.journal.notebook import Notebook
from marginbot.engine.journal.spare import Spare
from marginbot.engine.loans import LoanQueue
from marginbot.engine.patience import Patience
from marginbot.engine.ports import Clock, Exchange

Audience = Callable[[Symbol, Event], None]


@dataclass(slots=True)
class Outfit:
    """Handed to every pair of one account.

    account: its number in the journal. patience: for so many seconds. judged: told of every ruling of a full look.
    held_back: why nothing may be sent for a pair now (a pause, a policy nobody has accepted), None when it may.
    delistings: when pairs leave isolated margin, as last read. policy: replaced as a whole by a reload.
    hush: begun when a price crosses a fence or a rule fires.
    dry_run: nothing is sent; what would be is written down and told. spare: stands in for a journal that cannot be written.
    """

    exchange: Exchange
    journal: Journal
    notebook: Notebook
    clock: Clock
    account: str
    venue: str
    limits: Limits
    policy: Policy
    loans: LoanQueue
    patience: Callable[[float], Patience]
    lock: Callable[[Symbol], AbstractContextManager[None]]
    new_id: Callable[[], str]
    tell: Audience
    judged: Callable[[Symbol, Ruling], None] = lambda _symbol, _ruling: None
    held_back: Callable[[Symbol], str | None] = lambda _symbol: None
    delistings: dict[Symbol, datetime] = field(default_factory=dict)
    deadline: float = 120.0
    dry_run: bool = False
    hush: Hush = field(default_factory=Hush)
    spare: Spare = field(init=False)

    def __post_init__(self) -> None:
        self.spare = Spare(self.journal.file)
