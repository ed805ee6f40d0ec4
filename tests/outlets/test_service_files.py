"""The unit for systemd and the recipe for a container speak of things that exist."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from marginbot.cli.main import main
from marginbot.settings import load_settings
from marginbot.settings.sources import CREDENTIALS

CONFIG = Path(__file__).parents[2] / "config"
UNIT = CONFIG / "marginbot.service"
DOCKERFILE = (CONFIG / "Dockerfile").read_text(encoding="utf-8")
PROGRAM = "/opt/marginbot/bin/marginbot"


def unit() -> dict[str, list[str]]:
    """Every key of the unit with its values, those behind a comment sign too."""
    found: dict[str, list[str]] = {}
    for line in UNIT.read_text(encoding="utf-8").splitlines():
        if pair := re.fullmatch(r"#?([A-Z]\w+)=(.*)", line):
            found.setdefault(pair[1], []).append(pair[2])
    return found


def settings_of(key: str) -> str:
    (value,) = unit()[key]
    return value


def test_the_unit_starts_a_command_that_exists_with_flags_that_exist(capsys: pytest.CaptureFixture[str]):
    program, *words = shlex.split(settings_of("ExecStart"))
    assert program == PROGRAM
    assert words[0] == "--config"
    assert main([*words[2:], "--help"]) == 0
    assert "--config" in capsys.readouterr().out
    assert settings_of("Type") == "notify"
    assert settings_of("ExecReload").endswith("-HUP $MAINPID")


def test_every_credential_of_the_unit_is_a_setting():
    names = {"marginbot_" + "__".join(path) for path in CREDENTIALS}
    assert {line.partition(":")[0] for line in unit()["LoadCredential"]} == names


def test_the_unit_keeps_the_state_where_the_program_looks_for_it():
    assert settings_of("Environment") == "XDG_STATE_HOME=/var/lib"
    assert settings_of("StateDirectory") == "marginbot"
    assert settings_of("StateDirectoryMode") == "0700"


def test_the_daemon_has_time_to_end_and_wrong_settings_are_not_tried_again():
    assert int(settings_of("TimeoutStopSec")) > 10
    assert settings_of("RestartPreventExitStatus").split() == ["2", "3"]
    assert settings_of("StartLimitIntervalSec") == "0"
    assert settings_of("Restart") == "on-failure"


@pytest.mark.parametrize(
    "key", ["NoNewPrivileges", "PrivateTmp", "PrivateDevices", "ProtectHome", "RestrictSUIDSGID", "LockPersonality"]
)
def test_the_unit_is_hardened(key: str):
    assert settings_of(key) == "yes"
    assert settings_of("ProtectSystem") == "strict"
    assert settings_of("CapabilityBoundingSet") == ""


def test_systemd_itself_finds_no_fault_in_the_unit(tmp_path: Path):
    tool = shutil.which("systemd-analyze")
    if tool is None:
        pytest.skip("systemd-analyze is not on this machine")
    program = tmp_path / "marginbot"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    copy = tmp_path / "marginbot.service"
    copy.write_text(UNIT.read_text(encoding="utf-8").replace(PROGRAM, str(program)))
    done = subprocess.run([tool, "verify", "--man=no", str(copy)], capture_output=True, text=True, check=False)
    about_ours = [line for line in done.stderr.splitlines() if "marginbot" in line]
    assert (about_ours, done.returncode) == ([], 0)


def test_the_container_runs_the_daemon_as_nobody_special(capsys: pytest.CaptureFixture[str]):
    words = [json.loads(found) for found in re.findall(r"^(?:ENTRYPOINT|CMD) (\[.*\])$", DOCKERFILE, re.MULTILINE)]
    assert words == [["marginbot"], ["run"]]
    assert main([*words[1], "--help"]) == 0
    capsys.readouterr()
    user = re.findall(r"^USER (\w+)$", DOCKERFILE, re.MULTILINE)
    assert user == ["marginbot"]
    assert f"useradd --system --uid 10001 --home-dir /var/lib/marginbot --shell /usr/sbin/nologin {user[0]}" in DOCKERFILE


def test_the_container_is_asked_how_it_is_where_it_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    listen = load_settings().metrics.listen
    assert listen is not None
    assert f"http://{listen.host}:{listen.port}/healthz" in DOCKERFILE
    assert f"MARGINBOT_METRICS__LISTEN={listen.host}:{listen.port}" in DOCKERFILE
    assert "HEALTHCHECK" in DOCKERFILE


def test_what_the_container_copies_is_there():
    for words in re.findall(r"^COPY (?!--)(.*)$", DOCKERFILE, re.MULTILINE):
        *sources, _ = words.split()
        assert all((CONFIG.parent / source).exists() for source in sources)
