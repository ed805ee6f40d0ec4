"""Which ladder guards a pair, and what its owner must be told about that."""

from __future__ import annotations

from dataclasses import dataclass, replace

from marginbot.domain.amounts import Symbol
from marginbot.domain.market import Tier
from marginbot.domain.policy import Ladder, Policy, Preset
from marginbot.rules.presets import resolve
from marginbot.rules.soundness import problems


@dataclass(frozen=True, slots=True)
class Assigned:
    """The ladder a pair is guarded by. alarms: what is not as the owner may think. problems: why a written one does not fit."""

    ladder: Ladder
    alarms: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


def assign(policy: Policy, symbol: Symbol, tier: Tier, owes: bool) -> Assigned:
    """The first ladder that matches the pair; one that does not fit its tier gives way to the preset `balanced` and an alarm.

    A pair that nothing matches is watched by `alert-only`, and while it `owes` that is an alarm. tier: the pair's at this
    look; ask again when it changes.
    """
    written = policy.ladder_of(symbol)
    if written is None and policy.preset is not None:
        return Assigned(resolve(policy.preset, tier))
    if written is None:
        alarm = f"{symbol} owes and no policy matches it: it is watched by the preset {Preset.ALERT_ONLY.value}, nobody acts"
        return Assigned(resolve(Preset.ALERT_ONLY, tier), (alarm,) if owes else ())
    if written.preset is not None:
        return Assigned(replace(resolve(written.preset, tier), pairs=written.pairs, backstop=written.backstop))
    wrong = problems(written, tier)
    if not wrong:
        return Assigned(written)
    instead = f"the preset {Preset.BALANCED.value} guards the pair instead"
    alarm = f"the policy {written.name!r} does not fit {symbol}: {wrong[0]}; {instead}"
    return Assigned(replace(resolve(Preset.BALANCED, tier), backstop=written.backstop), (alarm,), wrong)
