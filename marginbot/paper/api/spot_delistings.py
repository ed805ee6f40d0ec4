"""/sapi pairs that leave spot trading altogether; margin has a schedule of its own."""

from __future__ import annotations

from marginbot.paper.api.endpoint import Caller, Endpoint, Security, WeightKind
from marginbot.paper.api.params import Params
from marginbot.paper.books.world import World


def delist_schedule(world: World, caller: Caller, params: Params) -> object:
    return [
        {"delistTime": notice.time_ms, "symbols": list(notice.spot_symbols)} for notice in world.delistings if notice.spot_symbols
    ]


ENDPOINTS = (Endpoint("GET", "/sapi/v1/spot/delist-schedule", Security.KEY, 100, WeightKind.SAPI_IP, delist_schedule),)
