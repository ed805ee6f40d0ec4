"""No combination of settings lets a paper or testnet run reach a live host: whole command lines, watched at the network."""

import json
import os

import httpx
import pytest
from filelock import FileLock

from marginbot.paper.keys import PAPER_API_KEY, PAPER_API_SECRET
from tests.contract import only_document
from tests.elsewhere import put_elsewhere

LIVE = ["https://api.binance.com", "https://api1.binance.com", "https://api-gcp.binance.com/", "https://API.BINANCE.COM."]
ODD = ["http://api.binance.com", "http://testnet.binance.vision", "https://127.0.0.1.evil.example"]
TESTNETS = ["https://testnet.binance.vision", "https://demo-api.binance.com"]
FOREIGN = [
    *((venue, url) for venue in ("paper", "PAPER", "testnet") for url in (*LIVE, *ODD)),
    *(("paper", url) for url in TESTNETS),
]
COMMANDS = [("status",), ("plan", "BTCUSDT"), ("unwind", "BTCUSDT", "--yes"), ("unwind", "--all", "--yes")]
PLACES = ("environment", ".env", "toml")


@pytest.fixture
def hosts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every host a request would have gone to; none gets there."""
    met: list[str] = []

    async def nobody_answers(_: object, request: httpx.Request) -> httpx.Response:
        met.append(request.url.host)
        raise httpx.ConnectError("watched", request=request)

    monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", nobody_answers)
    return met


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MARGINBOT_EXCHANGE__API_KEY", "k" * 64)
    monkeypatch.setenv("MARGINBOT_EXCHANGE__API_SECRET", "s" * 64)


def put(place: str, monkeypatch, folder, **settings: str) -> None:
    """Write settings where a person might."""
    if place == "environment":
        for name, value in settings.items():
            monkeypatch.setenv(f"MARGINBOT_{name}", value)
    elif place == ".env":
        (folder / ".env").write_text("".join(f"MARGINBOT_{name}={value}\n" for name, value in settings.items()))
    else:
        lines = [f'{name.lower().replace("__", ".")} = "{value}"' for name, value in settings.items()]
        (folder / "config").mkdir()
        (folder / "config" / "marginbot.toml").write_text("\n".join(lines) + "\n")


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(("venue", "url"), FOREIGN)
@pytest.mark.usefixtures("keys")
def test_a_foreign_address_is_a_wrong_setting_wherever_it_is_written(
    marginbot, capsys, monkeypatch, folder, hosts, venue, place, url
):
    put(place, monkeypatch, folder, VENUE=venue, EXCHANGE__REST_URL=url)
    assert marginbot("unwind", "BTCUSDT", "--yes", "--json") == 2
    assert set(only_document(capsys.readouterr().out)) == {"error", "key"}
    assert hosts == []


@pytest.mark.parametrize("words", COMMANDS)
@pytest.mark.usefixtures("keys")
def test_the_flag_turns_an_environment_set_up_for_live_into_a_refusal_or_paper(marginbot, monkeypatch, hosts, words):
    monkeypatch.setenv("MARGINBOT_VENUE", "live")
    assert marginbot(*words, "--venue", "paper") == 0
    monkeypatch.setenv("MARGINBOT_EXCHANGE__REST_URL", LIVE[0])
    assert marginbot(*words, "--venue", "paper") == 2
    assert marginbot("--venue", "testnet", *words) == 2
    assert hosts == []


@pytest.mark.parametrize("words", [*COMMANDS, ("doctor",), ("policy", "check"), ("paper", "reset"), ("record",)])
@pytest.mark.usefixtures("keys")
def test_the_flag_turns_an_environment_set_up_for_live_into_questions_about_prices(marginbot, monkeypatch, words):
    monkeypatch.setenv("MARGINBOT_VENUE", "live")
    there = put_elsewhere(monkeypatch)
    monkeypatch.setenv("MARGINBOT_EXCHANGE__API_KEY", PAPER_API_KEY)
    monkeypatch.setenv("MARGINBOT_EXCHANGE__API_SECRET", PAPER_API_SECRET)
    assert marginbot(*words, "--venue", "testnet") == 0
    assert there.requests
    there.assert_only_market_data()


@pytest.mark.parametrize("words", [("status",), ("paper", "reset")])
def test_a_testnet_that_is_away_is_exit_4_and_was_asked_for_prices_alone(marginbot, monkeypatch, capsys, words):
    there = put_elsewhere(monkeypatch)
    there.down = True
    assert marginbot("--venue", "testnet", *words) == 4
    assert "testnet.binance.vision, which shows none now" in capsys.readouterr().err
    assert set(there.calls) == {"GET /api/v3/ticker/bookTicker"}
    there.assert_only_market_data()


@pytest.mark.parametrize("words", COMMANDS)
def test_without_any_settings_nothing_goes_to_the_network(marginbot, hosts, words):
    assert marginbot(*words) == 0
    assert hosts == []


@pytest.mark.usefixtures("keys")
def test_a_paper_run_with_an_address_of_this_machine_stays_on_it(marginbot, capsys, monkeypatch, hosts):
    monkeypatch.setenv("MARGINBOT_EXCHANGE__REST_URL", "http://127.0.0.1:9")
    assert marginbot("unwind", "BTCUSDT", "--yes", "--json", "--deadline", "0.1") == 4
    assert set(hosts) == {"127.0.0.1"}


def test_a_forged_note_about_who_serves_the_paper_world_leads_nowhere(marginbot, folder, hosts):
    state = folder / "state" / "marginbot"
    state.mkdir(parents=True)
    (state / "paper.json").write_text(json.dumps({"rest_url": LIVE[0], "pid": os.getpid()}))
    with FileLock(state / "paper.lock"):
        assert marginbot("unwind", "BTCUSDT", "--yes") == 2
    assert hosts == []


@pytest.mark.usefixtures("keys")
def test_only_the_live_venue_reaches_the_live_host(marginbot, hosts):
    assert marginbot("unwind", "BTCUSDT", "--yes", "--venue", "live", "--deadline", "0.1") == 4
    assert set(hosts) == {"api.binance.com"}
