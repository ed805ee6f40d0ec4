"""A random price: a seeded jump-diffusion in whole numbers, the same on every machine and after every restart."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from math import isqrt
from typing import ClassVar

from marginbot.paper.books.amounts import CONTEXT
from marginbot.paper.books.codec import DERIVED
from marginbot.paper.books.market_pace import NEVER

SECOND, DAY_S = 1000, 86_400
# Steps of one block; the walk remembers one price of each, so that any moment is at most a block away.
BLOCK = 3600
KEPT = 3
PRICE_DIGITS, RATIO_DIGITS = 16, 15
RATIO = 10**RATIO_DIGITS
LEAST = 10 ** (PRICE_DIGITS - 8)
_WORD = (1 << 64) - 1
# Four uniform 16-bit numbers have this standard deviation, in 2**-16.
_DEVIATION = 37_837


@dataclass(slots=True)
class Walk:
    """One step a second of market time from `price`: a normal move, and now and then a jump up or down.

    daily_volatility, jump_size (its middle), drift: plain ratios a day, jumps: how many a day. blocks: the price at the
    beginning of each block reached so far, in 1e-16. The same fields give the same prices for ever.
    """

    step_ms: ClassVar[int] = SECOND
    ends_at: ClassVar[int] = NEVER

    price: Decimal
    seed: int
    start_ms: int = 0
    daily_volatility: Decimal = Decimal("0.04")
    jumps: Decimal = Decimal(2)
    jump_size: Decimal = Decimal("0.02")
    drift: Decimal = Decimal(0)
    blocks: list[str] = field(default_factory=list)
    _steps: dict[int, list[int]] = field(default_factory=dict, repr=False, compare=False, metadata=DERIVED)

    def __post_init__(self) -> None:
        if self.price <= 0 or not 0 <= self.daily_volatility <= 10 or not 0 <= self.jumps <= DAY_S:
            raise ValueError("a walk begins above zero, moves by at most 10 a day and jumps at most once a second")
        if not 0 <= self.jump_size <= Decimal("0.5") or abs(self.drift) > 10:
            raise ValueError("a walk jumps by at most 0.5 and drifts by at most 10 a day")
        if not self.blocks:
            self.blocks.append(str(max(_scaled(self.price, 10**PRICE_DIGITS), LEAST)))

    def at(self, market_ms: int) -> Decimal:
        block, step = divmod(max(market_ms - self.start_ms, 0) // SECOND, BLOCK)
        return Decimal(self._block(block)[step]).scaleb(-PRICE_DIGITS, CONTEXT)

    def between(self, start_ms: int, end_ms: int) -> list[Decimal]:
        """The first and the last price of a span and its lowest and highest in each block."""
        first, last = (max(moment - self.start_ms, 0) // SECOND for moment in (start_ms, end_ms))
        found = [self.at(start_ms)]
        for block in range(first // BLOCK, last // BLOCK + 1):
            steps = self._block(block)[max(first - block * BLOCK, 0) : last - block * BLOCK + 1][:BLOCK]
            found += [Decimal(price).scaleb(-PRICE_DIGITS, CONTEXT) for price in (min(steps), max(steps))]
        return [*found, self.at(end_ms)]

    def _block(self, number: int) -> list[int]:
        """The prices of a block and the first one of the next."""
        steps = self._steps.get(number)
        if steps is None:
            for before in range(len(self.blocks), number + 1):
                # The last price of a block is where the next one begins.
                self.blocks.append(str(self._walked(before - 1)[-1]))
            steps = self._walked(number)
            while len(self._steps) >= KEPT + DAY_S // BLOCK:
                del self._steps[next(iter(self._steps))]
            self._steps[number] = steps
        return steps

    def _walked(self, number: int) -> list[int]:
        known = self._steps.get(number)
        if known is not None:
            return known
        # Of the square root of a day's seconds, three digits are kept.
        deviation = _scaled(self.daily_volatility, RATIO) * 1000 // isqrt(DAY_S * 10**6)
        chance = _scaled(self.jumps, 1 << 64) // DAY_S
        jump, drift = _scaled(self.jump_size, RATIO), _scaled(self.drift, RATIO) // DAY_S
        price = int(self.blocks[number])
        prices = [price]
        for step in range(number * BLOCK + 1, (number + 1) * BLOCK + 1):
            word = _noise(self.seed, 2 * step)
            four = (word & 0xFFFF) + (word >> 16 & 0xFFFF) + (word >> 32 & 0xFFFF) + (word >> 48)
            move = drift + (four - 131_070) * deviation // _DEVIATION
            lot = _noise(self.seed, 2 * step + 1)
            if lot < chance:
                move += _jump(_noise(self.seed ^ lot, step), jump)
            price = max(price + price * move // RATIO, LEAST)
            prices.append(price)
        return prices


def _jump(word: int, size: int) -> int:
    """From half to one and a half of `size`, up or down."""
    width = size // 2 + size * (word >> 1 & 0xFFFF_FFFF) // (1 << 32)
    return width if word & 1 else -width


def _noise(seed: int, number: int) -> int:
    """The `number`th 64-bit word of the generator `seed` (splitmix64), without those before it."""
    word = (seed * 0xD1342543DE82EF95 + number * 0x9E3779B97F4A7C15) & _WORD
    word = (word ^ word >> 30) * 0xBF58476D1CE4E5B9 & _WORD
    word = (word ^ word >> 27) * 0x94D049BB133111EB & _WORD
    return word ^ word >> 31


def _scaled(value: Decimal, unit: int) -> int:
    with localcontext(CONTEXT):
        return int(value * unit)
