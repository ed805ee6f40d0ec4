"""The settings this version has, their defaults and their limits."""

from __future__ import annotations

from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from marginbot.settings import values
from marginbot.settings.private_files import read_private

LIVE_URL: Final = "https://api.binance.com"
"""Where `venue = live` goes when `exchange.rest_url` is not set. Source: api.md, base URLs."""


class Venue(Enum):
    """Where the account lives: in the embedded emulator, or on the real exchange."""

    PAPER = "paper"
    LIVE = "live"


def _venue(value: object) -> Venue:
    """A venue's name. `testnet` is a name of the contract that this version cannot serve yet."""
    name = values.text(value.value if isinstance(value, Venue) else value, "paper or live").lower()
    if name == "testnet":
        raise ValueError("testnet is not in this version yet: use paper (the embedded margin testnet) or live")
    names = [venue.value for venue in Venue]
    if name not in names:
        raise ValueError(f"must be paper or live{values.did_you_mean(name, names)}")
    return Venue(name)


def _secret(value: object) -> SecretStr:
    return SecretStr(values.credential(value.get_secret_value() if isinstance(value, SecretStr) else value))


_seconds_timeout = values.seconds_between(
    "1", "300", example="12", why="; below 10 the exchange may still act on a request we gave up on"
)
_seconds_deadline = values.seconds_between("0", "604800", example="120", above=True)
_bps = values.money_between("0", "10000", what="basis points", example="100", above=True)
_crumb = values.money_between("0", None, what="a value in the quote asset", example="5")
_percent = values.whole_between(0, 90, what="a whole number of percent", example="30")

_STRICT: Final = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Exchange(BaseModel):
    """`exchange.*`: the key, where requests go, and how politely."""

    model_config = _STRICT

    api_key: Annotated[SecretStr | None, BeforeValidator(_secret)] = None
    api_secret: Annotated[SecretStr | None, BeforeValidator(_secret)] = None
    private_key_file: Annotated[Path | None, BeforeValidator(values.file_path)] = None
    rest_url: Annotated[str | None, BeforeValidator(values.web_url)] = None
    timeout: Annotated[float, BeforeValidator(_seconds_timeout)] = 12.0
    allow_withdrawal_keys: Annotated[bool, BeforeValidator(values.truth)] = False
    reserve_pct: Annotated[int, BeforeValidator(_percent)] = 30

    @property
    def base_url(self) -> str:
        """Base of /api and /sapi for `venue = live`."""
        return self.rest_url or LIVE_URL

    def private_key_pem(self) -> bytes | None:
        """The PEM of `private_key_file`, read now; None when an HMAC secret is used. Raises: ConfigError."""
        if self.private_key_file is None:
            return None
        return read_private(self.private_key_file, "MARGINBOT_EXCHANGE__PRIVATE_KEY_FILE")


class State(BaseModel):
    """`state.*`: where the journal is."""

    model_config = _STRICT

    url: Annotated[str | None, BeforeValidator(values.journal_url)] = None


class Unwind(BaseModel):
    """`unwind.*`: what one unwind may take and cost. Seconds, basis points, units of quote."""

    model_config = _STRICT

    deadline: Annotated[float, BeforeValidator(_seconds_deadline)] = 120.0
    max_slippage_bps: Annotated[Decimal, BeforeValidator(_bps)] = Decimal(100)
    topup_crumb: Annotated[Decimal, BeforeValidator(_crumb)] = Decimal(0)


class Settings(BaseSettings):
    """Everything the owner chose. Build it with `load_settings`, which knows the sources and speaks clearly."""

    model_config = SettingsConfigDict(
        env_prefix="MARGINBOT_", env_nested_delimiter="__", extra="forbid", frozen=True, hide_input_in_errors=True
    )

    venue: Annotated[Venue, BeforeValidator(_venue)] = Venue.PAPER
    exchange: Exchange = Field(default_factory=Exchange)
    state: State = Field(default_factory=State)
    unwind: Unwind = Field(default_factory=Unwind)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what `load_settings` hands in: it runs the sources itself, so an error can say where a value came from."""
        return (init_settings,)

    def secrets(self) -> tuple[str, ...]:
        """Every secret text in these settings, for the log scrubber."""
        held = (self.exchange.api_key, self.exchange.api_secret)
        return tuple(secret.get_secret_value() for secret in held if secret is not None)
