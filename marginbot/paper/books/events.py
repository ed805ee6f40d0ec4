"""What happens once in a world without its customer asking: at a running time, or at a certain request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from marginbot.paper.books.refusal import Refusal

if TYPE_CHECKING:
    from marginbot.paper.books.world import World

DONE, IMPOSSIBLE = "done", "impossible"
LATEST_S, LAST_REQUEST = 10 * 366 * 86_400, 10**9
_OWN = frozenset({"at", "on", "params", "nth", "after", "do"})


@dataclass(slots=True)
class Event:
    """`do` is a name of actions.ACTIONS, `values` its arguments. Due at running time `at_ms`, or at a request.

    on: `METHOD /path` as a shell pattern; params: what that request must have sent; nth: which of those requests.
    after: once that request was carried out (refused ones do not count), else right before. seen: such requests so far.
    outcome: empty until it happened, then `done`, or the refusal it met, or why it was impossible.
    """

    do: str
    values: dict[str, Any] = field(default_factory=dict)
    at_ms: int | None = None
    on: str = ""
    params: dict[str, str] = field(default_factory=dict)
    nth: int = 1
    after: bool = False
    seen: int = 0
    outcome: str = ""


@dataclass(slots=True)
class ArmedFault:
    """A fault of the scenario: the fields of paper.faults.Fault, and how many requests have met it."""

    fields: dict[str, Any]
    seen: int = 0
    disarmed: bool = False


def at(seconds: float, do: str, **values: Any) -> Event:
    """`do` happens after so many seconds of running time; 0 is part of the beginning."""
    return Event(do, values, at_ms=round(seconds * 1000))


def on(request: str, do: str, nth: int = 1, after: bool = False, params: dict[str, str] | None = None, **values: Any) -> Event:
    """`do` happens at the nth request that matches `METHOD /path` and `params`: before it acts, or after."""
    return Event(do, values, on=request, params=params or {}, nth=nth, after=after)


def event_from_row(row: Mapping[str, Any]) -> Event:
    """An event as a file or the control API writes it: `at` or `on`, `do`, and the action's own arguments beside them.

    Raises: ValueError for anything else.
    """
    values = {name: value for name, value in row.items() if name not in _OWN}
    if not isinstance(row.get("do"), str) or ("at" in row) == ("on" in row):
        raise ValueError("an event has `do`, and either `at` (seconds) or `on` (METHOD /path)")
    if "at" in row:
        if extra := set(row) & {"params", "nth", "after"}:
            raise ValueError(f"an event with `at` has no {', '.join(sorted(extra))}")
        if not 0 <= float(row["at"]) <= LATEST_S:
            raise ValueError("an event happens 0 seconds to ten years from now")
        return at(float(row["at"]), row["do"], **values)
    params = {str(name): str(value) for name, value in dict(row.get("params", {})).items()}
    if not 1 <= int(row.get("nth", 1)) <= LAST_REQUEST:
        raise ValueError(f"an event happens at the first to the {LAST_REQUEST:,}th request")
    return on(str(row["on"]), row["do"], int(row.get("nth", 1)), bool(row.get("after", False)), params, **values)


def add(world: World, event: Event) -> None:
    """Plan `event`, its time counted from now. What is due at once happens at once; ValueError when it cannot."""
    from marginbot.paper.books.actions import check

    check(event.do, event.values)
    if event.at_ms is not None:
        event.at_ms += world.running_ms
        world.wake_at(event.at_ms)
    world.events.append(event)
    happen(world)
    if event.outcome.startswith(IMPOSSIBLE):
        world.events.remove(event)
        raise ValueError(f"{event.do}: {event.outcome}")


def happen(world: World) -> None:
    """Everything whose running time has come, in order."""
    if not world.events:
        return
    due = [event for event in world.events if _is_waiting(event) and (event.at_ms or 0) <= world.running_ms]
    for event in sorted(due, key=lambda event: event.at_ms or 0):
        _happens(world, event)


def at_request(world: World, method: str, path: str, params: Mapping[str, str], *, after: bool) -> None:
    """Everything planned for this request."""
    request = f"{method} {path}"
    for event in world.events:
        if event.outcome or not event.on or event.after is not after or not fnmatchcase(request, event.on):
            continue
        if any(params.get(name) != value for name, value in event.params.items()):
            continue
        event.seen += 1
        if event.seen == event.nth:
            _happens(world, event)


def moments(world: World) -> list[int]:
    """Running times at which something is planned."""
    return [event.at_ms or 0 for event in world.events if _is_waiting(event)]


def _is_waiting(event: Event) -> bool:
    return not event.outcome and event.at_ms is not None


def _happens(world: World, event: Event) -> None:
    from marginbot.paper.books.actions import act

    event.outcome = DONE
    try:
        act(world, event.do, event.values)
    except Refusal as refusal:
        # The owner may be refused like anybody else.
        event.outcome = str(refusal)
    except (ValueError, ArithmeticError, LookupError, TypeError) as problem:
        event.outcome = f"{IMPOSSIBLE}: {problem!r}"
