"""`marginbot run` as a process of its own beside a served exchange: begun with a policy, followed by what it logs."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.sockets.bot import Bot, Running, a_bot
from tests.sockets.server import Server, served, until


@dataclass
class Daemon:
    """A daemon under way. Its log is one JSON object a line."""

    bot: Bot
    running: Running

    def log(self) -> list[dict[str, Any]]:
        """Every whole line so far."""
        if not self.running.err.exists():
            return []
        lines = self.running.err.read_text().split("\n")[:-1]
        return [json.loads(line) for line in lines if line.startswith("{")]

    def told(self, event: str, symbol: str | None = None) -> list[dict[str, Any]]:
        """Lines of one kind, of one pair or of all."""
        return [line for line in self.log() if line["event"] == event and symbol in (None, line.get("symbol"))]

    def fired(self, symbol: str) -> list[str]:
        """Names of the rules that fired on a pair, in order."""
        return [line["rule"] for line in self.told("a rule fired", symbol)]

    def ended(self, symbol: str) -> list[tuple[str, str]]:
        """Rule and outcome of every errand of a pair that came to an end."""
        return [(line["rule"], line["outcome"]) for line in self.told("an errand ended", symbol)]

    def until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait for it. What the daemon said is part of the failure."""
        try:
            until(condition, what)
        except AssertionError as vain:
            raise AssertionError(f"{vain}\n{self.running.err.read_text()[-6000:]}") from None

    def stop(self) -> None:
        """SIGTERM ends it with exit 0, and it never had to show a traceback."""
        self.running.signal(signal.SIGTERM)
        ended = self.bot.end(self.running)
        assert ended.code == 0, ended.err[-3000:]
        assert "Traceback" not in ended.err, ended.err[-6000:]
        assert "a defect of marginbot" not in ended.err, ended.err[-6000:]

    def steps(self, symbol: str) -> list[dict[str, Any]]:
        """What the journal has of a pair."""
        return list(self.bot.run("journal", "--symbol", symbol, "--json").document["entries"])


def watched_from(server: Server, home: Path, policy: str) -> Bot:
    """A live bot with that policy, whose exchange and streams are the server."""
    bot = a_bot(home, server)
    file = home / "policy.toml"
    file.write_text(policy)
    sockets = f"ws{server.url.removeprefix('http')}"
    bot.env |= {
        "MARGINBOT_POLICY__FILE": str(file),
        "MARGINBOT_EXCHANGE__STREAM_URL": sockets,
        "MARGINBOT_EXCHANGE__WS_API_URL": f"{sockets}/ws-api/v3",
    }
    return bot


def begun(bot: Bot, server: Server, *symbols: str, flags: tuple[str, ...] = ()) -> Daemon:
    """Start it; return once it has asked for the book of every one of these pairs, as a first look does."""
    before = len(server.log())
    daemon = Daemon(bot, bot.start("run", *flags))

    def looked() -> bool:
        asked = {entry["params"].get("symbol") for entry in server.log()[before:] if entry["path"] == "/api/v3/depth"}
        return bool(daemon.told("watching")) and asked >= set(symbols)

    daemon.until(looked, "the daemon never looked at every pair")
    return daemon


@contextmanager
def a_world(folder: Path, scenario: Mapping[str, Any]) -> Iterator[Server]:
    """A served exchange that begins as the scenario says."""
    file = folder / "scenario.json"
    file.write_text(json.dumps(scenario))
    with served(folder, "--scenario", str(file)) as server:
        yield server


def long_of(symbol: str, base: str, borrowed: str, idle: str = "0") -> dict[str, str]:
    """A position that owes quote."""
    return {"symbol": symbol, "base": base, "quote": idle, "quote_borrowed": borrowed}


def falls(server: Server, symbol: str, points: list[tuple[int, str]], smoothing_s: int = 2) -> None:
    """From now on the price follows (seconds, price)."""
    event = {"at": 0, "do": "drive_price", "symbol": symbol, "kind": "script", "points": points, "smoothing_s": smoothing_s}
    server.control("POST", "event", event)


def price_of(server: Server, symbol: str) -> Decimal:
    """The last price of a pair."""
    return Decimal(server.http.get("/api/v3/ticker/price", params={"symbol": symbol}).json()["price"])
