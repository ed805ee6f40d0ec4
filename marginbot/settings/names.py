"""Which names are settings, and what to say about the others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from pydantic import BaseModel

from marginbot.errors import ConfigError
from marginbot.settings.model import Settings
from marginbot.settings.values import did_you_mean

PREFIX: Final = "MARGINBOT_"
CONFIG_NAME: Final = "MARGINBOT_CONFIG"
FILE_SUFFIX: Final = "_file"

Path = tuple[str, ...]
"""Where a setting stands: ("exchange", "timeout")."""

FROM_FILES: Final[tuple[Path, ...]] = (
    ("exchange", "api_key"),
    ("exchange", "api_secret"),
    ("notify", "urls"),
    ("heartbeat", "url"),
)
"""Settings that may be read from a file named by the same name and `_FILE`."""


def _leaves(model: type[BaseModel], above: Path = ()) -> Iterable[Path]:
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from _leaves(inner, (*above, name))
        else:
            yield (*above, name)


KNOWN: Final[frozenset[Path]] = frozenset({*_leaves(Settings), *((*above, name + FILE_SUFFIX) for *above, name in FROM_FILES)})


def variable(path: Path) -> str:
    """MARGINBOT_EXCHANGE__TIMEOUT."""
    return PREFIX + "__".join(path).upper()


def dotted(path: Path) -> str:
    """exchange.timeout."""
    return ".".join(path)


def check_variables(names: Iterable[str], where: str) -> None:
    """Refuse a MARGINBOT_ name that no setting has, whatever its case; others are not ours. Raises: ConfigError."""
    known = {variable(path) for path in KNOWN} | {CONFIG_NAME}
    for name in sorted(names):
        spelled = name.upper()
        if not spelled.startswith(PREFIX) or spelled in known:
            continue
        raise ConfigError(f"{name} in {where} is not a setting{did_you_mean(spelled, known)}", name)


def check_table(table: Mapping[str, Any], where: str, above: Path = ()) -> None:
    """Refuse a TOML key that no setting has. Raises: ConfigError."""
    sections = {path[:depth] for path in KNOWN for depth in range(1, len(path))}
    for name, value in table.items():
        path = (*above, name)
        if path in sections:
            if not isinstance(value, Mapping):
                raise ConfigError(
                    f"{dotted(path)} in {where} is a table: write [{dotted(path)}] and its keys below", dotted(path)
                )
            check_table(value, where, path)
        elif path not in KNOWN:
            known = [dotted(known) for known in KNOWN] + [dotted(section) for section in sections]
            raise ConfigError(f"{dotted(path)} in {where} is not a setting{did_you_mean(dotted(path), known)}", dotted(path))
