"""The places a setting may come from, each read by pydantic-settings and checked for names nobody knows."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

from dotenv import dotenv_values
from pydantic_settings import DotEnvSettingsSource, EnvSettingsSource, TomlConfigSettingsSource

from marginbot.errors import ConfigError
from marginbot.settings.model import Settings
from marginbot.settings.names import (
    CONFIG_NAME,
    FILE_SUFFIX,
    FROM_FILES,
    KNOWN,
    Path,
    check_table,
    check_variables,
    dotted,
    variable,
)
from marginbot.settings.private_files import credentials_dir, read_secret, refuse_if_open_to_others
from marginbot.settings.values import file_path

DEFAULT_TOML = FilePath("config/marginbot.toml")
DOTENV = FilePath(".env")
CREDENTIALS: frozenset[Path] = frozenset({*FROM_FILES, ("exchange", "private_key_file")})
SECRET: Path = ("exchange", "api_secret")


@dataclass(frozen=True, slots=True)
class Layer:
    """What one source said, nested as the model is. `spell` gives a setting's name as it was typed there."""

    where: str
    spell: Callable[[Path], str]
    data: dict[str, Any]

    def get(self, path: Path) -> Any:
        """The value at `path`, or None."""
        found: Any = self.data
        for name in path:
            found = found.get(name) if isinstance(found, Mapping) else None
        return found


def layers(flags: Mapping[str, tuple[str, object]], config: FilePath | None) -> Iterator[Layer]:
    """Every source that says something, the strongest first. `flags`: dotted name -> (flag as typed, value)."""
    yield _flag_layer(flags)
    check_variables(os.environ, "the environment")
    dotenv = _read_dotenv()
    yield _with_secret_files(Layer("the environment", variable, _ours(EnvSettingsSource(Settings)())))
    yield _credential_layer()
    yield _with_secret_files(_dotenv_layer(dotenv))
    toml = _toml_file(config, dotenv)
    if toml is not None:
        yield _with_secret_files(_toml_layer(toml))


def _flag_layer(flags: Mapping[str, tuple[str, object]]) -> Layer:
    data: dict[str, Any] = {}
    for name, (_, value) in flags.items():
        *above, last = name.split(".")
        table = data
        for part in above:
            table = table.setdefault(part, {})
        table[last] = value
    return Layer("the command line", lambda path: flags[dotted(path)][0], data)


def _read_dotenv() -> dict[str, str | None]:
    """Names and values of `.env` in the working directory. Raises: ConfigError for ours when unknown or without a value."""
    if not DOTENV.is_file():
        return {}
    try:
        found = dotenv_values(DOTENV)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{DOTENV} cannot be read as UTF-8 text") from error
    check_variables(found, str(DOTENV))
    for name, value in found.items():
        if name.upper().startswith("MARGINBOT_") and value is None:
            raise ConfigError(f"{name} in {DOTENV} has no value: write {name}=VALUE", name)
    return found


def _dotenv_layer(found: Mapping[str, str | None]) -> Layer:
    data = _ours(DotEnvSettingsSource(Settings, env_file=DOTENV)()) if found else {}
    layer = Layer(str(DOTENV), variable, data)
    if layer.get(SECRET) is not None:
        refuse_if_open_to_others(DOTENV, variable(SECRET))
    return layer


def _toml_file(config: FilePath | None, dotenv: Mapping[str, str | None]) -> FilePath | None:
    """--config FILE, else MARGINBOT_CONFIG, else config/marginbot.toml when there is one."""
    if config is not None:
        return _existing(config.expanduser(), "--config")
    for names in (os.environ, dotenv):
        named = next((value for name, value in names.items() if name.upper() == CONFIG_NAME), None)
        if named is not None:
            return _existing(FilePath(named).expanduser(), CONFIG_NAME)
    return DEFAULT_TOML if DEFAULT_TOML.is_file() else None


def _existing(file: FilePath, key: str) -> FilePath:
    if not file.is_file():
        raise ConfigError(f"{key} must name a TOML file; {str(file)!r} is not one", key)
    return file


def _toml_layer(file: FilePath) -> Layer:
    try:
        data = TomlConfigSettingsSource(Settings, toml_file=file)()
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{file} is not valid TOML: {error}", str(file)) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} cannot be read as UTF-8 text", str(file)) from error
    check_table(data, str(file))
    layer = Layer(str(file), dotted, data)
    if layer.get(SECRET) is not None:
        refuse_if_open_to_others(file, dotted(SECRET))
    return layer


def _credential_layer() -> Layer:
    """Files in systemd's credential folder named like the variable in lower case; other services' files are not ours."""
    folder = credentials_dir()
    data: dict[str, Any] = {}
    if folder is None or not folder.is_dir():
        return Layer("the systemd credentials", variable, data)
    names = {variable(path).lower(): path for path in CREDENTIALS}
    for file in sorted(folder.iterdir()):
        if not file.name.lower().startswith("marginbot_"):
            continue
        if file.name not in names:
            message = f"the systemd credential {file.name} is not one of {', '.join(sorted(names))}"
            raise ConfigError(message, file.name)
        section, key = names[file.name]
        # The credential of a private key is the PEM itself, so the file is the value.
        data.setdefault(section, {})[key] = file if key.endswith(FILE_SUFFIX) else read_secret(file, file.name)
    return Layer("the systemd credentials", lambda path: variable(path).lower(), data)


def _with_secret_files(layer: Layer) -> Layer:
    """Replace `api_secret_file` and its like by what the file holds. Raises: ConfigError when both are given."""
    data = {name: dict(value) if isinstance(value, Mapping) else value for name, value in layer.data.items()}
    for section, key in FROM_FILES:
        table = data.get(section)
        if not isinstance(table, dict) or key + FILE_SUFFIX not in table:
            continue
        name = layer.spell((section, key + FILE_SUFFIX))
        if key in table:
            raise ConfigError(f"{name} and {layer.spell((section, key))} are both set in {layer.where}: keep one", name)
        try:
            file = file_path(table.pop(key + FILE_SUFFIX))
        except ValueError as error:
            raise ConfigError(f"{name} {error}", name) from error
        table[key] = read_secret(file, name)
    return Layer(layer.where, layer.spell, data)


def _ours(data: Mapping[str, Any]) -> dict[str, Any]:
    """Without the foreign names that a `.env` file may hold."""
    return {name: value for name, value in data.items() if name in {path[0] for path in KNOWN}}
