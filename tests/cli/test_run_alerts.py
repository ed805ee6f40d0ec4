"""`marginbot alerts test`: one message to every address, and an exit code that says whether all of them took it."""

from __future__ import annotations

import json

import pytest

from tests.outlets.hook import a_hook

URLS = "MARGINBOT_NOTIFY__URLS"


def test_every_address_gets_the_message_whatever_its_severity(marginbot, monkeypatch: pytest.MonkeyPatch, capsys):
    with a_hook() as hook:
        monkeypatch.setenv(URLS, f"json://127.0.0.1:{hook.port}/a critical=json://127.0.0.1:{hook.port}/b")
        assert marginbot("alerts", "test") == 0
        assert sorted(path for path, _ in hook.got) == ["/a", "/b"]
        assert "a_b *c* `d`" in hook.texts[0]
    out = capsys.readouterr().out
    assert "json (address 1), from info on" in out
    assert "json (address 2), from critical on" in out


def test_one_that_fails_is_exit_1_and_is_named(marginbot, monkeypatch: pytest.MonkeyPatch, capsys):
    with a_hook() as good, a_hook() as bad:
        bad.status = 403
        monkeypatch.setenv(URLS, f"json://127.0.0.1:{good.port}/a json://127.0.0.1:{bad.port}/hunter2hunter2")
        assert marginbot("alerts", "test", "--json") == 1
    out, err = capsys.readouterr()
    first, second = json.loads(out)["addresses"]
    assert first == {"to": "json (address 1)", "least": "info", "sent": True, "failure": None}
    assert (second["to"], second["sent"]) == ("json (address 2)", False)
    assert "403" in second["failure"]
    assert "hunter2" not in out + err


@pytest.mark.parametrize(
    ("urls", "says"), [(None, "names no address yet"), ("nosuch://x", r"address 1 (nosuch://...) is not one that Apprise knows")]
)
def test_none_or_an_unknown_one_is_exit_2(marginbot, monkeypatch: pytest.MonkeyPatch, capsys, urls: str | None, says: str):
    if urls is not None:
        monkeypatch.setenv(URLS, urls)
    assert marginbot("alerts", "test", "--json") == 2
    document = json.loads(capsys.readouterr().out)
    assert document["key"] == URLS
    assert says in document["error"]
