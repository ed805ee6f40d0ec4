"""Truths of how things stand, held against the daemon and against the exchange's books every few seconds."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal as D
from typing import TYPE_CHECKING

from marginbot.domain.amounts import Symbol
from marginbot.domain.policy import DistanceBelow, Do, LevelBelow
from marginbot.paper.books import risk
from marginbot.paper.books.wallets import DEFAULT_UID
from marginbot.paper.streams.account_socket import AccountSocket
from tests.soak import scene
from tests.soak.lines import Blame
from tests.soak.process import Process
from tests.soak.weather import HINDERING, Weather

if TYPE_CHECKING:
    from marginbot.engine.daemon.daemon import Daemon
    from tests.soak.soak import Soak

ACTS_WITHIN_S, PREVENTABLE_AFTER_S = 15.0, 6.0
"""How long the last rung's trigger may be passed without an act; and before a liquidation, to call it preventable."""
WELL_AFTER_S, JOBS_WELL_AFTER_S = 150.0, 3700.0
RED_WITHIN_S = 20.0
SETTLED_AFTER_S = 900.0
PRINTED = frozenset({"print"})
EVERYTHING_RED = frozenset({"storm", "ban"})
MIXED = ("slow", "drops", "lost answers", "limit", "busy loans")


@dataclass
class States:
    """Looks at everything. below: since when each pair's true level is below its last rung."""

    soak: Soak
    require: Blame
    weather: Weather
    below: dict[str, float] = field(default_factory=dict)
    liquidations: Counter[str] = field(default_factory=Counter)
    green_s: float = 0.0
    weights: list[float] = field(default_factory=list)
    _seen: int = 0

    def look(self, life: Process | None, passed: float) -> None:
        """How it is now, `passed` seconds after the last look."""
        self._liquidations()
        daemon = life.daemon if life is not None and life.up else None
        for symbol in scene.GUARDED:
            self._protected(daemon, symbol)
        if daemon is None or life is None:
            return
        self._health(daemon, life, passed)
        self._eyes(daemon)
        self._ladders(daemon)

    def look_closely(self, life: Process | None) -> None:
        """Once a minute: what costs more to see."""
        soak = self.soak
        owed = {asset: amount for asset, amount in soak.world.totals().items() if amount != soak.money.get(asset, D(0))}
        self.require("no money appears or vanishes", not owed, str(owed))
        if life is None or not life.up or life.daemon is None:
            return
        daemon = life.daemon
        shares = [used / size for used, size in daemon.outfit.exchange.used_weights().values()]
        self.weights.append(max(shares, default=0.0))
        list(life.numbers())
        if self.weather.since(HINDERING | {"pending", "full disk"}) > SETTLED_AFTER_S:
            journal, account, now = daemon.outfit.journal, daemon.outfit.account, daemon.outfit.clock.now()
            left = [f"{one.symbol} {one.kind} {one.state.value}" for one in journal.unsettled(account)]
            self.require("F16 every write is settled", not left, ", ".join(left))
            begun = [one for one in journal.open_episodes(account) if (now - one.opened_at).total_seconds() > SETTLED_AFTER_S]
            old = [f"{one.symbol} {one.rule}" for one in begun]
            self.require("F20 F50 what was begun is carried through", not old, ", ".join(old))

    def _liquidations(self) -> None:
        rows = self.soak.world.account(DEFAULT_UID).liquidations
        for row in rows[self._seen :]:
            lasted = self.weather.now() - self.below.get(row.symbol, self.weather.now())
            hindered = self.weather.since(HINDERING, row.symbol) < lasted + ACTS_WITHIN_S
            self.liquidations["hindered" if hindered else "gap"] += 1
            able = row.symbol in scene.GUARDED and not hindered and lasted > PREVENTABLE_AFTER_S
            self.require("no liquidation that an act could have prevented", not able, f"{row.symbol}, {lasted:.0f} s below")
        self._seen = len(rows)

    def _protected(self, daemon: Daemon | None, symbol: str) -> None:
        """By the books alone: below the trigger of its last rung a pair is worked on, or soon."""
        world, now = self.soak.world, self.weather.now()
        pair, market = world.account(DEFAULT_UID).isolated[symbol], world.market(symbol)
        level = risk.margin_level(pair, market.index)
        tier = risk.pair_tier(market.listing, pair, world.config)
        if level is None or pair.liquidating_until is not None or level >= _last_rung(daemon, symbol, tier.liquidation_ratio):
            self.below.pop(symbol, None)
            return
        since = self.below.setdefault(symbol, now)
        late = now - since > ACTS_WITHIN_S and self.weather.since(HINDERING, symbol) > now - since + 5
        guard = None if daemon is None else daemon.watch.pairs.get(Symbol(symbol))
        idle = guard is None or not guard.busy
        self.require("F38 the last rung acts", not (late and idle), f"{symbol} at {level:.4f} for {now - since:.0f} s")

    def _health(self, daemon: Daemon, life: Process, passed: float) -> None:
        troubles = daemon.health.troubles()
        quiet = min(self.weather.since(None), self.weather.now() - life.began)
        if quiet > WELL_AFTER_S:
            muted_until = self.weather.now() - self.weather.since(frozenset({"mute"}))
            untried = self.soak.stories.arrived_at <= muted_until  # whether a place works again the next message shows
            wrong = {
                part: why
                for part, why in troubles.items()
                if not (part.startswith("job ") and quiet <= JOBS_WELL_AFTER_S) and not (part == "notifications" and untried)
            }
            self.require("F47 what is over is green again", not wrong, str(wrong))
            self.green_s += 0 if troubles else passed
        for kind in EVERYTHING_RED:
            self._red(daemon, life, kind, "looks")
        # A print by hand is a tick all the same, whatever else is silent.
        if daemon.watch.owing and self.weather.since(PRINTED) >= RED_WITHIN_S:
            self._red(daemon, life, "silent market", "market stream")

    def _red(self, daemon: Daemon, life: Process, kind: str, part: str) -> None:
        spell, now = self.weather.lasting(kind), self.weather.now()
        if any(self.weather.lasting(other) for other in MIXED):
            return  # of two faults that are due one strikes: here and there an answer may be good
        if spell is None or now - spell.since < RED_WITHIN_S or spell.since < life.began + RED_WITHIN_S:
            return
        self.require("F35 F47 a fault that lasts is red", part in daemon.health.troubles(), f"{kind}: {part} is well")

    def _eyes(self, daemon: Daemon) -> None:
        """Polling goes on whatever streams do, and listen tokens never run out."""
        age = daemon.outfit.clock.monotonic() - daemon.watch.read_since
        unhindered = self.weather.since(HINDERING) > 60
        self.require("F35 polling sees everything", age < 40 or not unhindered, f"the last look is {age:.0f} s old")
        for one in self.soak.machine.sockets.hub.connections:
            if isinstance(one, AccountSocket):
                for token in one.subscriptions.values():
                    left = (token.expires_ms - self.soak.world.now_ms) / 1000
                    self.require("F35 a listen token is renewed ahead of its end", left > 60, f"{left:.0f} s are left")

    def _ladders(self, daemon: Daemon) -> None:
        for symbol, pair in daemon.watch.pairs.items():
            known = pair.known
            if known.assigned is None or known.row is None or not known.row.owes or not known.assigned.ladder.rules:
                unguarded = known.row is not None and known.row.owes and self.weather.since(HINDERING, symbol) > 60
                self.require("F49 protection is never dropped", not unguarded, symbol)
            elif symbol == scene.ALERT_ONLY:
                self.require("F49 what nothing matches is an alarm", bool(known.assigned.alarms), symbol)
        misfit, level_pair = self.weather.lasting("other tier"), daemon.watch.pairs.get(Symbol(scene.BY_LEVEL))
        known_long = misfit is not None and self.weather.now() - misfit.since > JOBS_WELL_AFTER_S
        if known_long and level_pair is not None and level_pair.known.row is not None and level_pair.known.row.owes:
            assigned = level_pair.known.assigned
            read = self.weather.since(HINDERING) > JOBS_WELL_AFTER_S
            fits = assigned is None or not assigned.problems
            self.require("F42 a ladder that does not fit gives way", not (fits and read), scene.BY_LEVEL)


def _last_rung(daemon: Daemon | None, symbol: str, liquidation: D) -> D:
    """The level at which the ladder in force closes the pair."""
    guard = None if daemon is None else daemon.watch.pairs.get(Symbol(symbol))
    rules = () if guard is None or guard.known.assigned is None else guard.known.assigned.ladder.rules
    for rule in rules:
        if rule.do is Do.UNWIND and isinstance(rule.when, LevelBelow):
            return rule.when.level
        if rule.do is Do.UNWIND and isinstance(rule.when, DistanceBelow):
            return liquidation / (1 - rule.when.pct / 100)
    return liquidation
