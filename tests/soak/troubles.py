"""Troubles of the line and of the machine: each lasts a while, then the world is as it was."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from marginbot.errors import NotificationFailed
from marginbot.paper.faults import Fault
from marginbot.paper.streams.orders import Kind
from tests.soak.weather import Spell

if TYPE_CHECKING:
    from tests.soak.soak import Soak

Trouble = Callable[["Soak"], Awaitable[None]]


async def storm(soak: Soak) -> None:
    """Nearly nothing works, and now and then it did."""
    with soak.weather.spell("storm") as spell:
        for canned in soak.lots.sample(("-1008", "-1001", "-1007", "html_502", "html_504"), 2):
            _arm(soak, spell, 0.3, kind="answer", canned=canned, executed=True)
            _arm(soak, spell, 1.0, kind="answer", canned=canned, executed=False)
        await soak.sleep(soak.lots.uniform(5, 90))


async def drops(soak: Soak) -> None:
    """Connections break, before or after the exchange acted."""
    with soak.weather.spell("drops") as spell:
        for kind in ("connect_error", "read_error", "disconnect"):
            _arm(soak, spell, 0.2, kind=kind)
        await soak.sleep(soak.lots.uniform(10, 120))


async def lost_answers(soak: Soak) -> None:
    """Writes are carried out, and their answers never come."""
    with soak.weather.spell("lost answers") as spell:
        for kind in ("read_error", "read_timeout", "truncated"):
            _arm(soak, spell, 0.25, kind=kind, method="POST")
        await soak.sleep(soak.lots.uniform(60, 300))


async def slow(soak: Soak) -> None:
    """Answers take seconds."""
    with soak.weather.spell("slow") as spell:
        _arm(soak, spell, 0.7, kind="slow", after_ms=soak.lots.choice((900, 2500, 6000)))
        await soak.sleep(soak.lots.uniform(30, 120))


async def limit(soak: Soak) -> None:
    """429 with a time to wait."""
    with soak.weather.spell("limit") as spell:
        path = soak.lots.choice(("/sapi/v1/margin/isolated/account", "/api/v3/*", "*"))
        _arm(soak, spell, 1.0, kind="answer", canned="-1003", path=path, headers={"retry-after": str(soak.lots.randint(2, 20))})
        await soak.sleep(2)
    soak.calm_faults()


async def ban(soak: Soak) -> None:
    """418: the address is banned, and asking again is what must not happen."""
    with soak.weather.spell("ban") as spell:
        seconds = soak.lots.choice((20, 120, 120, 300))
        until_ms = soak.exchange_ms() + seconds * 1000
        body = json.dumps({"code": -1003, "msg": f"Way too much request weight used; IP banned until {until_ms}."})
        _arm(soak, spell, 1.0, kind="answer", status=418, body=body, headers={"retry-after": str(seconds)})
        await soak.sleep(seconds)


async def busy_loans(soak: Soak) -> None:
    """-3007 to every second loan."""
    with soak.weather.spell("busy loans") as spell:
        _arm(soak, spell, 0.5, kind="answer", canned="-3007", method="POST", path="/sapi/v1/margin/borrow-repay")
        await soak.sleep(soak.lots.uniform(60, 240))


async def pending_transfers(soak: Soak) -> None:
    """Transfers stay PENDING for minutes."""
    with soak.weather.spell("pending"):
        soak.world.config.transfer_pending_ms = soak.lots.choice((5_000, 60_000, 600_000))
        await soak.sleep(600)
        soak.world.config.transfer_pending_ms = 0
        await soak.sleep(600)


async def skew(soak: Soak) -> None:
    """The clock of the machine is set wrong, and right again; or the exchange's goes forward for good."""
    with soak.weather.spell("skew"):
        if soak.lots.random() < 0.4:
            soak.paper.skip(soak.lots.choice((1500, 8000, 20_000)))
            await soak.sleep(20)
            return
        jump = timedelta(seconds=soak.lots.choice((-90, -7, -2, 2, 7, 90)))
        soak.machine.clock.wall_jump += jump
        await soak.sleep(soak.lots.uniform(60, 600))
        soak.machine.clock.wall_jump -= jump
        await soak.sleep(20)


async def silence(soak: Soak) -> None:
    """Streams stay open and say nothing."""
    kind = soak.lots.choice((Kind.MARKET, Kind.ACCOUNT))
    with soak.weather.spell(f"silent {kind.value}"):
        soak.paper.streams.give("silence", {kind})
        await soak.sleep(soak.lots.uniform(20, 300))
        soak.paper.streams.give("resume", {kind})


async def deaf(soak: Soak) -> None:
    """Streams break and cannot be dialled for a while."""
    with soak.weather.spell("deaf"):
        soak.machine.sockets.down = soak.lots.random() < 0.6
        soak.paper.streams.give("drop", {Kind.MARKET, Kind.ACCOUNT})
        await soak.sleep(soak.lots.uniform(5, 120))
        soak.machine.sockets.down = False


async def announced(soak: Soak) -> None:
    """The stream servers are about to restart."""
    soak.paper.streams.give("announce", set())


async def full_disk(soak: Soak) -> None:
    """The journal cannot be written."""
    with soak.weather.spell("full disk"):
        soak.machine.disk.full = True
        await soak.sleep(soak.lots.uniform(30, 480))
        soak.machine.disk.full = False


async def mute(soak: Soak) -> None:
    """Notifications fail."""
    with soak.weather.spell("mute"):
        soak.machine.place.raises = NotificationFailed("HTTP 500")
        await soak.sleep(soak.lots.uniform(60, 900))
        soak.machine.place.raises = None


TROUBLES: dict[str, tuple[Trouble, int]] = {
    "storm of 5xx": (storm, 4), "connection drops": (drops, 4), "lost answers": (lost_answers, 4), "slow answers": (slow, 3),
    "429": (limit, 3), "418": (ban, 2), "-3007": (busy_loans, 2), "PENDING transfers": (pending_transfers, 2),
    "clock jump": (skew, 4), "silent stream": (silence, 4), "dropped streams": (deaf, 4), "stream restart": (announced, 1),
    "unwritable journal": (full_disk, 2), "failing notifications": (mute, 2),
}  # fmt: skip
"""By name: what happens, and how often for its part."""


def _arm(soak: Soak, spell: Spell, chance: float, **fault: Any) -> None:
    """Let requests meet this fault, each by chance, while the spell lasts."""
    soak.paper.faults.add(Fault(count=None, **fault), lambda _sent: spell.lasts and soak.lots.random() < chance)
