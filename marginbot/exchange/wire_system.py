"""Answers about the exchange and the account as a whole: maintenance, BNB switches, delistings."""

from __future__ import annotations

import msgspec

from marginbot.domain.amounts import Symbol
from marginbot.domain.records import Delisting
from marginbot.exchange.messages import Answer
from marginbot.exchange.wire import instant, read


class _SystemStatus(msgspec.Struct):
    status: int


class _BnbBurn(msgspec.Struct):
    interestBNBBurn: bool


class _Delisting(msgspec.Struct):
    delistTime: int
    isolatedMarginSymbols: list[str]


def read_system_normal(answer: Answer) -> bool:
    """Whether the exchange says it is at work (0), not in maintenance (1)."""
    return read(answer, _SystemStatus, lambda body: body.status == 0)


def read_interest_in_bnb(answer: Answer) -> bool:
    """Whether interest is charged in BNB."""
    return read(answer, _BnbBurn, lambda body: body.interestBNBBurn)


def read_delistings(answer: Answer) -> tuple[Delisting, ...]:
    """Isolated pairs that leave margin, each with its time (seconds or milliseconds by magnitude), soonest first."""
    return read(
        answer,
        list[_Delisting],
        lambda rows: tuple(
            sorted(
                (
                    Delisting(Symbol(symbol), instant(row.delistTime, "delistTime"))
                    for row in rows
                    for symbol in row.isolatedMarginSymbols
                ),
                key=lambda found: (found.at, found.symbol),
            )
        ),
    )
