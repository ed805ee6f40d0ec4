"""Transfers are hard: less may leave than is free, money is on its way for minutes, or comes back."""

from __future__ import annotations

from marginbot.paper.books.events import on
from marginbot.paper.books.scenario import Scenario
from marginbot.paper.books.scenes.first import LONG_3H, SPOT

TRANSFER = "POST /sapi/v1/asset/transfer"

SCENES = {
    "transfer-limit": Scenario(
        about="at most 400 units may leave at once, although more are free; refusals come under HTTP 200",
        spot=SPOT,
        positions=(LONG_3H,),
        config={"transfer_cap": "400", "transfer_refusal_status": 200},
    ),
    "pending-transfer": Scenario(
        about="every transfer stays PENDING for three minutes",
        spot=SPOT,
        positions=(LONG_3H,),
        config={"transfer_pending_ms": 180_000},
    ),
    "failed-transfer": Scenario(
        about="the first transfer is PENDING for five seconds and then FAILED, the money is back; later ones arrive",
        spot=SPOT,
        positions=(LONG_3H,),
        config={"transfer_pending_ms": 5_000, "transfers_fail": True},
        events=(on(TRANSFER, "set_switch", nth=2, name="transfers_fail", value=False),),
    ),
}
