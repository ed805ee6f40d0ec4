"""Messages by Apprise, over real sockets: they arrive as they are, and a failure says what it may."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime

import pytest

from marginbot.domain.message import Message, Phase, Severity
from marginbot.errors import ConfigError, NotificationFailed
from marginbot.outlets.apprise_notifier import AppriseNotifier, open_notifiers
from tests.outlets.hook import Hook, a_hook

NOON = datetime(2027, 1, 15, 12, tzinfo=UTC)
MARKED = "sell_some *now* `x` [a](b) <b> & ~~ #1 \\ done"


def a_message(text: str = MARKED, severity: Severity = Severity.CRITICAL, phase: Phase = Phase.OPENED) -> Message:
    return Message("BTCUSDT", "BTCUSDT #1", severity, phase, "a_title", text, NOON)


def one(address: str) -> AppriseNotifier:
    (notifier,) = open_notifiers([(address, Severity.INFO)])
    return notifier


def at(hook: Hook) -> AppriseNotifier:
    return one(f"json://127.0.0.1:{hook.port}/hook")


async def test_marks_and_lines_arrive_as_they_are():
    with a_hook() as hook:
        await at(hook).send(a_message(f"{MARKED}\nsecond line"))
        ((path, body),) = hook.got
    assert (path, body["title"], body["message"]) == ("/hook", "a_title", f"{MARKED}\nsecond line")


async def test_a_service_that_reads_marks_in_everything_gets_them_escaped():
    with a_hook() as hook:
        await one(f"mmost://127.0.0.1:{hook.port}/3ccdd113474722377935511fc85d3dd4").send(a_message("sell_some *now* `x`"))
        assert hook.texts == ["a\\_title\r\nsell\\_some \\*now\\* \\`x\\`"]


async def test_the_kind_of_a_message_follows_its_severity_and_its_end():
    with a_hook() as hook:
        notifier = at(hook)
        for severity in Severity:
            await notifier.send(a_message(severity=severity))
        await notifier.send(a_message(phase=Phase.SOLVED))
        assert [body["type"] for _, body in hook.got] == ["info", "warning", "failure", "success"]


async def test_a_refusal_is_a_failure_with_a_reason():
    with a_hook() as hook:
        hook.status = 500
        with pytest.raises(NotificationFailed, match="500"):
            await at(hook).send(a_message())


async def test_while_a_message_hangs_the_next_fails_at_once_and_nothing_waits_for_its_thread():
    with a_hook() as hook:
        hook.held = threading.Event()
        notifier = at(hook)
        first = asyncio.create_task(notifier.send(a_message()))
        async with asyncio.timeout(5):
            while not hook.got:  # noqa: ASYNC110 - what is waited for happens in another thread
                await asyncio.sleep(0.01)
        first.cancel()
        with pytest.raises(NotificationFailed, match="still on its way"):
            await notifier.send(a_message())
        assert [thread.daemon for thread in threading.enumerate() if thread.name.startswith("notify")] == [True]
        hook.held.set()


@pytest.mark.parametrize("address", ["nosuch://hunter2hunter2/path", "tgram://hunter2hunter2"])
def test_an_address_that_apprise_does_not_know_is_named_by_its_number_alone(address: str, capsys):
    with pytest.raises(ConfigError, match=r"address 2 \(\w+://...\) is not one") as refused:
        open_notifiers([("ntfy://a", Severity.INFO), (address, Severity.INFO)])
    out, err = capsys.readouterr()
    assert refused.value.key == "MARGINBOT_NOTIFY__URLS"
    assert "hunter2" not in str(refused.value) + out + err


def test_names_say_which_address_and_no_secret():
    notifiers = open_notifiers(
        [
            ("ntfy://hunter2", Severity.INFO),
            ("https://discord.com/api/webhooks/4174216298/JHMHI8qBe7bk2ZwO5U711o3dV", Severity.CRITICAL),
        ]
    )
    assert [(notifier.name, notifier.least) for notifier in notifiers] == [
        ("ntfy (address 1)", Severity.INFO),
        ("discord (address 2)", Severity.CRITICAL),
    ]
