"""Addresses of messages and heartbeats: how several are written, who hears what, and that none is ever shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from marginbot.domain.message import Severity
from marginbot.errors import ConfigError
from marginbot.logs import Scrubber
from marginbot.settings import load_settings

URLS = "MARGINBOT_NOTIFY__URLS"
TOKEN = "123456789:AAbbCCddEEff"


def told() -> list[tuple[str, Severity]]:
    return [(one.url.get_secret_value(), one.least) for one in load_settings().notify.urls]


@pytest.mark.parametrize("between", [" ", "\n", ", ", ",", " \t "])
def test_several_addresses_stand_in_one_variable(monkeypatch: pytest.MonkeyPatch, between: str):
    monkeypatch.setenv(URLS, between.join(["ntfy://a", f"critical=tgram://{TOKEN}/1", "warning=mailto://me@home.example?to=b,c"]))
    assert told() == [
        ("ntfy://a", Severity.INFO),
        (f"tgram://{TOKEN}/1", Severity.CRITICAL),
        ("mailto://me@home.example?to=b,c", Severity.WARNING),
    ]


def test_in_toml_they_are_a_list(write):
    write("config/marginbot.toml", '[notify]\nurls = ["ntfy://a", "WARNING=ntfy://b"]\n')
    assert told() == [("ntfy://a", Severity.INFO), ("ntfy://b", Severity.WARNING)]
    write("config/marginbot.toml", "[notify]\nurls = [1]\n")
    with pytest.raises(ConfigError, match=r"notify.urls .* must be Apprise addresses"):
        load_settings()


def test_they_may_come_from_a_file_or_a_credential(monkeypatch: pytest.MonkeyPatch, write, folder: Path):
    monkeypatch.setenv(f"{URLS}_FILE", str(write("urls", "ntfy://a\ncritical=ntfy://b\n")))
    assert told() == [("ntfy://a", Severity.INFO), ("ntfy://b", Severity.CRITICAL)]
    monkeypatch.delenv(f"{URLS}_FILE")
    write("cred/marginbot_heartbeat__url", "https://hc.example/ping/1", 0o440)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder / "cred"))
    url = load_settings().heartbeat.url
    assert url is not None
    assert url.get_secret_value() == "https://hc.example/ping/1"


def test_no_part_of_an_address_that_may_be_a_secret_passes_the_scrubber(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(URLS, f"critical=tgram://{TOKEN}/99 json://me:hunter2hunter2@home.example/path-segment")
    monkeypatch.setenv("MARGINBOT_HEARTBEAT__URL", "https://hc.example/0b1c2d3e-uuid?rid=longenough")
    settings = load_settings()
    scrub = Scrubber(settings.secrets())
    said = f"POST /bot{TOKEN}/sendMessage failed; hunter2hunter2; GET /0b1c2d3e-uuid at hc.example; home.example refused"
    shown = scrub(said)
    assert not any(part in shown for part in ("123456789", "AAbbCCddEEff", "hunter2", "0b1c2d3e"))
    assert "hc.example; home.example refused" in shown
    for text in (repr(settings), settings.model_dump_json()):
        assert not any(part in text for part in (TOKEN, "hunter2", "0b1c2d3e"))
