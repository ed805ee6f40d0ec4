"""The truths of a soak can fail: each is shown what it is there to find."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import httpx
import pytest

from marginbot.domain.amounts import Symbol
from marginbot.domain.message import Message, Phase, Severity
from marginbot.engine.events import Notice
from marginbot.paper.books.world import World
from tests.soak.lines import LOAN, ORDER, Lines
from tests.soak.stories import Stories
from tests.soak.weather import Weather

HOST = "http://127.0.0.1:9"
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
GOOD = "symbol=BTCUSDT&isIsolated=TRUE&sideEffectType=NO_SIDE_EFFECT&newClientOrderId=mb-1"


class Judge:
    def __init__(self) -> None:
        self.now_ms = 1_000_000
        self.broken: list[str] = []
        self.lines = Lines(self.require, lambda: self.now_ms)

    def require(self, truth: str, holds: bool, _seen: str) -> None:
        if not holds:
            self.broken.append(truth)

    def sent(self, method: str, path: str, body: str = "") -> None:
        self.lines.seen(httpx.Request(method, f"{HOST}{path}", content=body.encode()))


@pytest.fixture
def judge() -> Judge:
    return Judge()


def test_a_good_repayment_and_a_good_order_break_nothing(judge):
    judge.sent("POST", LOAN, "type=REPAY&isIsolated=TRUE")
    judge.sent("POST", ORDER, GOOD)
    assert judge.broken == []


@pytest.mark.parametrize(
    ("path", "body"),
    [(LOAN, "type=BORROW&isIsolated=TRUE"), (ORDER, GOOD.replace("NO_SIDE_EFFECT", "MARGIN_BUY"))],
)
def test_a_loan_is_found(judge, path, body):
    judge.sent("POST", path, body)
    assert judge.broken == ["nothing is borrowed"]


def test_an_order_that_is_sent_twice_is_found(judge):
    judge.sent("POST", ORDER, GOOD)
    judge.sent("POST", ORDER, GOOD)
    assert judge.broken == ["F15 no order is sent twice"]


def test_a_request_during_a_ban_is_found_and_one_after_it_is_none(judge):
    said = json.dumps({"code": -1003, "msg": "Way too much request weight used; IP banned until 1060000."})
    judge.lines.answered(httpx.Request("GET", HOST), httpx.Response(418, text=said))
    judge.sent("GET", "/api/v3/time")
    judge.now_ms = 1_060_000
    judge.sent("GET", "/api/v3/time")
    assert judge.broken == ["F33 nothing is sent while a ban lasts"]


def told(judge: Judge, *phases: Phase) -> list[str]:
    stories = Stories(judge.require, World("empty", 0), lambda: 0.0, lambda: False)
    stories.read(1, [Message("BTCUSDT", "BTCUSDT #1", Severity.WARNING, phase, "title", "text", NOON) for phase in phases])
    return judge.broken


def test_a_story_that_opens_goes_on_and_ends_breaks_nothing(judge):
    assert told(judge, Phase.OPENED, Phase.ACTING, Phase.REPEATED, Phase.SOLVED) == []


def test_a_story_that_goes_on_after_its_end_is_found(judge):
    assert told(judge, Phase.OPENED, Phase.SOLVED, Phase.REPEATED) == ["F39 a story that is solved is over"]


def test_a_story_that_opens_twice_is_found(judge):
    assert "F39 a story opens once" in told(judge, Phase.OPENED, Phase.OPENED)


def test_a_defect_and_a_signature_in_a_notice_are_found(judge):
    stories = Stories(judge.require, World("empty", 0), lambda: 0.0, lambda: False)
    stories.hear(Symbol("BTCUSDT"), Notice("this is a defect of marginbot"))
    stories.hear(Symbol("BTCUSDT"), Notice("GET /api/v3/account?signature=abc"))
    assert judge.broken == ["F47 no defect shows", "F46 no secret is told"]


def test_the_weather_knows_how_long_ago_a_trouble_of_a_pair_was():
    now = 0.0
    weather = Weather(lambda: now)
    with weather.spell("halt", "BTCUSDT"):
        now = 10.0
    now = 25.0
    assert weather.since(frozenset({"halt"}), "BTCUSDT") == 15.0
    assert weather.since(frozenset({"halt"}), "ETHUSDT") > 1000
    with weather.spell("ban"):
        assert weather.since(frozenset({"ban"}), "ETHUSDT") == 0.0
