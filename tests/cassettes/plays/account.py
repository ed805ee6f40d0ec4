"""What the adapter makes of accounts, wallets and key rights."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal as D

from marginbot.domain.account import AssetBalance, IsolatedAccount, LevelStatus
from marginbot.domain.records import KeyRights, SpotWallet
from marginbot.errors import RateLimited, RequestRejected
from tests.cassettes.tape import Play
from tests.exchange.conftest import NOW

ACCOUNT, SPOT, RIGHTS = "get-sapi-v1-margin-isolated-account", "get-api-v3-account", "get-sapi-v1-account-apiRestrictions"
BURN = "get-sapi-v1-bnbBurn"


def side(asset: str, free: str = "0", locked: str = "0", borrowed: str = "0", interest: str = "0") -> AssetBalance:
    return AssetBalance(asset, D(free), D(locked), D(borrowed), D(interest))


def a_row(symbol: str, base: AssetBalance, quote: AssetBalance, index: str, opened: bool = True) -> IsolatedAccount:
    """A pair that owes nothing: whatever the exchange calls its level, none is reported."""
    return IsolatedAccount(symbol, base, quote, D(index), None, LevelStatus.EXCESSIVE, opened, opened, opened, NOW)


def of(symbol: str) -> Callable[[Mapping[str, IsolatedAccount]], IsolatedAccount]:
    return lambda accounts: accounts[symbol]


NO_DEBT = a_row("BTCUSDT", side("BTC", "0.00112887"), side("USDT", "150.07886"), "44168.56313279")
TIER_5 = a_row("LUNAUSDT", side("LUNA"), side("USDT", "0.5"), "2.21903125")
SECOND_ROW = a_row("SOLBTC", side("SOL", "1.5"), side("BTC"), "0.00166")
NEVER_OPENED = a_row("ADAUSDT", side("ADA"), side("USDT"), "0.45", opened=False)
LEVEL_ZERO = a_row("BTCUSDT", side("BTC"), side("USDT"), "10000")
WITH_ORDERS = IsolatedAccount(
    symbol="SOLUSDT",
    base=side("SOL", free="15", locked="5"),
    quote=side("USDT", free="120", locked="180", borrowed="2000", interest="0.02"),
    index_price=D("200"),
    reported_level=D("2.1499785"),
    status=LevelStatus.EXCESSIVE,
    created=True,
    enabled=True,
    trade_enabled=True,
    at=NOW,
)
BANNED = RateLimited("banned until 1660090423228", until_ms=1_660_090_423_228, scope="host")
NO_PERMISSION = RequestRejected("permissions do not allow this", code=-2015, http_status=401)
TWO_COINS = SpotWallet("0", {"BTC": D("4723846.89208129"), "LTC": D("4763368.68006011")})
NOTHING_ALLOWED = KeyRights(True, False, False, False, False, False)
FIT_FOR_US = KeyRights(reading=True, trading=True, margin=True, universal_transfer=True, withdrawals=False, ip_restricted=True)

PLAYS = [
    Play((f"{ACCOUNT}/no-debt-999",), "isolated_accounts", (), NO_DEBT, of("BTCUSDT")),
    Play((f"{ACCOUNT}/ratio-is-leverage",), "isolated_accounts", (), TIER_5, of("LUNAUSDT")),
    Play((f"{ACCOUNT}/wrong-row-first",), "isolated_accounts", (), SECOND_ROW, of("SOLBTC")),
    Play((f"{ACCOUNT}/never-opened",), "isolated_accounts", (), NEVER_OPENED, of("ADAUSDT")),
    Play((f"{ACCOUNT}/documented-level-zero",), "isolated_accounts", (), LEVEL_ZERO, of("BTCUSDT")),
    Play((f"{ACCOUNT}/paper-solusdt",), "isolated_accounts", (), WITH_ORDERS, of("SOLUSDT")),
    Play((f"{ACCOUNT}/banned-418",), "isolated_accounts", (), BANNED),
    Play((f"{ACCOUNT}/no-permission-2015",), "isolated_accounts", (), NO_PERMISSION),
    Play((f"{SPOT}/documented",), "spot_wallet", (), TWO_COINS),
    Play((f"{SPOT}/nineteen-digits",), "spot_wallet", (), SpotWallet("0", {"USDT": D("50300000001.44911105")})),
    Play((f"{SPOT}/paper-solusdt",), "spot_wallet", (), SpotWallet("0", {"USDT": D(2500), "BTC": D("0.01"), "BNB": D("0.5")})),
    Play((f"{RIGHTS}/documented",), "key_rights", (), NOTHING_ALLOWED),
    Play((f"{RIGHTS}/paper-solusdt",), "key_rights", (), FIT_FOR_US),
    Play((f"{BURN}/documented",), "interest_in_bnb", (), False),
    Play((f"{BURN}/paper-solusdt",), "interest_in_bnb", (), False),
    # Refused for its timestamp: the clock is read, and the same question asked again.
    Play((f"{RIGHTS}/timestamp-1021", "get-api-v3-time/documented", f"{RIGHTS}/documented"), "key_rights", (), NOTHING_ALLOWED),
]
