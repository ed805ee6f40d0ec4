"""The account side of the wire: isolated accounts, spot wallet, rights of the key, loan and transfer records."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Final

import msgspec

from marginbot.domain.account import AssetBalance, IsolatedAccount, LevelStatus
from marginbot.domain.amounts import Asset, Symbol, parse_amount
from marginbot.domain.records import KeyRights, LoanRecord, RecordStatus, SpotWallet, TransferRecord
from marginbot.errors import MoneyError
from marginbot.exchange.messages import Answer
from marginbot.exchange.wire import Id, instant, read

_NO_DEBT_LEVELS: Final = (Decimal(999), Decimal(0))


class _Side(msgspec.Struct):
    asset: str
    free: str
    locked: str
    borrowed: str
    interest: str

    def balance(self, where: str) -> AssetBalance:
        try:
            return AssetBalance(
                asset=Asset(self.asset),
                free=parse_amount(self.free, "free"),
                locked=parse_amount(self.locked, "locked"),
                borrowed=parse_amount(self.borrowed, "borrowed"),
                interest=parse_amount(self.interest, "interest"),
            )
        except MoneyError as error:
            raise MoneyError(f"{where}.{error}") from error


class _IsolatedRow(msgspec.Struct):
    symbol: str
    baseAsset: _Side
    quoteAsset: _Side
    isolatedCreated: bool
    marginLevel: str
    marginLevelStatus: str
    indexPrice: str
    tradeEnabled: bool
    enabled: bool | None = None

    def account(self, at: datetime) -> IsolatedAccount:
        try:
            base, quote = self.baseAsset.balance("baseAsset"), self.quoteAsset.balance("quoteAsset")
            index_price = parse_amount(self.indexPrice, "indexPrice")
            level = parse_amount(self.marginLevel, "marginLevel")
        except MoneyError as error:
            raise MoneyError(f"{self.symbol}.{error}") from error
        owes = base.liability > 0 or quote.liability > 0
        if owes and index_price == 0:
            raise MoneyError(f"{self.symbol}.indexPrice is zero although something is owed")
        return IsolatedAccount(
            symbol=Symbol(self.symbol),
            base=base,
            quote=quote,
            index_price=index_price,
            # 999 and 0 stand for "no debt" on the live exchange and in its documentation; neither is ever measured.
            reported_level=level if owes and level not in _NO_DEBT_LEVELS else None,
            status=_status(self.marginLevelStatus),
            created=self.isolatedCreated,
            enabled=self.isolatedCreated if self.enabled is None else self.enabled,
            trade_enabled=self.tradeEnabled,
            at=at,
        )


class _IsolatedAccounts(msgspec.Struct):
    assets: list[_IsolatedRow]


class _SpotBalance(msgspec.Struct):
    asset: str
    free: str


class _SpotAccount(msgspec.Struct):
    uid: Id
    balances: list[_SpotBalance]


class _KeyRights(msgspec.Struct):
    enableReading: bool
    enableSpotAndMarginTrading: bool
    enableMargin: bool
    permitsUniversalTransfer: bool
    enableWithdrawals: bool
    ipRestrict: bool
    tradingAuthorityExpirationTime: int | None = None


class LoanRow(msgspec.Struct):
    """One row of GET /sapi/v1/margin/borrow-repay; a row without `isolatedSymbol` belongs to the cross account."""

    txId: Id
    asset: str
    amount: str
    principal: str
    interest: str
    status: str
    timestamp: int
    isolatedSymbol: str | None = None

    def record(self) -> LoanRecord:
        """The checked value."""
        return LoanRecord(
            record_id=str(self.txId),
            asset=Asset(self.asset),
            amount=parse_amount(self.amount, "amount"),
            principal=parse_amount(self.principal, "principal"),
            interest=parse_amount(self.interest, "interest"),
            status=_record_status(self.status),
            at=instant(self.timestamp, "timestamp"),
        )


class TransferRow(msgspec.Struct):
    """One row of GET /sapi/v1/asset/transfer."""

    tranId: Id
    asset: str
    amount: str
    type: str
    status: str
    timestamp: int

    def record(self) -> TransferRecord:
        """The checked value."""
        return TransferRecord(
            record_id=str(self.tranId),
            asset=Asset(self.asset),
            amount=parse_amount(self.amount, "amount"),
            status=_record_status(self.status),
            at=instant(self.timestamp, "timestamp"),
        )


class LoanPage(msgspec.Struct):
    """A page of loan records and how many there are in all; an empty history may come without rows."""

    total: int
    rows: list[LoanRow] | None = None


class TransferPage(msgspec.Struct):
    """A page of transfers and how many there are in all; an empty history may come without rows."""

    total: int
    rows: list[TransferRow] | None = None


def read_isolated_accounts(answer: Answer) -> dict[Symbol, IsolatedAccount]:
    """Every row by its own symbol, as of the moment the answer was here."""
    return read(
        answer,
        _IsolatedAccounts,
        lambda body: {Symbol(row.symbol): row.account(answer.received_at) for row in body.assets},
    )


def read_spot_wallet(answer: Answer) -> SpotWallet:
    """Free coins of the spot wallet."""
    return read(
        answer,
        _SpotAccount,
        lambda body: SpotWallet(
            str(body.uid), {Asset(row.asset): parse_amount(row.free, f"{row.asset}.free") for row in body.balances}
        ),
    )


def read_key_rights(answer: Answer) -> KeyRights:
    """What the key may do."""
    return read(
        answer,
        _KeyRights,
        lambda body: KeyRights(
            reading=body.enableReading,
            trading=body.enableSpotAndMarginTrading,
            margin=body.enableMargin,
            universal_transfer=body.permitsUniversalTransfer,
            withdrawals=body.enableWithdrawals,
            ip_restricted=body.ipRestrict,
            expires_at=_expiry(body.tradingAuthorityExpirationTime),
        ),
    )


def _expiry(value: int | None) -> datetime | None:
    """When trading rights end; a key without an end has no such time, or 0."""
    return instant(value, "tradingAuthorityExpirationTime") if value else None


def _status(word: str) -> LevelStatus:
    return LevelStatus(word) if word in LevelStatus.__members__ else LevelStatus.UNKNOWN


def _record_status(word: str) -> RecordStatus:
    return RecordStatus(word) if word in RecordStatus.__members__ else RecordStatus.PENDING
