"""The testnet as `paper serve` runs it, in a process of its own, with rate limits out of the way: STATE-FOLDER READY-FILE."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from marginbot.paper.embedded import exchange_of
from marginbot.paper.exchange import Switches
from marginbot.paper.server import serve
from marginbot.paper.store import open_world
from marginbot.paper.weights import Limits

ENDLESS = 10**9


def clock() -> int:
    return time.time_ns() // 1_000_000


def main(state: Path, ready: Path) -> None:
    """Serve until SIGTERM; `ready` holds where as soon as connections are accepted."""
    with open_world(state, clock(), "empty") as opened:
        opened.world.config.order_limit_10s = opened.world.config.order_limit_day = ENDLESS
        switches = Switches(limits=Limits(ENDLESS, ENDLESS, ENDLESS, ENDLESS, ENDLESS))
        exchange = exchange_of(opened.world, clock, switches=switches)
        serve(exchange, lambda urls: _tell(ready, json.dumps(urls)), opened=opened)


def _tell(ready: Path, text: str) -> None:
    half = ready.with_suffix(".half")
    half.write_text(text)
    half.replace(ready)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
