"""What can drive a pair's price, as data: a constant, a script, a seeded random walk, or recorded candles."""

from __future__ import annotations

from dataclasses import dataclass, fields
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from marginbot.paper.books.market import Candles, Course, Market, Path, Walk

if TYPE_CHECKING:
    from marginbot.paper.books.world import World

INDEX_SECONDS = 10
KINDS = {
    "constant": frozenset({"price"}),
    "script": frozenset({"points"}),
    "walk": frozenset({"price", "seed", "daily_volatility", "jumps", "jump_size", "drift"}),
    "candles": frozenset({"rows", "file", "against", "vanish"}),
}


@dataclass(frozen=True, slots=True)
class Drive:
    """kind: a key of KINDS, which names the fields it takes besides `smoothing_s` and `speed`. Decimals are text.

    points: (seconds from now, price). seed and the next four: see market_walk.Walk. rows, against, vanish: see
    market_candles.Candles; file: a CSV, perhaps gzipped, that whoever reads scenarios turns into rows.
    smoothing_s: the margin index is the mean of the price over so many seconds. speed: of the market's time, 0 to 1000.
    """

    kind: str
    price: str | None = None
    points: list[tuple[int, str]] | None = None
    seed: int | None = None
    daily_volatility: str | None = None
    jumps: str | None = None
    jump_size: str | None = None
    drift: str | None = None
    rows: str | None = None
    file: str | None = None
    against: str | None = None
    vanish: str | None = None
    smoothing_s: int = INDEX_SECONDS
    speed: str = "1"


def apply(world: World, symbol: str, drive: Drive) -> None:
    """From now on `drive` moves the pair. Raises: ValueError when it makes no sense."""
    market = world.market(symbol)
    if not 0 <= drive.smoothing_s <= 3600:
        raise ValueError("an index is smoothed over 0 to 3600 seconds")
    world.set_speed(symbol, Decimal(drive.speed))
    course = course_of(drive, market, market.pace.at(world.running_ms))
    world.set_course(symbol, course, smoothing_s=drive.smoothing_s)


def course_of(drive: Drive, market: Market, start_ms: int) -> Course:
    """The course that begins at market time `start_ms`."""
    takes = KINDS.get(drive.kind)
    if takes is None:
        raise ValueError(f"nothing is driven by {drive.kind!r}; there are {', '.join(KINDS)}")
    own = [field.name for field in fields(drive) if field.name not in ("kind", "smoothing_s", "speed")]
    given = {name: getattr(drive, name) for name in own if getattr(drive, name) is not None}
    if strange := given.keys() - takes:
        raise ValueError(f"{drive.kind} has no {', '.join(sorted(strange))}; it has {', '.join(sorted(takes))}")
    if drive.kind == "script":
        if not drive.points:
            raise ValueError("a script has points of (seconds, price)")
        return Path.through([(int(seconds), str(price)) for seconds, price in drive.points], start_ms)
    if drive.kind == "candles":
        if drive.rows is None:
            raise ValueError("candles need their rows here; files are read for scenario files only")
        vanish = None if drive.vanish is None else Decimal(drive.vanish)
        return Candles(drive.rows, start_ms, drive.against or "long", vanish)
    price = market.mid if drive.price is None else Decimal(drive.price)
    if drive.kind == "constant":
        return Path.constant(price)
    if drive.seed is None:
        raise ValueError("a walk has a seed")
    figures: dict[str, Any] = {name: Decimal(text) for name, text in given.items() if name not in ("price", "seed")}
    return Walk(price, drive.seed, start_ms, **figures)
