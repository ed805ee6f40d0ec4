"""The daemon, wired: one account, its policy, its streams, its chores and its audience."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from marginbot.app.opened import App
from marginbot.app.outside import Outside
from marginbot.app.start import account_of
from marginbot.domain.policy import Policy
from marginbot.engine.daemon.acceptance import Acceptance
from marginbot.engine.daemon.beside import until
from marginbot.engine.daemon.chores import Chores
from marginbot.engine.daemon.daemon import Daemon
from marginbot.engine.daemon.health import Health
from marginbot.engine.daemon.jobs import Jobs
from marginbot.engine.daemon.outfit import Audience, Outfit
from marginbot.engine.daemon.sharing import sharing
from marginbot.engine.daemon.streaming import Streaming
from marginbot.engine.journal.notebook import Notebook
from marginbot.engine.loans import LoanQueue
from marginbot.engine.lock import instance_lock
from marginbot.errors import ConfigError
from marginbot.exchange.streams.addresses import check_socket_url
from marginbot.exchange.streams.market import MarketStream
from marginbot.exchange.streams.user import UserStreams
from marginbot.settings.policy_file import policy_of

log = structlog.get_logger("marginbot")


@asynccontextmanager
async def open_guard(
    app: App, tell: Audience, *, dry_run: bool = False, act_now: bool = False, outside: Outside | None = None
) -> AsyncIterator[Daemon]:
    """A daemon that is ready to run, alone on its account. Nothing but reads is sent by opening.

    outside: told while the exchange does not answer, and of everything the daemon does.
    Raises: ConfigError, SafetyRefused (another daemon, a key that lacks rights or may withdraw), RequestRejected (a key that is
    refused), Interrupted (a signal came before the exchange answered).
    """
    policy = policy_of(app.settings)
    account = await account_of(app, outside, dry_run=dry_run)
    policy = _as_it_is_now(app, policy)
    with instance_lock(app.locks, app.venue, account):
        notebook = Notebook(app.journal.file, account, rehearsal=dry_run)
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
        outfit.spare = app.spare or outfit.spare
        acceptance = Acceptance(notebook, policy.digest)
        if act_now:
            acceptance.accept(app.clock.now())
        daemon = Daemon(outfit, Health(app.clock), app.stop, acceptance)
        _beside(app, daemon)
        if outside is not None:
            outside.join(daemon, app.stop)
        yield daemon


def _as_it_is_now(app: App, policy: Policy) -> Policy:
    """It may have been changed while the exchange did not answer; one that cannot be read any more changes nothing."""
    try:
        return policy_of(app.settings)
    except ConfigError as wrong:
        log.error("the policy cannot be read any more; as it was at the start it is in force", reason=str(wrong))
        return policy


def _beside(app: App, daemon: Daemon) -> None:
    """Jobs and streams: each begins anew by itself when it breaks."""
    jobs = Jobs(daemon.health, daemon.outfit.tell, app.stop)
    key = app.settings.exchange
    chores = Chores(daemon.outfit, daemon.watch, jobs, key.allow_withdrawal_keys, key.key_expires)
    chores.register()
    daemon.beside["the chores"] = chores.begin
    daemon.beside["the jobs"] = jobs.run
    streaming = Streaming(daemon.watch, app.stop, app.clock)
    places = app.streams
    if places is None:
        return
    if places.market is not None:
        address = check_socket_url(app.settings.venue.value, places.market, "exchange.stream_url")
        market = MarketStream(address, daemon.watch.fences, daemon.health, app.clock, app.jitter, places.dial)
        streaming.streams.append(market)
        daemon.beside["the market stream"] = until(app.stop, market.run)
    if places.account is not None:
        address = check_socket_url(app.settings.venue.value, places.account, "exchange.ws_api_url")
        user = UserStreams(address, app.exchange, streaming, daemon.health, app.clock, app.jitter, places.dial)
        streaming.streams.append(user)
        daemon.beside["the user streams"] = until(app.stop, user.run)
    daemon.beside["the subscriptions"] = streaming.run
