"""May this key do what the run needs? Asked before anything is sent."""

from __future__ import annotations

from marginbot.domain.records import KeyRights

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
