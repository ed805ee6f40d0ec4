"""Secrets: from where they may come, who may read their files, and that no message shows one."""

import os
from pathlib import Path

import pytest

from marginbot.errors import ConfigError
from marginbot.settings import load_settings

SECRET = "hunter2hunter2"
SECRET_NAME = "MARGINBOT_EXCHANGE__API_SECRET"


def secret_of_settings() -> str:
    held = load_settings().exchange.api_secret
    assert held is not None
    return held.get_secret_value()


def test_a_secret_may_come_from_a_file(monkeypatch: pytest.MonkeyPatch, write):
    monkeypatch.setenv(SECRET_NAME + "_FILE", str(write("s", SECRET + "\n")))
    monkeypatch.setenv("MARGINBOT_EXCHANGE__API_KEY_FILE", str(write("k", "key\n")))
    settings = load_settings()
    assert settings.secrets() == ("key", SECRET)


def test_a_secret_file_may_be_named_in_dotenv_and_toml(write):
    write("s", SECRET)
    write("config/marginbot.toml", '[exchange]\napi_secret_file = "s"\n')
    assert secret_of_settings() == SECRET
    write("t", "other")
    write(".env", f"{SECRET_NAME}_FILE=t\n", 0o644)
    assert secret_of_settings() == "other"


def test_the_environment_beats_a_secret_file_named_in_dotenv(monkeypatch: pytest.MonkeyPatch, write):
    write("t", "other")
    write(".env", f"{SECRET_NAME}_FILE=t\n")
    monkeypatch.setenv(SECRET_NAME, SECRET)
    assert secret_of_settings() == SECRET


def test_systemd_credentials_are_read_by_the_variable_name_in_lower_case(monkeypatch: pytest.MonkeyPatch, write, folder: Path):
    # systemd shows its access list as a group right; the folder itself is guarded.
    write("cred/marginbot_exchange__api_secret", SECRET, 0o440)
    write("cred/other_service", "x", 0o440)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder / "cred"))
    assert secret_of_settings() == SECRET


def test_a_credential_may_be_the_private_key_itself(monkeypatch: pytest.MonkeyPatch, write, folder: Path):
    write("cred/marginbot_exchange__private_key_file", "pem", 0o440)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder / "cred"))
    assert load_settings().exchange.private_key_pem() == b"pem"


def test_an_unknown_credential_of_ours_is_refused(monkeypatch: pytest.MonkeyPatch, write, folder: Path):
    write("cred/marginbot_secret", SECRET)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder / "cred"))
    with pytest.raises(ConfigError, match="marginbot_secret is not one of marginbot_exchange__api_key"):
        load_settings()


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps rights elsewhere")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
@pytest.mark.parametrize("name", ["API_KEY_FILE", "API_SECRET_FILE", "PRIVATE_KEY_FILE"])
def test_a_secret_file_others_can_read_is_refused(monkeypatch: pytest.MonkeyPatch, write, name: str, mode: int):
    file = write("s", SECRET, mode)
    monkeypatch.setenv(f"MARGINBOT_EXCHANGE__{name}", str(file))
    with pytest.raises(ConfigError, match=f"chmod 600 {file}") as refused:
        load_settings()
    assert refused.value.key == f"MARGINBOT_EXCHANGE__{name}"
    file.chmod(0o400)
    load_settings()


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps rights elsewhere")
def test_a_settings_file_with_a_secret_that_others_can_read_is_refused(write):
    file = write("m.toml", f'[exchange]\napi_secret = "{SECRET}"\n', 0o644)
    with pytest.raises(ConfigError, match=r"exchange.api_secret is in .* run: chmod 600"):
        load_settings(config=file)
    file.chmod(0o600)
    load_settings(config=file)
    write(".env", f"{SECRET_NAME}={SECRET}\n", 0o640)
    with pytest.raises(ConfigError, match=r"API_SECRET is in \.env, .* run: chmod 600"):
        load_settings()


def test_a_secret_given_twice_in_one_place_is_refused(monkeypatch: pytest.MonkeyPatch, write):
    monkeypatch.setenv(SECRET_NAME, SECRET)
    monkeypatch.setenv(SECRET_NAME + "_FILE", str(write("s", "x")))
    with pytest.raises(ConfigError, match="are both set in the environment: keep one"):
        load_settings()


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"", "is empty"), (b"a b", "one word"), (b"a\nb", "one word"), ("ü".encode(), "plain text"), (b"x" * 70_000, "too large")],
)
def test_a_secret_file_must_hold_one_secret(monkeypatch: pytest.MonkeyPatch, write, folder: Path, content: bytes, says: str):
    write("s", "").write_bytes(content)
    monkeypatch.setenv(SECRET_NAME + "_FILE", "s")
    with pytest.raises(ConfigError, match=says):
        load_settings()


def test_a_fifo_is_refused_and_not_waited_for(monkeypatch: pytest.MonkeyPatch, folder: Path):
    os.mkfifo(folder / "pipe", 0o600)
    monkeypatch.setenv("MARGINBOT_EXCHANGE__PRIVATE_KEY_FILE", "pipe")
    with pytest.raises(ConfigError, match="is not a file"):
        load_settings()


def test_an_empty_file_name_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(SECRET_NAME + "_FILE", "")
    with pytest.raises(ConfigError, match=r"API_SECRET_FILE is empty"):
        load_settings()


def test_no_message_shows_a_value(monkeypatch: pytest.MonkeyPatch, write):
    """Whatever setting a secret is pasted into by mistake, the error and what it was raised from stay silent about it."""
    from marginbot.settings.names import KNOWN, dotted, variable

    pasted = f"{SECRET} {SECRET}"
    for path in sorted(KNOWN):
        if path[-1].endswith("file"):
            continue  # a path is shown, since a person must find the file
        with monkeypatch.context() as patch:
            patch.setenv(variable(path), pasted)
            assert SECRET not in told(dotted(path))
        table = "".join(f"[{section}]\n" for section in path[:-1])
        write("config/marginbot.toml", f'{table}{path[-1]} = "{pasted}"\n')
        assert SECRET not in told(dotted(path))
        write("config/marginbot.toml", "")


def told(name: str) -> str:
    import traceback

    with pytest.raises(ConfigError) as refused:
        load_settings()
    assert name.rsplit(".", 1)[-1].lower() in str(refused.value).lower()
    return "".join(traceback.format_exception(refused.value))


def test_settings_print_without_secrets(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(SECRET_NAME, SECRET)
    monkeypatch.setenv("MARGINBOT_EXCHANGE__API_KEY", "key" + SECRET)
    settings = load_settings()
    for text in (repr(settings), str(settings), settings.model_dump_json()):
        assert SECRET not in text
