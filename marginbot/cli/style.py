"""Colours by danger. Each colour has a word beside it, for NO_COLOR and for those who do not see red."""

from __future__ import annotations

from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from rich.theme import Theme


class Danger(Enum):
    """How near liquidation is; the value is the word shown and the name of the style."""

    SAFE = "safe"
    WATCH = "watch"
    DANGER = "danger"
    CRITICAL = "critical"


_BELOW: Final = (
    (Decimal("3"), Danger.CRITICAL),
    (Decimal("8"), Danger.DANGER),
    (Decimal("20"), Danger.WATCH),
)
"""Distance to liquidation, in percent of what is left of the level, under which each word begins."""

_STYLES: Final = {
    "safe": "green",
    "watch": "yellow",
    "danger": "bold red",
    "critical": "bold white on red",
    "done": "green",
    "waiting": "cyan",
    "refused": "bold red",
    "dim": "dim",
    "heading": "bold",
    "problem": "bold red",
    "hint": "cyan",
}


def danger(margin_level: Decimal | None, liquidation_level: Decimal) -> Danger:
    """How near a margin level is to the level at which the exchange liquidates; nothing owed is safe."""
    if margin_level is None:
        return Danger.SAFE
    distance_pct = (1 - liquidation_level / margin_level) * 100 if margin_level > 0 else Decimal(0)
    return next((word for limit, word in _BELOW if distance_pct < limit), Danger.SAFE)


def theme() -> Theme:
    """The names a table or a report may use in its markup."""
    from rich.theme import Theme

    return Theme(_STYLES)
