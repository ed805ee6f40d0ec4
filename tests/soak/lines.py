"""Truths of the line, held against every request: what is sent, what must not be, and what was refused."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx

from marginbot.paper.params import lenient_params

LOAN, ORDER = "/sapi/v1/margin/borrow-repay", "/sapi/v1/margin/order"
TRANSFER = "/sapi/v1/asset/transfer"
MOST_A_SECOND = 150
_UNTIL = re.compile(r"banned until (\d+)")

Blame = Callable[[str, bool, str], None]
"""Names a truth, whether it holds, and what was seen."""


@dataclass
class Lines:
    """Watches every line. blame: told of every truth that is held against something."""

    require: Blame
    now_ms: Callable[[], int]
    writes: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    busiest: int = 0
    _banned_until: int = 0
    _names: set[str] = field(default_factory=set)
    _second: tuple[int, int] = (0, 0)

    def seen(self, request: httpx.Request) -> None:
        """A request is about to leave."""
        now = self.now_ms()
        self.requests += 1
        self._count(now // 1000)
        path = request.url.path
        self.require("F33 nothing is sent while a ban lasts", now >= self._banned_until, f"{request.method} {path}")
        if request.method == "GET" or path.endswith("userListenToken"):
            return
        sent = lenient_params(request.url.query, request.content)
        self.writes[f"{request.method} {path}"] += 1
        self._judge(request.method, path, sent)

    def answered(self, _request: httpx.Request, response: httpx.Response) -> None:
        """An answer arrived."""
        if response.status_code < 400:
            return
        text = response.content.decode("utf-8", errors="replace")
        if response.status_code == 418 and (found := _UNTIL.search(text)):
            self._banned_until = int(found[1])
        try:
            self.refusals[str(json.loads(text)["code"])] += 1
        except (ValueError, KeyError, TypeError):
            self.refusals[f"HTTP {response.status_code}"] += 1

    def _judge(self, method: str, path: str, sent: dict[str, str]) -> None:
        if path == LOAN:
            self.require("nothing is borrowed", sent.get("type") == "REPAY", str(sent))
            self.require("isolated, always", sent.get("isIsolated") == "TRUE", str(sent))
        if path == ORDER and method == "POST":
            name = sent.get("newClientOrderId", "")
            self.require("nothing is borrowed", sent.get("sideEffectType") == "NO_SIDE_EFFECT", str(sent))
            self.require("isolated, always", sent.get("isIsolated") == "TRUE", str(sent))
            self.require("F15 no order is sent twice", bool(name) and name not in self._names, name)
            self._names.add(name)

    def _count(self, second: int) -> None:
        last, number = self._second
        self._second = (second, number + 1 if second == last else 1)
        self.busiest = max(self.busiest, self._second[1])
        self.require("F36 no storm of requests", self._second[1] <= MOST_A_SECOND, f"{self._second[1]} in one second")
