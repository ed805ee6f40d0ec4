"""One call from sources to checked settings, with one clear sentence when something is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path as FilePath
from typing import Any

from pydantic import ValidationError

from marginbot.errors import ConfigError
from marginbot.settings.model import Settings, Venue
from marginbot.settings.names import Path, variable
from marginbot.settings.private_files import read_private
from marginbot.settings.sources import Layer, layers
from marginbot.settings.values import OFF, is_loopback

VENUE: Path = ("venue",)
KEY: Path = ("exchange", "api_key")
SECRET: Path = ("exchange", "api_secret")
PEM: Path = ("exchange", "private_key_file")
REST: Path = ("exchange", "rest_url")
STREAM: Path = ("exchange", "stream_url")
WS_API: Path = ("exchange", "ws_api_url")
POLICY_FILE: Path = ("policy", "file")
PRESET: Path = ("policy", "preset")


def load_settings(flags: Mapping[str, tuple[str, object]] | None = None, *, config: FilePath | None = None) -> Settings:
    """Read every source, the strongest first: flags, environment, systemd credentials, `.env`, TOML, defaults.

    flags: dotted setting -> (flag as typed, value), such as {"unwind.deadline": ("--deadline", "60")}; the value None
    puts the setting back to its default whatever the other sources say.
    Raises: ConfigError with one sentence that names the key and the accepted form, never the value.
    """
    found = list(layers(flags or {}, config))
    merged: dict[str, Any] = {}
    for layer in reversed(found):
        merged = _over(merged, layer.data)
    try:
        settings = Settings(**merged)
    except ValidationError as error:
        raise _one_sentence(error, found) from None
    _check_together(settings, found)
    return settings


def _over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """`below` with everything `above` says put over it, table by table; None takes away."""
    merged = dict(below)
    for name, value in above.items():
        if isinstance(value, Mapping):
            merged[name] = _over(merged.get(name, {}), value)
        else:
            merged[name] = value
    return {name: value for name, value in merged.items() if value is not None}


def _as_typed(path: Path, found: Sequence[Layer]) -> tuple[str, str]:
    """How the user wrote this setting, and ` (where)`; the variable's name for one nobody set."""
    for layer in found:
        if layer.get(path) is not None:
            return layer.spell(path), "" if layer.where == "the command line" else f" (in {layer.where})"
    return variable(path), ""


def _one_sentence(error: ValidationError, found: Sequence[Layer]) -> ConfigError:
    """The first problem, in our words. pydantic's own message could show the value."""
    first = error.errors(include_url=False, include_input=False)[0]
    key, where = _as_typed(tuple(str(part) for part in first["loc"]), found)
    reason = first.get("ctx", {}).get("error") if first["type"] == "value_error" else None
    return ConfigError(f"{key}{where} {reason or 'has a form that is not accepted'}", key)


def _check_together(settings: Settings, found: Sequence[Layer]) -> None:
    """What no setting can check alone: the venue, the address and the keys must fit each other."""
    exchange = settings.exchange
    for path, url in ((REST, exchange.rest_url), (STREAM, exchange.stream_url), (WS_API, exchange.ws_api_url)):
        if settings.venue is Venue.PAPER and url not in (None, OFF) and not is_loopback(url):
            key, where = _as_typed(path, found)
            raise ConfigError(f"{key}{where} must stay on this machine (127.0.0.1) while the venue is paper", key)
    if settings.venue is Venue.TESTNET and exchange.ws_api_url not in (None, OFF) and not is_loopback(exchange.ws_api_url):
        key, where = _as_typed(WS_API, found)
        raise ConfigError(f"{key}{where} must stay on this machine (127.0.0.1), where the testnet's margin books are", key)
    if exchange.api_secret is not None and exchange.private_key_file is not None:
        key, where = _as_typed(PEM, found)
        raise ConfigError(f"{key}{where} and {_as_typed(SECRET, found)[0]} are both set: keep one", key)
    if exchange.private_key_file is not None:
        read_private(exchange.private_key_file, _as_typed(PEM, found)[0])
    if settings.policy.file is not None and "preset" in settings.policy.model_fields_set:
        key, where = _as_typed(PRESET, found)
        raise ConfigError(f"{key}{where} speaks only without {_as_typed(POLICY_FILE, found)[0]}: keep one", key)
    keyed = exchange.api_key is not None or exchange.api_secret is not None or exchange.private_key_file is not None
    if settings.venue is Venue.LIVE or (settings.venue is Venue.TESTNET and keyed):
        _check_keys(settings)


def _check_keys(settings: Settings) -> None:
    """The live venue needs a key, and something to sign with; the testnet needs both or neither."""
    venue = settings.venue.value
    if settings.exchange.api_key is None:
        raise ConfigError(f"{variable(KEY)} is needed for the {venue} venue", variable(KEY))
    if settings.exchange.api_secret is None and settings.exchange.private_key_file is None:
        names = f"{variable(SECRET)} (HMAC) or {variable(PEM)} (Ed25519 or RSA)"
        raise ConfigError(f"{names} is needed to sign for the {venue} venue", variable(SECRET))
