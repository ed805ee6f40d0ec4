"""Every setting: what it reads, its default, and how it refuses."""

from datetime import UTC, datetime
from decimal import Decimal as D
from pathlib import Path

import pytest
from pydantic import SecretStr

from marginbot.domain.policy import Preset
from marginbot.errors import ConfigError
from marginbot.settings import Settings, Venue, load_settings
from marginbot.settings.names import KNOWN, variable
from marginbot.settings.names import Path as SettingPath
from marginbot.settings.outside import Listen, NotifyUrl

READS = [
    ("venue", "live", Venue.LIVE),
    ("venue", "PAPER", Venue.PAPER),
    ("venue", "Testnet", Venue.TESTNET),
    ("exchange.rest_url", "http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
    ("exchange.rest_url", "http://[::1]:8080", "http://[::1]:8080"),
    ("exchange.rest_url", "http://localhost:8080", "http://localhost:8080"),
    ("exchange.stream_url", "ws://127.0.0.1:8080/", "ws://127.0.0.1:8080"),
    ("exchange.stream_url", "WSS://localhost:9443", "wss://localhost:9443"),
    ("exchange.stream_url", "Off", "off"),
    ("exchange.ws_api_url", "ws://[::1]:8080/ws-api/v3", "ws://[::1]:8080/ws-api/v3"),
    ("exchange.ws_api_url", "off", "off"),
    ("exchange.timeout", "12.5", 12.5),
    ("exchange.timeout", "1", 1.0),
    ("exchange.allow_withdrawal_keys", "true", True),
    ("exchange.allow_withdrawal_keys", "0", False),
    ("exchange.key_expires", "2027-03-01", datetime(2027, 3, 1, tzinfo=UTC)),
    ("exchange.key_expires", "2027-03-01T12:00+02:00", datetime(2027, 3, 1, 10, tzinfo=UTC)),
    ("exchange.reserve_pct", "0", 0),
    ("exchange.reserve_pct", "90", 90),
    ("state.url", "sqlite:///a.db", "sqlite:///a.db"),
    ("state.url", "sqlite+aiosqlite:////var/lib/a.db", "sqlite:////var/lib/a.db"),
    ("unwind.deadline", "0.5", 0.5),
    ("unwind.max_slippage_bps", "0.1", D("0.1")),
    ("unwind.max_slippage_bps", "10000", D(10000)),
    ("unwind.topup_crumb", "0.30000000000000004", D("0.30000000000000004")),
    ("policy.file", "my/policy.toml", Path("my/policy.toml")),
    ("policy.preset", "Alert-Only", Preset.ALERT_ONLY),
    ("notify.urls", "ntfy://alarms", (NotifyUrl(SecretStr("ntfy://alarms")),)),
    ("metrics.listen", "127.0.0.1:9000", Listen("127.0.0.1", 9000)),
    ("metrics.listen", "[::1]:9000", Listen("::1", 9000)),
    ("metrics.listen", "OFF", None),
    ("heartbeat.url", "https://hc.example/ping/1?a=b", SecretStr("https://hc.example/ping/1?a=b")),
    ("heartbeat.url", "http://127.0.0.1:8000/", SecretStr("http://127.0.0.1:8000/")),
]

REFUSES = [
    ("venue", "liv", "did you mean live?"),
    ("venue", "tesnet", "did you mean testnet?"),
    ("venue", "", "is empty"),
    ("exchange.api_key", "two words", "one word of plain ASCII"),
    ("exchange.api_key", "", "is empty"),
    ("exchange.api_secret", "schlüssel", "one word of plain ASCII"),
    ("exchange.private_key_file", "nowhere.pem", "cannot be read"),
    ("exchange.private_key_file", ".", "cannot be read"),
    ("exchange.private_key_file", " ", "is empty"),
    ("exchange.rest_url", "http://api.binance.com", "https://"),
    ("exchange.rest_url", "api.binance.com", "https://"),
    ("exchange.rest_url", "https://user:pw@127.0.0.1", "without user name"),
    ("exchange.rest_url", "https://127.0.0.1/?a=b", "without user name, query"),
    ("exchange.rest_url", "https://127.0.0.1:99999", "https://"),
    ("exchange.rest_url", "https://", "https://"),
    ("exchange.rest_url", "https://api.binance.com", "must stay on this machine"),
    ("exchange.rest_url", "http://127.0.0.1.evil.example", "https://"),
    ("exchange.stream_url", "ws://stream.binance.com:9443", "ws:// only for 127.0.0.1"),
    ("exchange.stream_url", "https://127.0.0.1", "wss://"),
    ("exchange.stream_url", "wss://hunter2@127.0.0.1", "without user name"),
    ("exchange.stream_url", "wss://127.0.0.1/stream?streams=x", "without user name, query"),
    ("exchange.stream_url", "wss://stream.binance.com:9443", "must stay on this machine"),
    ("exchange.ws_api_url", "on", "or off"),
    ("exchange.ws_api_url", "wss://ws-api.binance.com:443/ws-api/v3", "must stay on this machine"),
    ("exchange.timeout", "0.9", "from 1 to 300"),
    ("exchange.timeout", "301", "from 1 to 300"),
    ("exchange.timeout", "nan", "from 1 to 300"),
    ("exchange.timeout", "inf", "below 10 the exchange may still act"),
    ("exchange.allow_withdrawal_keys", "maybe", "must be true or false"),
    ("exchange.key_expires", "next spring", "a date such as 2027-03-01"),
    ("exchange.key_expires", "2027-02-30", "a date such as 2027-03-01"),
    ("exchange.key_expires", "0001-01-01T00:00+14:00", "a date such as 2027-03-01"),
    ("exchange.reserve_pct", "91", "from 0 to 90"),
    ("exchange.reserve_pct", "30.5", "whole number of percent"),
    ("exchange.reserve_pct", "-1", "from 0 to 90"),
    ("state.url", "postgresql://u:hunter2@h/d", "not supported yet"),
    ("state.url", "sqlite://", "sqlite:///FILE"),
    ("state.url", "sqlite:///:memory:", "survives a restart"),
    ("state.url", "sqlite:///a.db?mode=ro", "without options"),
    ("state.url", "journal.db", "sqlite:///FILE"),
    ("unwind.deadline", "0", "above 0"),
    ("unwind.deadline", "1_000", "a number of seconds"),
    ("unwind.max_slippage_bps", "0", "above 0 and at most 10000"),
    ("unwind.max_slippage_bps", "10000.1", "at most 10000"),
    ("unwind.max_slippage_bps", "NaN", "basis points"),
    ("unwind.max_slippage_bps", "1_0", "basis points"),
    ("unwind.max_slippage_bps", "١٠", "basis points"),
    ("unwind.topup_crumb", "-1", "from 0"),
    ("unwind.topup_crumb", "Infinity", "quote asset"),
    ("policy.file", " ", "is empty"),
    ("policy.preset", "balancd", "did you mean balanced?"),
    ("notify.urls", "", "is empty"),
    ("notify.urls", "alarms", "Apprise addresses such as"),
    ("notify.urls", "urgent=ntfy://hunter2", "info, warning or critical"),
    ("metrics.listen", "9464", "HOST:PORT"),
    ("metrics.listen", "127.0.0.1", "HOST:PORT"),
    ("metrics.listen", "127.0.0.1:99999", "HOST:PORT"),
    ("metrics.listen", "127.0.0.1:9464/metrics", "HOST:PORT"),
    ("heartbeat.url", "http://hc.example/ping/hunter2", "https://"),
    ("heartbeat.url", "hc.example", "https://"),
]


def path_of(name: str) -> SettingPath:
    return tuple(name.split("."))


def value_at(settings: Settings, name: str) -> object:
    found: object = settings
    for part in name.split("."):
        found = getattr(found, part)
    return found


@pytest.mark.parametrize(("name", "text", "value"), READS)
def test_a_setting_reads_what_it_accepts(monkeypatch: pytest.MonkeyPatch, name: str, text: str, value: object):
    monkeypatch.setenv("MARGINBOT_EXCHANGE__API_KEY", "key")
    monkeypatch.setenv("MARGINBOT_EXCHANGE__API_SECRET", "secret")
    monkeypatch.setenv(variable(path_of(name)), text)
    assert value_at(load_settings(), name) == value


@pytest.mark.parametrize(("name", "text", "says"), REFUSES)
def test_a_wrong_value_is_one_sentence_with_the_key_and_the_accepted_form(
    monkeypatch: pytest.MonkeyPatch, name: str, text: str, says: str
):
    monkeypatch.setenv(variable(path_of(name)), text)
    with pytest.raises(ConfigError) as refused:
        load_settings()
    assert refused.value.key == variable(path_of(name))
    assert str(refused.value).startswith(variable(path_of(name)))
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_every_setting_is_tried_above():
    tried = {name for name, *_ in (*READS, *REFUSES)}
    # in test_secrets and test_outside
    files = {"exchange.api_key_file", "exchange.api_secret_file", "notify.urls_file", "heartbeat.url_file"}
    assert {".".join(path) for path in KNOWN} == tried | files


def test_the_defaults_are_those_of_the_readme():
    settings = load_settings()
    assert settings.venue is Venue.PAPER
    assert settings.exchange.model_dump() == {
        "api_key": None,
        "api_secret": None,
        "private_key_file": None,
        "rest_url": None,
        "stream_url": None,
        "ws_api_url": None,
        "timeout": 12.0,
        "allow_withdrawal_keys": False,
        "key_expires": None,
        "reserve_pct": 30,
    }
    assert settings.base_url == "https://api.binance.com"
    assert settings.state.url is None
    assert settings.unwind.model_dump() == {"deadline": 120.0, "max_slippage_bps": D(100), "topup_crumb": D(0)}
    assert settings.policy.model_dump() == {"file": None, "preset": Preset.BALANCED}
    assert (settings.notify.urls, settings.metrics.listen, settings.heartbeat.url) == ((), Listen("127.0.0.1", 9464), None)


def test_a_toml_number_with_a_point_is_refused_where_money_hangs_on_it(write):
    file = write("m.toml", "[unwind]\nmax_slippage_bps = 0.1\n")
    with pytest.raises(ConfigError, match=r'unwind.max_slippage_bps .*must be written in quotes, for example "100"') as refused:
        load_settings(config=file)
    assert refused.value.key == "unwind.max_slippage_bps"


def test_whole_toml_numbers_and_plain_seconds_are_fine(write):
    exchange = "[exchange]\ntimeout = 12.5\nreserve_pct = 10\nkey_expires = 2027-03-01\n"
    settings = load_settings(config=write("m.toml", f"{exchange}[unwind]\nmax_slippage_bps = 50\ndeadline = 60\n"))
    assert settings.exchange.key_expires == datetime(2027, 3, 1, tzinfo=UTC)
    assert (settings.exchange.timeout, settings.exchange.reserve_pct) == (12.5, 10)
    assert (settings.unwind.max_slippage_bps, settings.unwind.deadline) == (D(50), 60.0)


@pytest.mark.parametrize("line", ["reserve_pct = true", 'timeout = ["1"]', "api_key = 1", "rest_url = {}", "timeout = nan"])
def test_a_toml_value_of_the_wrong_kind_is_refused(write, line: str):
    with pytest.raises(ConfigError) as refused:
        load_settings(config=write("m.toml", f"[exchange]\n{line}\n"))
    assert refused.value.key == "exchange." + line.split()[0]


def test_the_live_venue_needs_a_key_and_something_to_sign_with(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MARGINBOT_VENUE", "live")
    with pytest.raises(ConfigError, match="MARGINBOT_EXCHANGE__API_KEY is needed"):
        load_settings()
    monkeypatch.setenv("MARGINBOT_EXCHANGE__API_KEY", "key")
    with pytest.raises(ConfigError, match=r"API_SECRET \(HMAC\) or MARGINBOT_EXCHANGE__PRIVATE_KEY_FILE"):
        load_settings()


def test_a_secret_beside_a_private_key_is_refused(monkeypatch: pytest.MonkeyPatch, write):
    monkeypatch.setenv("MARGINBOT_EXCHANGE__API_SECRET", "secret")
    monkeypatch.setenv("MARGINBOT_EXCHANGE__PRIVATE_KEY_FILE", str(write("k.pem", "pem")))
    with pytest.raises(ConfigError, match="are both set: keep one"):
        load_settings()


def test_live_may_go_to_another_https_host_and_to_a_paper_server(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MARGINBOT_VENUE", "live")
    monkeypatch.setenv("MARGINBOT_EXCHANGE__API_KEY", "key")
    monkeypatch.setenv("MARGINBOT_EXCHANGE__API_SECRET", "secret")
    for url in ("https://api1.binance.com", "http://127.0.0.1:5000"):
        monkeypatch.setenv("MARGINBOT_EXCHANGE__REST_URL", url)
        assert load_settings().base_url == url


def addresses(monkeypatch: pytest.MonkeyPatch, **chosen: str) -> tuple[str | None, str | None]:
    """Where the live venue hears prices and account events."""
    monkeypatch.setenv("MARGINBOT_VENUE", "live")
    monkeypatch.setenv("MARGINBOT_EXCHANGE__API_KEY", "key")
    monkeypatch.setenv("MARGINBOT_EXCHANGE__API_SECRET", "secret")
    for name, url in chosen.items():
        monkeypatch.setenv(f"MARGINBOT_EXCHANGE__{name}", url)
    settings = load_settings()
    return settings.market_stream_address, settings.user_stream_address


def test_the_live_venue_hears_the_real_exchange_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch):
    real = ("wss://stream.binance.com:9443", "wss://ws-api.binance.com:443/ws-api/v3")
    assert addresses(monkeypatch) == real
    assert addresses(monkeypatch, REST_URL="https://api1.binance.com") == real
    assert addresses(monkeypatch, WS_API_URL="off") == (real[0], None)
    assert addresses(monkeypatch, STREAM_URL="wss://data-stream.binance.vision") == ("wss://data-stream.binance.vision", None)


def test_who_sends_requests_to_this_machine_hears_no_other_one_by_itself(monkeypatch: pytest.MonkeyPatch):
    assert addresses(monkeypatch, REST_URL="http://127.0.0.1:9") == (None, None)
    assert addresses(monkeypatch, STREAM_URL="ws://127.0.0.1:9") == ("ws://127.0.0.1:9", None)
    monkeypatch.setenv("MARGINBOT_VENUE", "paper")
    monkeypatch.delenv("MARGINBOT_EXCHANGE__STREAM_URL")
    assert load_settings().market_stream_address is None


def test_the_testnet_gives_prices_by_its_own_hosts_and_account_events_come_from_this_machine(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MARGINBOT_VENUE", "testnet")
    settings = load_settings()
    assert (settings.base_url, settings.market_stream_address) == (
        "https://testnet.binance.vision",
        "wss://stream.testnet.binance.vision",
    )
    assert settings.user_stream_address is None
    monkeypatch.setenv("MARGINBOT_EXCHANGE__REST_URL", "https://demo-api.binance.com/")
    assert load_settings().market_stream_address == "wss://demo-stream.binance.com"
    monkeypatch.setenv("MARGINBOT_EXCHANGE__REST_URL", "http://127.0.0.1:9")
    assert load_settings().market_stream_address is None
    monkeypatch.setenv("MARGINBOT_EXCHANGE__WS_API_URL", "wss://ws-api.testnet.binance.vision/ws-api/v3")
    with pytest.raises(ConfigError, match="where the testnet's margin books are") as refused:
        load_settings()
    assert refused.value.key == "MARGINBOT_EXCHANGE__WS_API_URL"


def test_the_testnet_takes_a_whole_key_or_none(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MARGINBOT_VENUE", "testnet")
    assert load_settings().exchange.api_key is None
    monkeypatch.setenv("MARGINBOT_EXCHANGE__API_SECRET", "secret")
    with pytest.raises(ConfigError, match="API_KEY is needed for the testnet venue"):
        load_settings()
    monkeypatch.setenv("MARGINBOT_EXCHANGE__API_KEY", "key")
    assert load_settings().exchange.api_key is not None
    monkeypatch.delenv("MARGINBOT_EXCHANGE__API_SECRET")
    with pytest.raises(ConfigError, match="needed to sign for the testnet venue"):
        load_settings()


def test_home_is_expanded_in_paths(monkeypatch: pytest.MonkeyPatch, write, folder: Path):
    write("k.pem", "pem")
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("MARGINBOT_EXCHANGE__PRIVATE_KEY_FILE", "~/k.pem")
    assert load_settings().exchange.private_key_pem() == b"pem"
