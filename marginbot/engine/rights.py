"""May this key do what the run needs, and for how long? Asked before anything is sent."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from marginbot.domain.records import KeyRights

EXPIRES_SOON: Final = timedelta(days=7)
EXPIRES_NOW: Final = timedelta(days=1)
"""From here on a person is told at top severity: it may take a day until somebody has an hour for it."""
RENEW: Final = "renew it or make another on the exchange (API Management); a date in exchange.key_expires is yours to change"

_HOW = "edit the key on the exchange (API Management) and run the same command again"


def missing_rights(rights: KeyRights, transfers: bool, allow_withdrawals: bool) -> str | None:
    """One sentence naming what is wrong with the key, None when it fits. transfers: coins are to move between wallets."""
    needed = {
        "Enable Reading": rights.reading,
        "Enable Spot & Margin Trading": rights.trading,
        "Enable Margin Loan, Repay & Transfer": rights.margin,
        "Permits Universal Transfer": rights.universal_transfer or not transfers,
    }
    lacking = [name for name, granted in needed.items() if not granted]
    if lacking:
        return f"this API key lacks the right {' and '.join(repr(name) for name in lacking)}: {_HOW}"
    if rights.withdrawals and not allow_withdrawals:
        return (
            "this API key may withdraw, which marginbot never needs: remove 'Enable Withdrawals' on the exchange, "
            "or set MARGINBOT_EXCHANGE__ALLOW_WITHDRAWAL_KEYS=true"
        )
    return None


def expiry(rights: KeyRights, by_settings: datetime | None) -> datetime | None:
    """When the key ends: what the exchange says goes before what the owner noted; None when nobody knows of an end."""
    return rights.expires_at or by_settings


def expiring(at: datetime, now: datetime) -> str:
    """`this API key expires at 2026-03-08 06:00 UTC, in 3 days`, or that it did."""
    when = f"at {at:%Y-%m-%d %H:%M} UTC"
    left = at - now
    if left <= timedelta(0):
        return f"this API key expired {when}"
    hours = int(left.total_seconds()) // 3600
    return f"this API key expires {when}, in {f'{hours // 24} days' if hours >= 48 else f'{hours} h'}"
