"""The start of a daemon: it waits for the exchange as long as it takes, red and saying so, and only then watches."""

from __future__ import annotations

import asyncio
from typing import Final

import structlog

from marginbot.app.opened import App
from marginbot.app.outside import ANSWERS, NEVER_WATCHED, Outside, refused
from marginbot.engine.clock import rest
from marginbot.engine.daemon.beside import Beside
from marginbot.engine.daemon.health import Health
from marginbot.engine.patience import DeadlineReached
from marginbot.engine.rights import missing_rights
from marginbot.errors import MarginbotError, NotSent, RateLimited, ReadFailed, RequestRejected, SafetyRefused

START = "the start"
QUIET, ONE_TRY = 10.0, 60.0
"""Seconds in which a start that takes long says nothing, and that one try may take after that."""
TRY_AGAIN, LONGEST_REST = 1.0, 600.0

_PASSES: Final = (ReadFailed, NotSent, RateLimited, DeadlineReached)
"""What an exchange that answers again has ended."""

log = structlog.get_logger("marginbot")


async def account_of(app: App, outside: Outside | None = None, *, dry_run: bool = False) -> str:
    """The number of the account, once the exchange answers and the key is known to be fit for the work.

    outside: who is told while it does not answer. It is asked until `app.stop` is set, for a daemon that ends because the
    exchange is down would not be there when it is back; a ban is sat out in silence.
    Raises: SafetyRefused (a key that lacks rights or may withdraw), RequestRejected (a key that is refused), Interrupted.
    """
    try:
        return await _asked(app, dry_run, QUIET)
    except _PASSES as trouble:
        return await _waited(app, outside, dry_run, trouble)


async def _waited(app: App, outside: Outside | None, dry_run: bool, trouble: MarginbotError) -> str:
    health, over = Health(app.clock), asyncio.Event()
    place = app.venue + (" (dry run)" if dry_run else "")
    last_words = NEVER_WATCHED
    works = {} if outside is None else outside.while_waiting(app.clock, health, place, lambda: last_words, over)
    beside = asyncio.create_task(Beside(health, app.clock, over, lambda *_: None).run(works), name="the start")
    try:
        while True:
            health.ill(START, str(trouble))
            log.error("cannot begin to watch; it goes on trying", why=str(trouble))
            await rest(app.clock, app.stop, _until_over(app, trouble))
            try:
                account = await _asked(app, dry_run, ONE_TRY)
            except _PASSES as again:
                trouble = again
            except (SafetyRefused, RequestRejected) as refusal:
                last_words = refused(str(refusal))
                raise
            else:
                last_words = ANSWERS
                log.info("the exchange answers")
                return account
    finally:
        over.set()
        await beside


async def _asked(app: App, dry_run: bool, within: float) -> str:
    patience = app.patience(within)
    wallet = await patience.ask(app.exchange.spot_wallet)
    rights = await patience.ask(app.exchange.key_rights)
    wrong = missing_rights(rights, True, app.settings.exchange.allow_withdrawal_keys)
    if wrong is not None and not dry_run:
        raise SafetyRefused(f"{wrong}. Nothing was sent")
    return wallet.uid


def _until_over(app: App, trouble: MarginbotError) -> float:
    """Seconds: a limit is sat out, though not so long that nobody hears of it; anything else is tried again after one."""
    if not isinstance(trouble, RateLimited):
        return TRY_AGAIN
    return min(max(TRY_AGAIN, (trouble.until_ms - app.exchange.server_now_ms()) / 1000), LONGEST_REST)
