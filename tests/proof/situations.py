"""Which situations the proof plays, and how much of it: a sample by default, all of it with PROOF=complete."""

from __future__ import annotations

import os

COMPLETE = os.environ.get("PROOF") == "complete"

SITUATIONS = {
    "long": "BTCUSDT",
    "short": "BTCUSDT",
    "open-orders": "SOLUSDT",
    "both-owed": "BTCUSDT",
    "debt-below-notional": "BTCUSDT",
    "debt-below-min-repay": "BTCUSDT",
    "crumb-debt": "BTCUSDT",
    "above-market-lot": "BTCUSDT",
    "pepe-short": "PEPEUSDT",
    "ethbtc-short": "ETHBTC",
    "btcjpy-long": "BTCJPY",
    "fees-in-bnb": "BTCUSDT",
    "interest-between": "BTCUSDT",
    "changing-steps": "BTCUSDT",
    "half-sale": "BTCUSDT",
}
PLAIN = {name: SITUATIONS[name] for name in ("long", "short", "open-orders")}
