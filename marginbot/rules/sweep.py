"""Sweeping: equity home to the spot wallet, at most what the exchange lets out."""

from __future__ import annotations

from marginbot.domain.account import AssetBalance
from marginbot.domain.amounts import ZERO, floor_crumb, plain
from marginbot.domain.look import Look
from marginbot.domain.plan import Need, Plan, Sweep, Verdict


def sweep(look: Look) -> Plan:
    """The last leg, for a pair that owes nothing and has nothing left to trade."""
    held = [side for side in (look.account.base, look.account.quote) if floor_crumb(side.free) > ZERO]
    if not held:
        return Plan(Verdict.DONE, f"{look.account.symbol} owes nothing and its isolated wallet is empty")
    if look.transferable is None:
        return Plan(Verdict.WAIT, "asking what may leave the isolated wallet", needs=frozenset({Need.TRANSFERABLE}))
    steps = tuple(step for side in held if (step := _sweep_of(look, side)) is not None)
    if steps:
        return Plan(Verdict.ACT, "nothing is owed: the equity goes home to spot", steps)
    return Plan(
        Verdict.WAIT,
        f"the exchange lets nothing out of {look.account.symbol} yet",
        remains=tuple(f"{plain(side.free)} {side.asset}" for side in held),
        needs=frozenset({Need.TRANSFERABLE}),
    )


def _sweep_of(look: Look, side: AssetBalance) -> Sweep | None:
    allowed = (look.transferable or {}).get(side.asset)
    if allowed is None:
        return None
    amount = floor_crumb(min(side.free, allowed))
    if amount <= ZERO:
        return None
    because = f"{plain(side.free)} {side.asset} are free, {plain(allowed)} may leave, nothing is owed"
    return Sweep(look.account.symbol, side.asset, amount, because)
