"""The bodies of `paper serve` and `paper reset`."""

from __future__ import annotations

from collections.abc import Coroutine
from pathlib import Path

from marginbot import logs
from marginbot.cli.output import Output
from marginbot.cli.paper import ResetOptions, ServeOptions
from marginbot.cli.shell import Shell
from marginbot.engine.clock import SystemClock
from marginbot.engine.journal.journal import Journal
from marginbot.engine.journal.notebook import Notebook
from marginbot.errors import ConfigError, MarginbotError, SafetyRefused
from marginbot.paper.access import new_token
from marginbot.paper.beginning import begin
from marginbot.paper.books.scenarios import DEFAULT_UID
from marginbot.paper.embedded import exchange_of
from marginbot.paper.errors import PaperError, WorldBusy
from marginbot.paper.keys import paper_keys
from marginbot.paper.listeners import is_loopback
from marginbot.paper.server import Ready, serve
from marginbot.paper.store import open_world, reset_world
from marginbot.settings import Venue, journal_file, state_dir
from marginbot.settings.private_files import read_secret

SHORTEST_TOKEN = 16


def execute(options: ServeOptions | ResetOptions, shell: Shell) -> int | Coroutine[None, None, int]:
    """Serve until told to stop, or reset. Errors of the emulator become the bot's, which the boundary knows."""
    _check_scenario(options.scenario)
    if isinstance(options, ResetOptions) and shell.settings.venue is Venue.TESTNET:
        return _reset_testnet(options, shell)
    try:
        if isinstance(options, ServeOptions):
            return _serve(options, shell.output)
        return _reset(options, shell)
    except WorldBusy as busy:
        raise SafetyRefused(str(busy)) from busy
    except PaperError as problem:
        raise MarginbotError(str(problem)) from problem


def _serve(options: ServeOptions, output: Output) -> int:
    # Keys and token are read first: a wrong file must not make or touch a world.
    pems = [_public_pem(file) for file in options.public_keys]
    made, token = _token(options)
    with open_world(state_dir(), _wall_ms(), options.scenario) as opened:
        exchange = exchange_of(opened.world, _wall_ms, public_keys=pems)
        serve(
            exchange,
            lambda ready: _announce(ready, made, output),
            opened=opened,
            host=options.host,
            port=options.port,
            latency_ms=options.latency_ms,
            token=token,
        )
    return 0


def _reset(options: ResetOptions, shell: Shell) -> int:
    chosen = reset_world(state_dir(), _wall_ms(), options.scenario)
    shell.output.people.print(f"The paper world is back at the beginning of scenario {chosen}.", markup=False)
    _forget(shell)
    return 0


async def _reset_testnet(options: ResetOptions, shell: Shell) -> int:
    """The books of venue testnet, at the testnet's present prices."""
    from marginbot.app.testnet import reset_books

    journal = Journal.in_file(journal_file(shell.settings))
    try:
        chosen, host = await reset_books(shell.settings, options.scenario, SystemClock(), journal)
    finally:
        journal.close()
    text = f"The testnet's margin books are back at the beginning of scenario {chosen}, at the prices of {host}."
    shell.output.people.print(text, markup=False, soft_wrap=True)
    _forget(shell)
    return 0


def _forget(shell: Shell) -> None:
    """Writes that the old world left open can never be looked up in the new one, and its rules have not fired there yet."""
    file = journal_file(shell.settings)
    if not file.exists():
        return
    journal = Journal.in_file(file)
    try:
        left = journal.forget(str(DEFAULT_UID), SystemClock().now(), "the paper world was reset")
        Notebook(journal.file, str(DEFAULT_UID)).forget_the_account()
    finally:
        journal.close()
    if left:
        shell.output.people.print(f"{left} writes that the old world left open are closed in the journal.", markup=False)


def _announce(ready: Ready, made: str | None, output: Output) -> None:
    """Where it listens and whom it knows: one JSON line, or a table with the keys, which are no secret here.

    made: the token that was made for this run. It is shown this once; one that came from a file never is.
    """
    shown = {"control_token": made} if made else {}
    if output.as_json:
        output.emit_json({**ready, **shown})
        return
    accepted = [(f"accepts {key['type']}", key["api_key"]) for key in ready["keys"]]
    rows = [(name, str(ready[name])) for name in ("rest_url", "stream_url", "ws_api_url", "api_key", "api_secret")]
    output.people.print("The margin testnet listens. Ctrl-C ends it.", style="heading", soft_wrap=True)
    for name, value in rows + accepted + list(shown.items()):
        # Keys must survive copying, so nothing is cut or folded at the width of the terminal.
        output.people.print(f"{name:<16}{value}", markup=False, soft_wrap=True)


def _token(options: ServeOptions) -> tuple[str | None, str | None]:
    """(the token if one had to be made, the token the controls demand). Raises: ConfigError for host or file."""
    try:
        wide = not is_loopback(options.host)
    except PaperError as problem:
        raise ConfigError(f"--host: {problem}", "--host") from problem
    made = new_token() if wide and options.token_file is None else None
    token = made if options.token_file is None else _given_token(options.token_file.expanduser())
    if token is not None:
        logs.hide(token)
    return made, token


def _given_token(file: Path) -> str:
    token = read_secret(file, "--token-file")
    if len(token) < SHORTEST_TOKEN or not token.isprintable() or " " in token:
        form = f"must hold one word of at least {SHORTEST_TOKEN} characters"
        raise ConfigError(f"--token-file: {file} {form}, such as `openssl rand -hex 32` prints", "--token-file")
    return token


def _public_pem(file: Path) -> bytes:
    try:
        pem = file.expanduser().read_bytes()
        paper_keys(0).add_public_key(0, pem)
    except OSError as error:
        message = f"--public-key must name a PEM file; {str(file)!r} cannot be read ({error.strerror})"
        raise ConfigError(message, "--public-key") from error
    except PaperError as problem:
        raise ConfigError(f"--public-key: {problem}", "--public-key") from problem
    return pem


def _check_scenario(scenario: str | None) -> None:
    """A world that cannot begin is the command line's fault, found before anything is locked or moved away."""
    if scenario is None:
        return
    try:
        begin(scenario, _wall_ms())
    except PaperError as problem:
        raise ConfigError(f"--scenario: {problem}", "--scenario") from problem


def _wall_ms() -> int:
    return int(SystemClock().now().timestamp() * 1000)
