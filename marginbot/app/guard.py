"""The daemon, wired: one account, its policy, its streams, its chores and its audience."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from marginbot.app.opened import App
from marginbot.engine.daemon.acceptance import Acceptance
from marginbot.engine.daemon.chores import Chores
from marginbot.engine.daemon.daemon import Daemon, until
from marginbot.engine.daemon.health import Health
from marginbot.engine.daemon.jobs import Jobs
from marginbot.engine.daemon.outfit import Audience, Outfit
from marginbot.engine.daemon.sharing import sharing
from marginbot.engine.daemon.streaming import Streaming
from marginbot.engine.journal.notebook import Notebook
from marginbot.engine.loans import LoanQueue
from marginbot.engine.lock import instance_lock
from marginbot.engine.rights import missing_rights
from marginbot.errors import SafetyRefused
from marginbot.exchange.streams.addresses import check_socket_url
from marginbot.exchange.streams.market import MarketStream
from marginbot.exchange.streams.user import UserStreams
from marginbot.settings.policy_file import policy_of

START_WITHIN = 60.0
"""Seconds for the reads of a start; a daemon that cannot even read its key's rights says so and ends."""


@asynccontextmanager
async def open_guard(app: App, tell: Audience, *, dry_run: bool = False, act_now: bool = False) -> AsyncIterator[Daemon]:
    """A daemon that is ready to run, alone on its account. Nothing but reads is sent by opening.

    Raises: ConfigError, SafetyRefused (another daemon, a key that lacks rights or may withdraw), ExchangeError.
    """
    policy = policy_of(app.settings)
    account = await _account(app, dry_run)
    with instance_lock(app.locks, app.venue, account):
        notebook = Notebook(app.journal.file, account)
        outfit = Outfit(
            exchange=sharing(app.exchange),
            journal=app.journal,
            notebook=notebook,
            clock=app.clock,
            account=account,
            venue=app.venue,
            limits=app.limits,
            policy=policy,
            loans=LoanQueue(app.clock),
            patience=app.patience,
            lock=lambda symbol: app.hold(account, symbol),
            new_id=app.new_id,
            tell=tell,
            deadline=app.settings.unwind.deadline,
            dry_run=dry_run,
        )
        acceptance = Acceptance(notebook, policy.digest)
        if act_now:
            acceptance.accept(app.clock.now())
        daemon = Daemon(outfit, Health(app.clock), app.stop, acceptance)
        _beside(app, daemon)
        yield daemon


async def _account(app: App, dry_run: bool) -> str:
    """The number of the account, once the key is known to be fit for the work."""
    patience = app.patience(START_WITHIN)
    wallet = await patience.ask(app.exchange.spot_wallet)
    rights = await patience.ask(app.exchange.key_rights)
    wrong = missing_rights(rights, True, app.settings.exchange.allow_withdrawal_keys)
    if wrong is not None and not dry_run:
        raise SafetyRefused(f"{wrong}. Nothing was sent")
    return wallet.uid


def _beside(app: App, daemon: Daemon) -> None:
    """Jobs and streams: each begins anew by itself when it breaks."""
    jobs = Jobs(daemon.health, daemon.outfit.tell, app.stop)
    chores = Chores(daemon.outfit, daemon.watch, jobs, app.settings.exchange.allow_withdrawal_keys)
    chores.register()
    daemon.beside["the chores"] = chores.begin
    daemon.beside["the jobs"] = jobs.run
    streaming = Streaming(daemon.watch, app.stop, app.clock)
    places = app.streams
    if places is None:
        return
    if places.market is not None:
        address = check_socket_url(app.settings.venue.value, places.market, "exchange.stream_url")
        market = MarketStream(address, daemon.watch.fences, daemon.health, app.clock, app.jitter)
        streaming.streams.append(market)
        daemon.beside["the market stream"] = until(app.stop, market.run)
    if places.account is not None:
        address = check_socket_url(app.settings.venue.value, places.account, "exchange.ws_api_url")
        user = UserStreams(address, app.exchange, streaming, daemon.health, app.clock, app.jitter)
        streaming.streams.append(user)
        daemon.beside["the user streams"] = until(app.stop, user.run)
    daemon.beside["the subscriptions"] = streaming.run
