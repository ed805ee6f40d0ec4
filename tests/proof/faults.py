"""What can go wrong with one request: every kind of fault, which requests it fits, and how the run should end then."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any, NamedTuple

from tests.engine.stage import ACCOUNT, LOAN, OPEN_ORDERS, ORDER, TRANSFER, WRITES
from tests.virtual_time import START


class Spot(NamedTuple):
    """One request of a run: the nth of its method and path. `signed`: it carries a timestamp."""

    method: str
    path: str
    nth: int
    signed: bool = True

    def __str__(self) -> str:
        return f"{self.method} {self.path} #{self.nth}"


Fits = Callable[[Spot], bool]


@dataclass(frozen=True)
class Trouble:
    """One kind of fault, which strikes one request once unless it says otherwise.

    fields: of paper.faults.Fault, besides where it strikes. also: more faults, whole, in force from the beginning.
    switches: of the books, from this request until its record is settled. lags: so many account answers repeat the last.
    exit_codes: how a run may end; all but 0 are finished by the next run.
    """

    name: str
    fits: Fits
    fields: Mapping[str, Any] | None = None
    also: tuple[Mapping[str, Any], ...] = ()
    switches: Mapping[str, Any] = field(default_factory=dict)
    lags: int = 0
    exit_codes: tuple[int, ...] = (0,)

    def faults(self, spot: Spot) -> list[dict[str, Any]]:
        """The fields of every fault to arm, the one that must strike first."""
        here = {"method": spot.method, "path": spot.path, "skip": spot.nth - 1}
        own = [] if self.fields is None else [here | dict(self.fields)]
        return own + [dict(fields) for fields in self.also]


def is_write(spot: Spot) -> bool:
    return spot.method in WRITES


def is_read(spot: Spot) -> bool:
    return not is_write(spot)


def to(method: str, path: str) -> Fits:
    return lambda spot: (spot.method, spot.path) == (method, path)


def _answer(name: str, fits: Fits, canned: str, exit_codes: tuple[int, ...] = (0,), **more: Any) -> Trouble:
    return Trouble(name, fits, {"kind": "answer", "canned": canned, **more}, exit_codes=exit_codes)


BAN = {"kind": "answer", "status": 418, "body": '{"code":-1003,"msg":"Way too many requests."}', "headers": {"Retry-After": "5"}}
BAN_END_MS = round(START.timestamp() * 1000) + 15_000
"""No run without a fault takes that long, so a ban until then always lasts a while."""
BAN_IN_WORDS = {
    "kind": "answer",
    "status": 429,
    "body": f'{{"code":-1003,"msg":"Way too much request weight used; IP banned until {BAN_END_MS}. Please slow down."}}',
}

READS = (
    Trouble("lost", is_read, {"kind": "disconnect"}),
    Trouble("lost in silence", is_read, {"kind": "read_timeout"}),
    Trouble("never sent", is_read, {"kind": "connect_error"}),
    Trouble("slow", is_read, {"kind": "slow", "after_ms": 3_000}),
    Trouble("cut off", is_read, {"kind": "truncated"}),
    Trouble("unknown keys", is_read, {"kind": "extra_keys"}),
    _answer("empty", is_read, "empty"),
    _answer("400 with -1000", is_read, "-1000", status=400),
    _answer("503 with -1008", is_read, "-1008"),
    _answer("502 page", is_read, "html_502"),
    _answer("403 page", is_read, "html_403", exit_codes=(4,)),
    _answer("429", is_read, "-1003"),
    _answer("200 with -1003", is_read, "-1003", status=200),
    Trouble("banned for 5 s", is_read, BAN),
    _answer("-1021 once", lambda spot: is_read(spot) and spot.signed, "-1021"),
)
"""For reads it makes no difference whether the exchange acted, nor how a connection broke, nor which of its 5xx bodies came."""

ACCOUNTS = (
    Trouble("all zero", to("GET", ACCOUNT), {"kind": "rewrite", "rewrite": "all_zero"}),
    Trouble("wrong row first", to("GET", ACCOUNT), {"kind": "rewrite", "rewrite": "reversed_rows"}),
    Trouble("one account answer late", lambda spot: to("GET", ACCOUNT)(spot) and spot.nth > 1, lags=1),
    Trouble("three account answers late", lambda spot: to("GET", ACCOUNT)(spot) and spot.nth > 1, lags=3),
)
HISTORIES = tuple(Trouble("no rows", to("GET", path), {"kind": "rewrite", "rewrite": "no_rows"}) for path in (LOAN, TRANSFER))

_LOSSES = ("disconnect", "read_timeout", "read_error", "write_error", "write_timeout")
_BODIES = ("-1000", "-1001", "-1006", "-1007", "-1008", "html_502", "html_504", "empty")
_SAID = {True: "executed", False: "not executed"}

WRITES_LOST = (
    *(
        Trouble(f"{kind}, {_SAID[executed]}", is_write, {"kind": kind, "executed": executed})
        for kind, executed in product(_LOSSES, (True, False))
    ),
    *(
        _answer(f"{canned}, {_SAID[executed]}", is_write, canned, executed=executed)
        for canned, executed in product(_BODIES, (True, False))
    ),
    *(
        _answer(f"200 with -1007, {_SAID[executed]}", is_write, "-1007", status=200, executed=executed)
        for executed in (True, False)
    ),
    Trouble("cut off", is_write, {"kind": "truncated"}),
    Trouble("late, and nobody hears", is_write, {"kind": "read_timeout", "executed": True, "before_ms": 4_500}),
)
WRITES_HARMLESS = (
    Trouble("never sent", is_write, {"kind": "connect_error"}),
    Trouble("never sent after a while", is_write, {"kind": "connect_timeout"}),
    Trouble("slow", is_write, {"kind": "slow", "after_ms": 9_000}),
    Trouble("slower than anybody waits", is_write, {"kind": "slow", "after_ms": 15_000}),
    Trouble("unknown keys", is_write, {"kind": "extra_keys"}),
    _answer("429", is_write, "-1003"),
    _answer("-1021 once", is_write, "-1021"),
    Trouble("banned for 5 s", is_write, BAN),
    Trouble("banned until a time in words", is_write, BAN_IN_WORDS),
    _answer("200 with -1003", is_write, "-1003", status=200),
    _answer("403 page", is_write, "html_403", exit_codes=(1,)),
    _answer("404 page", is_write, "html_404", exit_codes=(1,)),
)
CANCELS = (_answer("-2011", to("DELETE", OPEN_ORDERS), "-2011"),)
ORDERS = (
    _answer("-2010", to("POST", ORDER), "-2010"),
    _answer("-1015", to("POST", ORDER), "-1015"),
    Trouble(
        "executed and lost, then -2013 for a while",
        to("POST", ORDER),
        {"kind": "disconnect", "executed": True},
        also=({"kind": "answer", "canned": "-2013", "method": "GET", "path": ORDER, "count": 4},),
    ),
)
LOANS = (
    *(_answer(code, to("POST", LOAN), code) for code in ("-3007", "-3015", "-3041", "-3044")),
    _answer("-3044, executed", to("POST", LOAN), "-3044", executed=True),
    Trouble("PENDING for a while", to("POST", LOAN), switches={"loan_pending_ms": 20_000}),
    Trouble("FAILED in the end", to("POST", LOAN), switches={"loan_pending_ms": 3_000, "loans_fail": True}),
    Trouble(
        "executed and lost, and no record for a while",
        to("POST", LOAN),
        {"kind": "disconnect", "executed": True},
        also=({"kind": "rewrite", "rewrite": "no_rows", "method": "GET", "path": LOAN, "count": 3},),
    ),
)
TRANSFERS = (
    *(_answer(code, to("POST", TRANSFER), code) for code in ("-3005", "-3020", "-3000")),
    _answer("-3000, executed", to("POST", TRANSFER), "-3000", executed=True),
    Trouble("PENDING for a while", to("POST", TRANSFER), switches={"transfer_pending_ms": 30_000}),
    Trouble("FAILED in the end", to("POST", TRANSFER), switches={"transfer_pending_ms": 3_000, "transfers_fail": True}),
    Trouble(
        "executed and lost, and no record for a while",
        to("POST", TRANSFER),
        {"kind": "disconnect", "executed": True},
        also=({"kind": "rewrite", "rewrite": "no_rows", "method": "GET", "path": TRANSFER, "count": 3},),
    ),
)
TROUBLES = (*READS, *ACCOUNTS, *HISTORIES, *WRITES_LOST, *WRITES_HARMLESS, *CANCELS, *ORDERS, *LOANS, *TRANSFERS)


def troubles_of(spot: Spot) -> list[Trouble]:
    """Every kind of fault that fits this request."""
    return [trouble for trouble in TROUBLES if trouble.fits(spot)]
