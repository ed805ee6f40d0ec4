"""Where settings come from, which source wins, and what happens to names nobody knows."""

import os
from pathlib import Path

import pytest

from marginbot.errors import ConfigError
from marginbot.settings import journal_file, load_settings, state_dir

EXAMPLE = Path(__file__).parents[2] / "config" / "example.toml"
DEADLINE = "MARGINBOT_UNWIND__DEADLINE"


def deadline(**flags: object) -> float:
    typed = {"unwind.deadline": ("--deadline", flags["flag"])} if "flag" in flags else {}
    return load_settings(typed).unwind.deadline


def test_the_stronger_source_wins(monkeypatch: pytest.MonkeyPatch, write):
    assert deadline() == 120
    write("config/marginbot.toml", "[unwind]\ndeadline = 1\n")
    assert deadline() == 1
    write(".env", f"{DEADLINE}=2\n")
    assert deadline() == 2
    monkeypatch.setenv(DEADLINE, "3")
    assert deadline() == 3
    assert deadline(flag="4") == 4


def test_sources_are_merged_setting_by_setting(monkeypatch: pytest.MonkeyPatch, write):
    write("config/marginbot.toml", '[unwind]\ndeadline = 1\ntopup_crumb = "5"\n')
    monkeypatch.setenv(DEADLINE, "3")
    unwind = load_settings().unwind
    assert (unwind.deadline, unwind.topup_crumb) == (3, 5)


def test_the_toml_file_is_the_flag_then_the_variable_then_the_usual_place(monkeypatch: pytest.MonkeyPatch, write):
    write("config/marginbot.toml", "[unwind]\ndeadline = 1\n")
    write(".env", f"MARGINBOT_CONFIG={write('b.toml', '[unwind]' + chr(10) + 'deadline = 2')}\n")
    assert deadline() == 2
    monkeypatch.setenv("MARGINBOT_CONFIG", str(write("c.toml", "[unwind]\ndeadline = 3\n")))
    assert deadline() == 3
    assert load_settings(config=write("d.toml", "[unwind]\ndeadline = 4\n")).unwind.deadline == 4


def test_a_flag_of_none_puts_a_setting_back_to_its_default(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MARGINBOT_EXCHANGE__REST_URL", "https://api.binance.com")
    assert load_settings({"exchange.rest_url": ("the demo", None)}).exchange.rest_url is None


@pytest.mark.parametrize("name", ["MARGINBOT_VENUEE", "marginbot_venuee"])
def test_an_unknown_name_in_the_environment_names_the_nearest(monkeypatch: pytest.MonkeyPatch, name: str):
    monkeypatch.setenv(name, "live")
    with pytest.raises(ConfigError, match=f"{name} in the environment is not a setting; did you mean MARGINBOT_VENUE") as refused:
        load_settings()
    assert refused.value.key == name


def test_an_unknown_name_of_ours_in_dotenv_is_refused_and_a_foreign_one_ignored(write):
    write(".env", "DATABASE_URL=x\nUNWIND__DEADLINE=1\n")
    assert deadline() == 120
    write(".env", "MARGINBOT_UNWIND__DEADLIN=1\n")
    with pytest.raises(ConfigError, match=r"MARGINBOT_UNWIND__DEADLIN in \.env .*did you mean MARGINBOT_UNWIND__DEADLINE"):
        load_settings()


def test_a_name_without_a_value_in_dotenv_is_refused(write):
    write(".env", "MARGINBOT_VENUE\n")
    with pytest.raises(ConfigError, match=r"MARGINBOT_VENUE in \.env has no value"):
        load_settings()


@pytest.mark.parametrize(
    ("text", "key", "nearest"),
    [
        ("venu = 'paper'", "venu", "venue"),
        ("[exchnage]\ntimeout = 3", "exchnage", "exchange"),
        ("[exchange]\ntimeot = 3", "exchange.timeot", "exchange.timeout"),
        ("[exchange]\nTimeout = 3", "exchange.Timeout", "exchange.timeout"),
        ("[unwind.deadline]\nx = 1", "unwind.deadline", ""),
    ],
)
def test_an_unknown_toml_key_names_the_nearest(write, text: str, key: str, nearest: str):
    with pytest.raises(ConfigError) as refused:
        load_settings(config=write("m.toml", text))
    assert refused.value.key == key
    assert nearest in str(refused.value)


def test_a_toml_section_that_is_a_value_is_refused(write):
    with pytest.raises(ConfigError, match=r"exchange in .* is a table"):
        load_settings(config=write("m.toml", "exchange = 1"))


def test_errors_name_the_key_as_it_was_typed(monkeypatch: pytest.MonkeyPatch, write):
    write("config/marginbot.toml", "[unwind]\ndeadline = 0\n")
    with pytest.raises(ConfigError, match=r"unwind.deadline \(in config/marginbot.toml\)"):
        load_settings()
    monkeypatch.setenv(DEADLINE, "0")
    with pytest.raises(ConfigError, match=rf"{DEADLINE} \(in the environment\)"):
        load_settings()
    with pytest.raises(ConfigError, match="--deadline must be a number of seconds"):
        deadline(flag="0")


def test_a_missing_or_broken_file_is_refused(monkeypatch: pytest.MonkeyPatch, write, folder: Path):
    with pytest.raises(ConfigError, match="--config must name a TOML file"):
        load_settings(config=folder / "none.toml")
    with pytest.raises(ConfigError, match="is not valid TOML"):
        load_settings(config=write("m.toml", "venue = "))
    (folder / "latin.toml").write_bytes(b'venue = "\xff"')
    with pytest.raises(ConfigError, match="cannot be read as UTF-8"):
        load_settings(config=folder / "latin.toml")
    (folder / ".env").write_bytes(b"A=\xff")
    with pytest.raises(ConfigError, match=r"\.env cannot be read as UTF-8"):
        load_settings()
    (folder / ".env").unlink()
    monkeypatch.setenv("MARGINBOT_CONFIG", "none.toml")
    with pytest.raises(ConfigError, match="MARGINBOT_CONFIG must name a TOML file"):
        load_settings()


def test_the_example_loads_as_it_is_and_says_the_defaults():
    assert load_settings(config=EXAMPLE) == load_settings()


def test_every_key_of_the_example_is_valid_when_its_comment_sign_is_taken_away(write, folder: Path, monkeypatch):
    monkeypatch.setenv("HOME", str(folder))
    for name in ("api_key", "api_secret", "private.pem"):
        write(f".config/marginbot/{name}", "text")
    write(".config/marginbot/notify_urls", "ntfy://my-topic")
    write(".config/marginbot/heartbeat_url", "https://hc-ping.example/your-uuid")
    lines = EXAMPLE.read_text().splitlines()
    # One way of giving the key, of signing, of naming each address, and one policy at a time: the others exclude it.
    for left_out in (
        ("api_key_file", "api_secret_file", "private_key_file", "preset", "urls_file", "url_file"),
        ("api_key", "api_secret", "private_key_file", "file", "urls", "url"),
    ):
        text = "\n".join(line[1:] if is_key(line) and line[1:].split(" = ")[0] not in left_out else line for line in lines)
        text = text.replace("the key as the exchange shows it", "key").replace(
            "the secret as the exchange showed it once", "secret"
        )
        text = text.replace('venue = "paper"', 'venue = "live"')
        assert load_settings(config=write("all.toml", text)).exchange.api_secret is not None


def test_the_example_explains_every_key():
    from marginbot.settings.names import KNOWN

    shown = {line[1:].split(" = ")[0] for line in EXAMPLE.read_text().splitlines() if is_key(line)}
    assert shown == {path[-1] for path in KNOWN}


def is_key(line: str) -> bool:
    return line.startswith("#") and line[1:2].islower() and " = " in line and line[1:].split(" = ")[0].isidentifier()


def test_the_state_directory_belongs_to_its_owner_alone(folder: Path):
    assert state_dir() == folder / "state" / "marginbot"
    if os.name != "nt":
        assert state_dir().stat().st_mode & 0o777 == 0o700


def test_the_journal_is_in_the_state_directory_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch, folder: Path):
    assert journal_file(load_settings()) == folder / "state" / "marginbot" / "journal.sqlite"
    monkeypatch.setenv("MARGINBOT_STATE__URL", "sqlite:///deep/j.db")
    assert journal_file(load_settings()) == folder / "deep" / "j.db"
    assert (folder / "deep").is_dir()
    monkeypatch.setenv("MARGINBOT_STATE__URL", f"sqlite+aiosqlite:///{folder}/k.db")
    assert journal_file(load_settings()) == folder / "k.db"


def test_a_state_directory_that_cannot_be_made_is_said(monkeypatch: pytest.MonkeyPatch, write):
    monkeypatch.setenv("XDG_STATE_HOME", str(write("file", "")))
    with pytest.raises(ConfigError, match=r"state directory .* cannot be made"):
        state_dir()
    monkeypatch.setenv("MARGINBOT_STATE__URL", "sqlite:///file/j.db")
    with pytest.raises(ConfigError, match=r"MARGINBOT_STATE__URL: .* cannot be made"):
        journal_file(load_settings())


def test_the_journal_of_the_testnet_is_another_one_than_that_of_paper(monkeypatch: pytest.MonkeyPatch, folder: Path):
    # Both know the same account number, so one file would take the writes of one for those of the other.
    monkeypatch.setenv("XDG_STATE_HOME", str(folder / "state"))
    monkeypatch.setenv("MARGINBOT_VENUE", "testnet")
    assert journal_file(load_settings()) == folder / "state" / "marginbot" / "testnet" / "journal.sqlite"
