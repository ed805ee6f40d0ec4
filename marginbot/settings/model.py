"""The settings this version has, their defaults and their limits."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from marginbot.domain.policy import Preset
from marginbot.settings import values
from marginbot.settings.outside import Heartbeat, Metrics, Notify, secrets_in
from marginbot.settings.private_files import read_private

LIVE_URL: Final = "https://api.binance.com"
LIVE_STREAM_URL: Final = "wss://stream.binance.com:9443"
LIVE_WS_API_URL: Final = "wss://ws-api.binance.com:443/ws-api/v3"
"""Where `venue = live` goes when nothing else is set. Source: api.md, hosts."""
TESTNET_URL: Final = "https://testnet.binance.vision"
TESTNET_STREAM_URL: Final = "wss://stream.testnet.binance.vision"
DEMO_URL: Final = "https://demo-api.binance.com"
DEMO_STREAM_URL: Final = "wss://demo-stream.binance.com"
"""Where `venue = testnet` asks for prices, and the demo mode, whose prices are others. Source: api.md, testnet and demo."""


class Venue(Enum):
    """Where the account lives and whose prices it sees: the emulator with its own or a spot testnet's, or the real exchange."""

    PAPER = "paper"
    TESTNET = "testnet"
    LIVE = "live"


def _venue(value: object) -> Venue:
    form = "paper, testnet or live"
    name = values.text(value.value if isinstance(value, Venue) else value, form).lower()
    names = [venue.value for venue in Venue]
    if name not in names:
        raise ValueError(f"must be {form}{values.did_you_mean(name, names)}")
    return Venue(name)


def _preset(value: object) -> Preset:
    names = [preset.value for preset in Preset]
    form = f"one of {', '.join(names)}"
    name = values.text(value.value if isinstance(value, Preset) else value, form).lower()
    if name not in names:
        raise ValueError(f"must be {form}{values.did_you_mean(name, names)}")
    return Preset(name)


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
    stream_url: Annotated[str | None, BeforeValidator(values.socket_url)] = None
    ws_api_url: Annotated[str | None, BeforeValidator(values.socket_url)] = None
    timeout: Annotated[float, BeforeValidator(_seconds_timeout)] = 12.0
    allow_withdrawal_keys: Annotated[bool, BeforeValidator(values.truth)] = False
    key_expires: Annotated[datetime | None, BeforeValidator(values.moment)] = None
    reserve_pct: Annotated[int, BeforeValidator(_percent)] = 30

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


class PolicySource(BaseModel):
    """`policy.*`: where the rules come from; the preset speaks when there is no file. `policy_file` reads them."""

    model_config = _STRICT

    file: Annotated[Path | None, BeforeValidator(values.file_path)] = None
    preset: Annotated[Preset, BeforeValidator(_preset)] = Preset.BALANCED


class Settings(BaseSettings):
    """Everything the owner chose. Build it with `load_settings`, which knows the sources and speaks clearly."""

    model_config = SettingsConfigDict(
        env_prefix="MARGINBOT_", env_nested_delimiter="__", extra="forbid", frozen=True, hide_input_in_errors=True
    )

    venue: Annotated[Venue, BeforeValidator(_venue)] = Venue.PAPER
    exchange: Exchange = Field(default_factory=Exchange)
    state: State = Field(default_factory=State)
    unwind: Unwind = Field(default_factory=Unwind)
    policy: PolicySource = Field(default_factory=PolicySource)
    notify: Notify = Field(default_factory=Notify)
    metrics: Metrics = Field(default_factory=Metrics)
    heartbeat: Heartbeat = Field(default_factory=Heartbeat)

    @property
    def base_url(self) -> str:
        """Base of /api, and for `venue = live` of /sapi: what was chosen, else the venue's own."""
        return self.exchange.rest_url or (TESTNET_URL if self.venue is Venue.TESTNET else LIVE_URL)

    @property
    def market_stream_address(self) -> str | None:
        """Where prices are heard; None: they are only polled."""
        testnet = DEMO_STREAM_URL if self.base_url == DEMO_URL else TESTNET_STREAM_URL
        return self._socket(self.exchange.stream_url, {Venue.LIVE: LIVE_STREAM_URL, Venue.TESTNET: testnet})

    @property
    def user_stream_address(self) -> str | None:
        """Where account events are heard; None: the account is only polled."""
        return self._socket(self.exchange.ws_api_url, {Venue.LIVE: LIVE_WS_API_URL})

    def _socket(self, chosen: str | None, usual: dict[Venue, str]) -> str | None:
        """What was chosen; else the venue's usual one, but never beside requests that stay on this machine."""
        if chosen is not None:
            return None if chosen == values.OFF else chosen
        return None if values.is_loopback(self.base_url) else usual.get(self.venue)

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
        keys = (self.exchange.api_key, self.exchange.api_secret)
        addresses = (*(one.url for one in self.notify.urls), self.heartbeat.url)
        return (
            *(key.get_secret_value() for key in keys if key is not None),
            *(part for address in addresses if address is not None for part in secrets_in(address)),
        )
