"""The fence check: a bid at or below, or an ask at or above a pair's fence makes somebody look."""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from marginbot.domain.amounts import Symbol
from marginbot.domain.margin import Fence
from marginbot.engine.daemon.fences import Fences
from marginbot.engine.daemon.hush import Hush

BTCUSDT = Symbol("BTCUSDT")


@pytest.mark.parametrize(
    ("bid", "ask", "crosses"),
    [(96, 97, False), (95, 97, True), (94, 97, True), (104, 104.9, False), (104, 105, True), (104, 106, True)],
)
def test_a_tick_at_or_beyond_either_edge_crosses(bid: float, ask: float, crosses: bool):
    crossed: list[Symbol] = []
    fences = Fences(crossed.append, Hush().calm)
    fences.put(BTCUSDT, Fence(D(95), D(105)))
    fences.tick("BTCUSDT", bid, ask)
    assert crossed == ([BTCUSDT] if crosses else [])


def test_a_side_without_an_edge_and_a_pair_without_a_fence_are_never_crossed():
    crossed: list[Symbol] = []
    fences = Fences(crossed.append, Hush().calm)
    fences.put(BTCUSDT, Fence(D(95), None))
    fences.tick("BTCUSDT", 1e12, 1e12)
    fences.tick("ETHUSDT", 0.0, 1e12)
    assert crossed == []


def test_a_fence_that_is_lifted_causes_nothing_until_a_new_one_is_put():
    crossed: list[Symbol] = []
    fences = Fences(crossed.append, Hush().calm)
    fences.put(BTCUSDT, Fence(D(95), None))
    fences.lift(BTCUSDT)
    fences.tick("BTCUSDT", 90, 91)
    assert crossed == []
    fences.put(BTCUSDT, Fence(D(95), None))
    fences.tick("BTCUSDT", 90, 91)
    assert (crossed, fences.ticks) == ([BTCUSDT], 2)


def test_the_middle_of_the_last_tick_is_remembered_to_the_digit():
    fences = Fences(lambda _symbol: None, Hush().calm)
    assert fences.mid(BTCUSDT) is None
    fences.tick("BTCUSDT", 0.1, 0.3)
    assert fences.mid(BTCUSDT) == D("0.2")
