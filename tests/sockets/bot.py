"""The command line of somebody: with settings and a state of its own, and what it said in the end."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.contract import check_unwind, only_document
from tests.sockets.process import Running, start
from tests.sockets.server import Server, clean_environment

SECRETS = ("API_SECRET", "API_KEY")


@dataclass(frozen=True)
class Ended:
    """A command line that is over."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document of stdout."""
        return only_document(self.out)

    def unwound(self, code: int = 0) -> Any:
        """The document of `unwind --json`, checked against the contract and the exit code it should have."""
        assert self.code == code, (self.code, self.out, self.err)
        check_unwind(self.document, code)
        return self.document


@dataclass
class Bot:
    """marginbot with settings and a state directory of its own."""

    home: Path
    env: dict[str, str]
    started: list[Running] = field(default_factory=list)

    @property
    def journal(self) -> Path:
        return self.home / "marginbot" / "journal.sqlite"

    def start(self, *words: str, cold: bool = False, **more: str) -> Running:
        """Start a command line and go on. cold: by a new interpreter. more: settings for this one, without their prefix."""
        env = self.env | {f"MARGINBOT_{name}": value for name, value in more.items()}
        out, err = (self.home / f"{len(self.started)}.{name}" for name in ("out", "err"))
        self.started.append(start(words, env, self.home, out, err, cold=cold))
        return self.started[-1]

    def end(self, running: Running) -> Ended:
        """Wait for its end. No key may be in anything it said."""
        code = running.wait()
        ended = Ended(code, running.out.read_text(), running.err.read_text())
        for name in SECRETS:
            secret = self.env.get(f"MARGINBOT_EXCHANGE__{name}")
            assert secret is None or secret not in ended.out + ended.err
        return ended

    def run(self, *words: str, cold: bool = False, **more: str) -> Ended:
        return self.end(self.start(*words, cold=cold, **more))

    def start_unwind(self, symbol: str, *flags: str, cold: bool = False, **more: str) -> Running:
        """`unwind SYMBOL --yes --json`."""
        return self.start("unwind", symbol, "--yes", "--json", *flags, cold=cold, **more)

    def unwind(self, symbol: str, *flags: str, cold: bool = False, **more: str) -> Ended:
        """The same, to its end."""
        return self.end(self.start_unwind(symbol, *flags, cold=cold, **more))

    def close(self) -> None:
        """End whatever a failed test left behind."""
        for running in self.started:
            running.process.kill()
            running.wait()


def a_bot(home: Path, server: Server, **exchange: str) -> Bot:
    """A live bot whose exchange is the server. `exchange`: settings of `exchange.*` instead of the usual HMAC key."""
    home.mkdir(exist_ok=True)
    keys = exchange or {"API_KEY": server.key(), "API_SECRET": server.ready["api_secret"]}
    settings = {"MARGINBOT_VENUE": "live", "MARGINBOT_EXCHANGE__REST_URL": server.url}
    settings |= {f"MARGINBOT_EXCHANGE__{name}": value for name, value in keys.items()}
    return Bot(home, clean_environment(home) | settings)
