"""The boundary: every error becomes its exit code, a sentence for people and a document for scripts."""

import json
import logging

import pytest

from marginbot import errors
from marginbot.logs import HIDDEN, Scrubber, hide

CODES = [
    (errors.ConfigError("wrong", "SYMBOL"), 2),
    (errors.SafetyRefused("no"), 3),
    (errors.PlanRefused("no"), 1),
    (errors.JournalUnavailable("disk full"), 1),
    (errors.OutcomeUnknown("perhaps"), 1),
    (errors.RequestRejected("no", code=-1, http_status=400), 4),
    (errors.RateLimited("banned", until_ms=1, scope="host"), 4),
    (errors.NotSent("refused"), 4),
    (errors.ReadFailed("timeout"), 4),
    (errors.AnswerMalformed("no symbol"), 4),
    (errors.MoneyError("not a number"), 1),
    (KeyboardInterrupt(), 1),
    (ZeroDivisionError("x"), 1),
    (AssertionError("x"), 1),
    (OSError(28, "disk full"), 1),
]


@pytest.mark.parametrize(("error", "code"), CODES, ids=lambda value: type(value).__name__)
def test_each_error_has_its_exit_code(marginbot, bodies, capsys, error: BaseException, code: int):
    bodies["status"].raises = error
    assert marginbot("status") == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("Error: ")
    assert "Traceback" not in err
    assert marginbot("status", "--json") == code
    document = json.loads(capsys.readouterr().out)
    assert document["key"] == getattr(error, "key", None)
    if isinstance(error, errors.MarginbotError):
        assert document["error"] == str(error)


@pytest.mark.parametrize("code", [0, 1, 3, 4])
def test_the_code_of_the_body_is_the_code_of_the_command(marginbot, bodies, code: int):
    bodies["unwind"].code = code
    assert marginbot("unwind", "--all") == code


def test_an_error_after_the_document_prints_no_second_one(marginbot, bodies, capsys):
    bodies["status"].acts = lambda shell: shell.output.emit_json({"pairs": []})
    bodies["status"].raises = errors.ReadFailed("late")
    assert marginbot("status", "--json") == 4
    out, err = capsys.readouterr()
    assert out == '{"pairs": []}\n'
    assert "late" in err


SECRET = "a1B2" * 16


def fail_with_a_secret_in_reach(_: object) -> None:
    api_secret = SECRET  # noqa: F841 - a local that a careless traceback would show
    raise RuntimeError(f"GET https://x/api?timestamp=1&signature={SECRET}")


def test_an_unforeseen_error_shows_where_only_with_v_and_never_a_secret(marginbot, bodies, capsys):
    bodies["status"].acts = fail_with_a_secret_in_reach
    assert marginbot("status") == 1
    quiet = capsys.readouterr().err
    assert "unexpected RuntimeError" in quiet
    assert "Traceback" not in quiet
    assert marginbot("status", "-v") == 1
    told = capsys.readouterr().err
    assert "Traceback" in told
    assert "fail_with_a_secret_in_reach" in told
    assert SECRET not in quiet + told


def test_logs_are_scrubbed_at_every_level(marginbot, bodies, capsys, monkeypatch):
    key = "not-shaped-like-a-key"
    monkeypatch.setenv("MARGINBOT_EXCHANGE__API_KEY", key)

    def talk(_: object) -> None:
        import structlog

        structlog.get_logger().debug("sent", url=f"/sapi?signature={SECRET}", key=key)
        logging.getLogger("some.library").debug("header %s", {"X-MBX-APIKEY": key})
        logging.getLogger("httpx").info("GET /api?signature=short1")
        try:
            raise ValueError(f"apiKey={key}")
        except ValueError:
            logging.getLogger("some.library").exception("failed")

    bodies["status"].acts = talk
    assert marginbot("status", "-vv") == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert "sent" in err
    assert "header" in err
    assert "ValueError" in err
    assert HIDDEN in err
    assert "httpx" not in err
    assert SECRET not in err
    assert key not in err
    assert "short1" not in err


@pytest.mark.parametrize(("flags", "seen"), [((), "W"), (("-v",), "WI"), (("-vv",), "WID")])
def test_v_says_more(marginbot, bodies, capsys, flags: tuple[str, ...], seen: str):
    def talk(_: object) -> None:
        import structlog

        log = structlog.get_logger()
        log.warning("said W")
        log.info("said I")
        log.debug("said D")

    bodies["status"].acts = talk
    assert marginbot("status", *flags) == 0
    err = capsys.readouterr().err
    assert "".join(letter for letter in "WID" if f"said {letter}" in err) == seen


@pytest.mark.parametrize(
    "text",
    [
        "signature=abc123",
        "'apiKey': 'abc123'",
        '{"api_secret": "abc123"}',
        "X-MBX-APIKEY: abc123",
        "listenToken=abc123&x=1",
        "Authorization: Bearer abc123",
        "'secret': b'abc123'",
        """< TEXT '{"id": 1, "params": ...abc123"}}' [154 bytes]""",
        "-----BEGIN PRIVATE KEY-----\nabc123\n-----END PRIVATE KEY-----",
        "MARGINBOT_EXCHANGE__API_SECRET=abc123",
    ],
)
def test_the_scrubber_knows_secrets_by_their_names(text: str):
    assert "abc123" not in Scrubber()(text)


def test_a_secret_of_this_run_alone_is_hidden_from_then_on(marginbot, bodies, capsys):
    def talk(shell: object) -> None:
        hide("made-in-this-run")
        logging.getLogger("x").warning("said made-in-this-run")
        raise errors.ReadFailed("broke at made-in-this-run")

    bodies["status"].acts = talk
    assert marginbot("status") == 4
    assert capsys.readouterr().err.count(HIDDEN) == 2


def test_the_scrubber_knows_secrets_by_their_shape_and_leaves_the_rest():
    scrub = Scrubber(["hunter2"])
    assert scrub(f"x {SECRET} y hunter2") == f"x {HIDDEN} y {HIDDEN}"
    plain = "BTCUSDT: repaid 399.00000001 USDT, id mb-0123456789abcdef, level 1.2345, tranId 118263407119"
    assert scrub(plain) == plain
    path = "/home/somebody/projects/trading/binance/marginbot/config/production/main.toml"
    assert scrub(path) == path
    ed25519 = "q8/+Zk1x" * 10 + "abcdef=="
    assert ed25519 not in scrub(f"sent {ed25519}, refused")
