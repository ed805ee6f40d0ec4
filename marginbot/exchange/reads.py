"""Every question marginbot asks the exchange, one endpoint a method."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Final

from marginbot.domain.account import IsolatedAccount
from marginbot.domain.amounts import Asset, Symbol
from marginbot.domain.market import Fees, OrderBook, PairRules, Tier
from marginbot.domain.records import Delisting, Fill, KeyRights, LoanRecord, OpenOrder, OrderReport, SpotWallet, TransferRecord
from marginbot.errors import RequestRejected
from marginbot.exchange.client import BinanceClient
from marginbot.exchange.faults import NO_SUCH_ORDER
from marginbot.exchange.history import all_loans, all_transfers
from marginbot.exchange.messages import Answer
from marginbot.exchange.server_clock import ServerClock
from marginbot.exchange.wire import read_max_transferable, read_server_time
from marginbot.exchange.wire_account import read_isolated_accounts, read_key_rights, read_spot_wallet
from marginbot.exchange.wire_market import (
    read_fees,
    read_hourly_rates,
    read_isolated_pairs,
    read_min_repays,
    read_order_book,
    read_pair_rules,
    read_rules,
    read_tiers,
)
from marginbot.exchange.wire_orders import (
    read_lists_of_orders,
    read_open_client_ids,
    read_open_orders,
    read_order,
    read_trades,
)
from marginbot.exchange.wire_system import read_delistings, read_interest_in_bnb, read_system_normal

ISOLATED: Final = "TRUE"
_TRADES_AT_ONCE: Final = 1000


class Reads:
    """Reads change nothing. Each raises ReadFailed (AnswerMalformed included), RequestRejected, RateLimited or NotSent."""

    _client: BinanceClient
    _server: ServerClock

    async def server_time_ms(self) -> int:
        """The exchange's clock in ms since 1970; later timestamps follow it. Source: GET /api/v3/time."""
        answer: Answer = await self._client.get_server_time()
        server_ms = read_server_time(answer)
        self._server.learn(server_ms, answer.received_at)
        return server_ms

    async def isolated_accounts(self) -> Mapping[Symbol, IsolatedAccount]:
        """Every isolated account by pair, never-created ones included. Source: GET /sapi/v1/margin/isolated/account."""
        return read_isolated_accounts(await self._client.get_isolated_margin_account())

    async def open_order_count(self, symbol: Symbol) -> int:
        """Open orders of the pair's isolated account. Source: GET /sapi/v1/margin/openOrders."""
        return len(await self._open_client_ids(symbol))

    async def open_order_client_ids(self, symbol: Symbol) -> frozenset[str]:
        """Client ids of the pair's open isolated orders. Source: GET /sapi/v1/margin/openOrders."""
        return frozenset(await self._open_client_ids(symbol))

    async def open_orders(self, symbol: Symbol) -> tuple[OpenOrder, ...]:
        """The pair's open isolated orders, each alone: see `lists_of_orders`. Source: GET /sapi/v1/margin/openOrders."""
        return read_open_orders(await self._client.get_open_margin_orders(symbol=symbol, isIsolated=ISOLATED), symbol)

    async def lists_of_orders(self, symbol: Symbol) -> Mapping[str, str]:
        """List id by order id, of every leg of the pair's open order lists. Source: GET /sapi/v1/margin/openOrderList."""
        answer = await self._client.get_open_margin_oco_orders(symbol=symbol, isIsolated=ISOLATED)
        return read_lists_of_orders(answer, symbol)

    async def pair_rules(self, symbol: Symbol) -> PairRules:
        """Filters and status. Raises: RequestRejected with code -1121 for an unknown pair. Source: GET /api/v3/exchangeInfo."""
        answer = await self._client._request_api("get", "exchangeInfo", data={"symbol": symbol})
        return read_pair_rules(answer, symbol)

    async def rules_of(self, symbols: Iterable[Symbol]) -> Mapping[Symbol, PairRules]:
        """The same of several pairs for the price of one; a pair whose rules make no sense is left out.

        Raises: RequestRejected with code -1121 when one of them is unknown.
        """
        names = ",".join(f'"{symbol}"' for symbol in sorted(symbols))
        return read_rules(await self._client._request_api("get", "exchangeInfo", data={"symbols": f"[{names}]"}))

    async def isolated_pairs(self) -> frozenset[Symbol]:
        """Every pair that has isolated accounts. Source: GET /sapi/v1/margin/isolated/allPairs."""
        return read_isolated_pairs(await self._client.get_all_isolated_margin_symbols())

    async def tiers(self, symbol: Symbol) -> tuple[Tier, ...]:
        """Lowest tier first, at least one. Source: GET /sapi/v1/margin/isolatedMarginTier."""
        answer = await self._client.get_isolated_margin_tier_data(symbol=symbol)
        return read_tiers(answer, symbol)

    async def fees(self, symbol: Symbol) -> Fees:
        """Commission rates as fractions, cautiously added up. Source: GET /api/v3/account/commission."""
        return read_fees(await self._client.v3_get_account_commission(symbol=symbol))

    async def order_book(self, symbol: Symbol, levels: int = 100) -> OrderBook:
        """The best `levels` prices of each side (1 to 5000). Source: GET /api/v3/depth."""
        return read_order_book(await self._client.get_order_book(symbol=symbol, limit=levels))

    async def spot_wallet(self) -> SpotWallet:
        """Free coins of the spot wallet and the account's number. Source: GET /api/v3/account."""
        return read_spot_wallet(await self._client.get_account(omitZeroBalances="true"))

    async def key_rights(self) -> KeyRights:
        """What the key may do. Source: GET /sapi/v1/account/apiRestrictions."""
        return read_key_rights(await self._client.get_account_api_permissions())

    async def min_repays(self) -> Mapping[Asset, Decimal]:
        """Least repayment of every margin asset, in its units; 0 means none. Source: GET /sapi/v1/margin/allAssets."""
        return read_min_repays(await self._client.get_margin_all_assets())

    async def hourly_rates(self, symbol: Symbol) -> Mapping[Asset, Decimal]:
        """Interest per hour of a pair's assets, as a fraction (daily / 24). Source: GET /sapi/v1/margin/isolatedMarginData."""
        return read_hourly_rates(await self._client.get_isolated_margin_fee_data(symbol=symbol), symbol)

    async def max_transferable(self, symbol: Symbol, asset: Asset) -> Decimal:
        """The most that may leave the isolated wallet, in units of `asset`. Source: GET /sapi/v1/margin/maxTransferable."""
        answer = await self._client.get_max_margin_transfer(asset=asset, isolatedSymbol=symbol)
        return read_max_transferable(answer)

    async def order_by_client_id(self, symbol: Symbol, client_id: str) -> OrderReport | None:
        """The isolated order with this client id; None when the exchange knows none. Source: GET /sapi/v1/margin/order."""
        try:
            answer = await self._client.get_margin_order(symbol=symbol, isIsolated=ISOLATED, origClientOrderId=client_id)
        except RequestRejected as refusal:
            if refusal.code == NO_SUCH_ORDER:
                return None
            raise
        return read_order(answer)

    async def fills_of(self, symbol: Symbol, order_id: str) -> tuple[Fill, ...]:
        """Every execution of one order. Source: GET /sapi/v1/margin/myTrades."""
        trades: dict[int, Fill] = {}
        page: dict[str, int] = {}
        while True:
            answer = await self._client.get_margin_trades(
                symbol=symbol, isIsolated=ISOLATED, orderId=order_id, limit=_TRADES_AT_ONCE, **page
            )
            rows = read_trades(answer)
            trades.update(rows)
            last = max((trade_id for trade_id, _ in rows), default=-1)
            if len(rows) < _TRADES_AT_ONCE or last < page.get("fromId", 0):
                return tuple(trades[trade_id] for trade_id in sorted(trades))
            page = {"fromId": last + 1}

    async def repayments(self, symbol: Symbol, asset: Asset, since: datetime) -> tuple[LoanRecord, ...]:
        """Repayments of one isolated loan since then, newest first. Source: GET /sapi/v1/margin/borrow-repay, type=REPAY."""
        return await all_loans(self._loans, symbol, asset, since)

    async def repayment(self, symbol: Symbol, asset: Asset, record_id: str) -> LoanRecord | None:
        """One repayment by its id. Source: GET /sapi/v1/margin/borrow-repay, type=REPAY, txId."""
        records = await all_loans(self._loans, symbol, asset, record_id=record_id)
        return next((record for record in records if record.record_id == record_id), None)

    async def transfers_out(self, symbol: Symbol, since: datetime) -> tuple[TransferRecord, ...]:
        """Transfers from the isolated wallet to spot. Source: GET /sapi/v1/asset/transfer, type=ISOLATED_MARGIN_MAIN."""
        return await all_transfers(self._transfers, "ISOLATED_MARGIN_MAIN", "fromSymbol", symbol, since)

    async def transfers_in(self, symbol: Symbol, since: datetime) -> tuple[TransferRecord, ...]:
        """Transfers from spot to the isolated wallet. Source: GET /sapi/v1/asset/transfer, type=MAIN_ISOLATED_MARGIN."""
        return await all_transfers(self._transfers, "MAIN_ISOLATED_MARGIN", "toSymbol", symbol, since)

    async def system_normal(self) -> bool:
        """Whether the exchange is at work, not in maintenance. Source: GET /sapi/v1/system/status."""
        return read_system_normal(await self._client.get_system_status())

    async def interest_in_bnb(self) -> bool:
        """Whether interest is charged in BNB (`interestBNBBurn`). Source: GET /sapi/v1/bnbBurn."""
        return read_interest_in_bnb(await self._client.get_bnb_burn_spot_margin())

    async def delistings(self) -> tuple[Delisting, ...]:
        """Isolated pairs that leave margin, soonest first. Source: GET /sapi/v1/margin/delist-schedule."""
        return read_delistings(await self._client.get_margin_delist_schedule())

    async def _open_client_ids(self, symbol: Symbol) -> tuple[str, ...]:
        answer = await self._client.get_open_margin_orders(symbol=symbol, isIsolated=ISOLATED)
        return read_open_client_ids(answer, symbol)

    async def _loans(self, params: dict[str, str | int]) -> Answer:
        answer: Answer = await self._client.margin_get_borrow_repay_records(**params)
        return answer

    async def _transfers(self, params: dict[str, str | int]) -> Answer:
        answer: Answer = await self._client.query_universal_transfer_history(**params)
        return answer
