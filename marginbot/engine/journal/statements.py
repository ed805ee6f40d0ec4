"""What the journal asks of its file. Built once, values go in by name: to build one costs more than to run it."""

from __future__ import annotations

from typing import Final

from sqlalchemy import bindparam, func, insert, select, union, update
from sqlalchemy.dialects.sqlite import insert as upsert

from marginbot.engine.journal.ready import Ready
from marginbot.engine.journal.schema import bans, episodes, intents, memories, requests

_open = episodes.c.closed_at.is_(None)

NEW_EPISODE: Final = Ready(insert(episodes), ("account", "symbol", "rule", "goal", "opened_at"))
OPEN_EPISODES: Final = select(episodes).where(episodes.c.account == bindparam("account"), _open).order_by(episodes.c.id)
ENDED_EPISODES: Final = (
    select(episodes.c.symbol, episodes.c.outcome, episodes.c.reason)
    .where(episodes.c.id.in_(bindparam("numbers", expanding=True)), ~_open)
    .order_by(episodes.c.id)
)
OPEN_REQUESTS: Final = (
    select(requests).where(requests.c.account == bindparam("account"), requests.c.ended_at.is_(None)).order_by(requests.c.id)
)

EPISODE_CHANGE: Final = update(episodes).where(episodes.c.id == bindparam("number"))
"""Sets the columns that the values name besides `number`; so do the other changes."""
OPEN_EPISODES_CHANGE: Final = update(episodes).where(episodes.c.account == bindparam("whose"), _open)

_LATER: Final = frozenset({"id", "exchange_id", "ended_at", "answer", "level_after"})
NEW_INTENT: Final = Ready(insert(intents), [column.name for column in intents.c if column.name not in _LATER])
INTENT_CHANGE: Final = update(intents).where(intents.c.id == bindparam("number"))
ALL_INTENTS: Final = select(intents).order_by(intents.c.id)
INTENTS_OF_AN_ACCOUNT: Final = ALL_INTENTS.where(
    intents.c.account == bindparam("account"), intents.c.state.in_(bindparam("states", expanding=True))
)
INTENTS_OF_A_PAIR: Final = INTENTS_OF_AN_ACCOUNT.where(intents.c.symbol == bindparam("symbol"))
_of_the_pair = select(intents.c.id).where(intents.c.account == bindparam("account"), intents.c.symbol == bindparam("symbol"))
NEWEST_OF_A_PAIR: Final = select(func.max(intents.c.started_at)).where(
    intents.c.account == bindparam("account"), intents.c.symbol == bindparam("symbol")
)
LEFT_OR_BEGUN_SINCE: Final = ALL_INTENTS.where(
    # One index for each half: an OR would read all the pair ever did.
    intents.c.id.in_(
        union(
            _of_the_pair.where(intents.c.state.in_(bindparam("states", expanding=True))),
            _of_the_pair.where(intents.c.started_at >= bindparam("since")),
        )
    )
)
TOP_UPS_OF_A_PAIR: Final = INTENTS_OF_A_PAIR.where(intents.c.kind == "top_up")
LAST_DONE: Final = ALL_INTENTS.where(
    intents.c.id.in_(
        select(func.max(intents.c.id))
        .where(intents.c.account == bindparam("account"), intents.c.kind == bindparam("kind"), intents.c.state == "done")
        .group_by(intents.c.symbol)
    )
)
LATER_TRANSFERS: Final = select(intents.c.kind, intents.c.amount, intents.c.state).where(
    intents.c.account == bindparam("account"),
    intents.c.asset == bindparam("asset"),
    intents.c.id > bindparam("number"),
    intents.c.kind.in_(("sweep", "top_up")),
    intents.c.state.not_in(("refused", "absent")),
)
TIED_IDS: Final = select(intents.c.exchange_id).where(
    intents.c.account == bindparam("account"), intents.c.kind == bindparam("kind"), intents.c.exchange_id.is_not(None)
)


BAN_OF_A_HOST: Final = select(bans.c.until_ms).where(bans.c.host == bindparam("host"))
_ban = upsert(bans)
BAN: Final = _ban.on_conflict_do_update(
    index_elements=["host"], set_={"until_ms": _ban.excluded.until_ms, "reason": _ban.excluded.reason}
)
_memory = upsert(memories)
_kept = {name: _memory.excluded[name] for name in ("armed", "failed", "fired_at")}
MEMORY: Final = Ready(_memory.on_conflict_do_update(index_elements=list(memories.primary_key), set_=_kept), memories.c.keys())
