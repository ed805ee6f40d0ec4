"""Twenty pairs under one watch: a calm minute costs little, a tick that crosses all is served by danger, within every budget."""

from __future__ import annotations

import json
from decimal import Decimal as D

from marginbot.domain.amounts import Symbol
from marginbot.domain.policy import DistanceBelow, Do, Ladder, Policy, Rule
from marginbot.paper.books.catalogue import LISTED
from tests.engine.stage import LOAN, ORDER, Stage, a_stage
from tests.engine.watching import watching
from tests.sockets.test_many_at_once import SYMBOLS, a_long, spent
from tests.virtual_time import in_virtual_time

OUT = Rule("get out", DistanceBelow(D(12)), Do.UNWIND, max_slippage_bps=D(500))


def requests(stage: Stage) -> list[dict[str, object]]:
    return [{"method": it.method, "path": it.path, "params": it.params()} for it in stage.paper.log]


@in_virtual_time
async def test_a_calm_minute_is_cheap_and_twenty_pairs_that_cross_at_once_are_closed_by_danger_and_within_every_budget(tmp_path):
    positions = [a_long(number, listing, price) for number, (listing, price, _) in enumerate(LISTED)]
    file = tmp_path / "twenty.json"
    file.write_text(json.dumps({"spot": {"USDT": "1000"}, "positions": positions}))
    policy = Policy("tested", (Ladder("tested", ("*",), (OUT,)),))
    async with a_stage(str(file)) as stage, watching(stage, policy) as watch:
        pairs = watch.daemon.watch.pairs
        await watch.until(lambda: len(pairs) == 20 and all(pair.known.assigned is not None for pair in pairs.values()))
        start = spent(requests(stage))
        assert max(start.values()) < D("0.10")
        await watch.rest(61)
        before = len(stage.paper.log)
        await watch.rest(60)
        calm = spent(requests(stage)[before:])
        assert max(calm.values()) < D("0.02")
        watch.daemon.watch.reassign()  # as after each full hour: everything is read anew
        before = len(stage.paper.log)
        await watch.rest(60)
        anew = spent(requests(stage)[before:])
        assert max(anew.values()) < D("0.10")

        before = len(stage.paper.log)
        for listing, price, _ in LISTED:
            stage.world.set_price(listing.symbol, D(price) * 9 / 10)
        for symbol in SYMBOLS:
            watch.tick(Symbol(symbol))
        await watch.until(lambda: len(watch.ended()) >= 20)
        assert {ending for _, ending in watch.ended()} == {"flat"}
        entries = requests(stage)[before:]
        orders = [entry["params"]["symbol"] for entry in entries if (entry["method"], entry["path"]) == ("POST", ORDER)]  # type: ignore[index]
        assert orders[0] == SYMBOLS[-1]
        assert len([entry for entry in entries if (entry["method"], entry["path"]) == ("POST", LOAN)]) == 20
        unwound = spent(entries)
        assert max(unwound[budget] + start.get(budget, D(0)) for budget in unwound) < D("0.60"), "both in one minute"
        assert {entry.status for entry in stage.paper.log} == {200}
