"""What whoever runs the exchange wants of its streams: silence, cut connections, the announcement of a restart."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """Of a connection: market streams, or the WebSocket API with its account events."""

    MARKET = "market"
    ACCOUNT = "account"


@dataclass(slots=True)
class StreamOrders:
    """Read by the hub at its next pulse. A silent kind keeps its connections and its answers, but sends no event."""

    silent: set[Kind] = field(default_factory=set)
    cut: set[Kind] = field(default_factory=set)
    announce: bool = False

    def give(self, do: str, kinds: set[Kind]) -> None:
        """`drop`, `silence`, `resume` or `announce` (a restart, on all). Raises: ValueError for anything else."""
        if do == "drop":
            self.cut |= kinds
        elif do == "silence":
            self.silent |= kinds
        elif do == "resume":
            self.silent -= kinds
        elif do == "announce":
            self.announce = True
        else:
            raise ValueError(f"streams cannot {do!r}; they can drop, silence, resume and announce")
