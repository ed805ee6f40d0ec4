"""Faults on purpose: which request goes wrong, in which way, and whether the exchange had already acted by then."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from functools import cache
from typing import Literal

import msgspec

from marginbot.paper.books.events import ArmedFault
from marginbot.paper.canned import CANNED
from marginbot.paper.lies import REWRITES
from marginbot.paper.messages import Request, Response
from marginbot.paper.params import lenient_params

Kind = Literal[
    "connect_error",
    "connect_timeout",
    "pool_timeout",
    "write_error",
    "write_timeout",
    "read_error",
    "read_timeout",
    "disconnect",
    "answer",
    "truncated",
    "extra_keys",
    "rewrite",
    "slow",
]

# The client never got a request through, so the exchange cannot have acted.
NEVER_SENT = frozenset({"connect_error", "connect_timeout", "pool_timeout"})
# No answer comes back at all.
LOSSES = NEVER_SENT | {"write_error", "write_timeout", "read_error", "read_timeout", "disconnect"}
# The true answer comes back, changed or late.
_TRUE_ANSWER = frozenset({"truncated", "extra_keys", "rewrite", "slow"})

Predicate = Callable[[Mapping[str, str]], bool]


class Fault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing that goes wrong with the requests it matches.

    method, path: shell patterns (`POST`, `/sapi/v1/margin/*`); params: values the request must have sent.
    skip: so many matching requests pass unharmed first; count: then so many go wrong, None for all of them.
    kind `rewrite`: the true answer comes back as the named function of lies.REWRITES changes it.
    kind `answer`: the client gets `canned` (a name of canned.CANNED) or `status` and `body`; `status` alone overrides.
    executed: whether the exchange acts on the request; None means the usual of the kind: yes when only the answer
    suffers (`read_*`, `disconnect`, `truncated`, `extra_keys`, `rewrite`, `slow`), no otherwise.
    before_ms: held so long after its checks and before it is carried out; after_ms: the answer takes so much longer.
    """

    kind: Kind
    method: str = "*"
    path: str = "*"
    params: dict[str, str] = {}
    skip: int = 0
    count: int | None = 1
    canned: str | None = None
    rewrite: str | None = None
    status: int | None = None
    body: str | None = None
    headers: dict[str, str] = {}
    executed: bool | None = None
    before_ms: int = 0
    after_ms: int = 0

    def __post_init__(self) -> None:
        if self.canned is not None and self.canned not in CANNED:
            raise ValueError(f"no canned answer {self.canned!r}; known: {', '.join(sorted(CANNED))}")
        if self.kind == "answer" and self.canned is None and self.status is None:
            raise ValueError("an answer fault needs `canned` or `status`")
        if self.status is not None and not 200 <= self.status <= 599:
            raise ValueError(f"a status is a number from 200 to 599, not {self.status}")
        if (self.kind == "rewrite") != (self.rewrite in REWRITES):
            raise ValueError(f"a rewrite fault, and no other, needs a `rewrite` out of {', '.join(REWRITES)}")
        if self.executed and self.kind in NEVER_SENT:
            raise ValueError(f"{self.kind} means the request was never sent: it cannot have been executed")
        if self.executed is False and self.kind in _TRUE_ANSWER:
            raise ValueError(f"{self.kind} changes the true answer: there is none without executing")

    @property
    def acts(self) -> bool:
        """Whether the exchange carries the request out."""
        if self.executed is not None:
            return self.executed
        return self.kind in _TRUE_ANSWER or self.kind in {"read_error", "read_timeout", "disconnect"}

    @property
    def loses(self) -> bool:
        """Whether the client gets no answer."""
        return self.kind in LOSSES

    def spoil(self, true: Response | None) -> Response:
        """What the client reads, given the true answer (None when the exchange did not act)."""
        if self.kind == "answer" or true is None:
            return self._instead()
        if self.kind == "truncated":
            return Response(true.status, true.body[: len(true.body) // 2], true.headers)
        if self.kind in ("extra_keys", "rewrite"):
            return rewritten(true, self.rewrite or "extra_keys")
        return true

    def _instead(self) -> Response:
        base = CANNED[self.canned] if self.canned else Response(self.status or 500, b"")
        body = base.body if self.body is None else self.body.encode()
        extra = tuple((name.lower().encode(), value.encode()) for name, value in self.headers.items())
        return Response(self.status or base.status, body, base.headers + extra)

    def matches(self, request: Request, sent: Callable[[], Mapping[str, str]]) -> bool:
        return (
            fnmatchcase(request.method, self.method)
            and fnmatchcase(request.path, self.path)
            and all(sent().get(name) == value for name, value in self.params.items())
        )


class FaultScript:
    """The faults in force, in the order they were added; the first that is due for a request strikes it.

    scenario: those the world brought with it. They go on counting where they were when the world was saved.
    """

    def __init__(self, faults: Iterable[Fault] = (), scenario: Iterable[ArmedFault] = ()) -> None:
        self._armed: list[_Armed] = [_Armed(msgspec.convert(record.fields, Fault), None, record) for record in scenario]
        for fault in faults:
            self.add(fault)

    def add(self, fault: Fault, when: Predicate | None = None) -> None:
        """Arm `fault`; `when` may look at the request's decoded parameters too."""
        self._armed.append(_Armed(fault, when, ArmedFault({})))

    def clear(self) -> None:
        """Disarm all, those of the scenario for good."""
        for armed in self._armed:
            armed.disarm()
        self._armed.clear()

    def pending(self) -> list[Fault]:
        """Faults that can still strike."""
        return [armed.fault for armed in self._armed if not armed.spent]

    def pick(self, request: Request) -> Fault | None:
        """The fault that strikes this request, counted as used."""
        if not self._armed:
            return None
        sent = cache(lambda: lenient_params(request.query, request.body))
        for armed in self._armed:
            if armed.strikes(request, sent):
                return armed.fault
        return None


class _Armed:
    """A fault and how often it was met, which `record` carries through a save."""

    def __init__(self, fault: Fault, when: Predicate | None, record: ArmedFault) -> None:
        self.fault = fault
        self._when = when
        self._record = record

    @property
    def spent(self) -> bool:
        if self._record.disarmed:
            return True
        return self.fault.count is not None and self._record.seen >= self.fault.skip + self.fault.count

    def disarm(self) -> None:
        self._record.disarmed = True

    def strikes(self, request: Request, sent: Callable[[], Mapping[str, str]]) -> bool:
        if self.spent or not self.fault.matches(request, sent) or (self._when is not None and not self._when(sent())):
            return False
        self._record.seen += 1
        return self._record.seen > self.fault.skip


def rewritten(answer: Response, name: str) -> Response:
    """The same answer after the rewrite of that name; what is not JSON stays."""
    try:
        value = msgspec.json.decode(answer.body)
    except msgspec.DecodeError:
        return answer
    return Response(answer.status, msgspec.json.encode(REWRITES[name](value)), answer.headers)
