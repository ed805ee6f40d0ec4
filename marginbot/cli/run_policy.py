"""The body of `policy check`."""

from __future__ import annotations

import asyncio
from datetime import datetime

from marginbot.app import App, open_app
from marginbot.cli.documents import Document
from marginbot.cli.policy import CheckOptions
from marginbot.cli.policy_view import PolicyCheck, policy_view
from marginbot.cli.shell import Shell
from marginbot.cli.signals import stopping
from marginbot.domain.amounts import Symbol, half_up
from marginbot.domain.policy import DelistingWithin, Ladder, Policy
from marginbot.engine.prospects import Prospect, prospect
from marginbot.engine.survey import Survey
from marginbot.rules.outlook import RuleOutlook, in_words
from marginbot.rules.soundness import problems
from marginbot.settings.policy_file import policy_of

FITS, DOES_NOT_FIT = 0, 1


async def execute(options: CheckOptions, shell: Shell) -> int:
    """Read the policy and the account, and say what the one would do to the other."""
    chosen = shell.settings.policy
    policy = policy_of(shell.settings)
    async with open_app(shell.settings, dry_run=True) as app:
        with stopping(app.stop, shell.output):
            survey, delistings = await _ask(app, policy)
    prospects = tuple(prospect(pair, survey.at, policy, delistings.get(pair.account.symbol)) for pair in survey.pairs)
    source = f"the preset {chosen.preset.value}" if chosen.file is None else str(chosen.file)
    check = PolicyCheck(source, policy, app.venue, survey.at, prospects)
    if options.json:
        shell.output.emit_json(_document(check))
    else:
        shell.output.people.print(policy_view(check), soft_wrap=True)
    return FITS if check.fits else DOES_NOT_FIT


async def _ask(app: App, policy: Policy) -> tuple[Survey, dict[Symbol, datetime]]:
    """The account, and the schedule of delistings when a rule asks for it."""
    asked = any(isinstance(rule.when, DelistingWithin) for ladder in policy.ladders for rule in ladder.rules)
    survey, found = await asyncio.gather(app.status(), app.delistings() if asked else _none())
    return survey, found


async def _none() -> dict[Symbol, datetime]:
    return {}


def _document(check: PolicyCheck) -> Document:
    return {
        "venue": check.venue,
        "at": check.at,
        "source": check.source,
        "digest": check.policy.digest,
        "fits": check.fits,
        "ladders": [_ladder_document(ladder) for ladder in check.policy.ladders],
        "pairs": [_pair_document(one) for one in check.prospects],
    }


def _ladder_document(ladder: Ladder) -> Document:
    return {
        "name": ladder.name,
        "pairs": list(ladder.pairs),
        "preset": ladder.preset,
        "backstop": ladder.backstop,
        "problems": list(problems(ladder, None)),
        "rules": [{"name": rule.name, "do": rule.do, "sentence": in_words(rule)} for rule in ladder.rules],
    }


def _pair_document(one: Prospect) -> Document:
    pair, ruling = one.pair, one.ruling
    return {
        "symbol": pair.account.symbol,
        "owes": pair.account.owes,
        "margin_level": None if pair.margin_level is None else half_up(pair.margin_level),
        "index_price": pair.account.index_price,
        "ladder": one.assigned.ladder.name,
        "backstop": one.assigned.ladder.backstop,
        "problems": list(one.assigned.problems),
        "alarms": list(one.assigned.alarms),
        "at_once": None
        if ruling.fires is None
        else {"name": ruling.fires.name, "do": ruling.fires.do, "because": ruling.because},
        "rules": [_rule_document(rule) for rule in one.rules],
    }


def _rule_document(rule: RuleOutlook) -> Document:
    price = rule.fires_at_price
    return {
        "name": rule.name,
        "do": rule.do,
        "fires_at_price": None if price is None else half_up(price),
        "fires_now": rule.fires_now,
        "sentence": rule.sentence,
    }
