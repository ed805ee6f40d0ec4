"""The testnet as `paper serve` runs it, in a process of its own, with rate limits out of the way: STATE-FOLDER READY-FILE [MORE].

MORE: symbols of pairs that it lists besides, each at 25 USDT, parted by commas; there is a million USDT of spot money then.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from marginbot.paper.books.market import Market
from marginbot.paper.books.market import Path as Course
from marginbot.paper.books.records import Scope
from marginbot.paper.books.wallets import DEFAULT_UID
from marginbot.paper.books.world import World
from marginbot.paper.embedded import exchange_of
from marginbot.paper.exchange import Switches
from marginbot.paper.server import serve
from marginbot.paper.store import open_world
from marginbot.paper.weights import Limits

ENDLESS = 10**9


def clock() -> int:
    return time.time_ns() // 1_000_000


def list_besides(world: World, symbols: list[str]) -> None:
    """Each like SOLUSDT, at a price of its own."""
    like, terms = world.market("SOLUSDT").listing, world.assets["SOL"]
    for symbol in symbols:
        base = symbol.removesuffix("USDT")
        world.assets[base] = replace(terms, asset=base)
        world.markets[symbol] = Market(replace(like, symbol=symbol, base=base), Course.constant(Decimal(25)), Decimal(2_000))
    world.config.max_isolated_accounts = len(world.markets)
    world.fund(DEFAULT_UID, Scope.SPOT, "USDT", Decimal(1_000_000))


def main(state: Path, ready: Path, more: str = "") -> None:
    """Serve until SIGTERM; `ready` holds where as soon as connections are accepted."""
    with open_world(state, clock(), "empty") as opened:
        if more:
            list_besides(opened.world, more.split(","))
        opened.world.config.order_limit_10s = opened.world.config.order_limit_day = ENDLESS
        switches = Switches(limits=Limits(ENDLESS, ENDLESS, ENDLESS, ENDLESS, ENDLESS))
        exchange = exchange_of(opened.world, clock, switches=switches)
        serve(exchange, lambda urls: _tell(ready, json.dumps(urls)), opened=opened)


def _tell(ready: Path, text: str) -> None:
    half = ready.with_suffix(".half")
    half.write_text(text)
    half.replace(ready)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:])
