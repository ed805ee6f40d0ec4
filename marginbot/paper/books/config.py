"""The switches of one world: how strict, how slow and how kind its exchange is."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(slots=True)
class Config:
    """Times in ms of running time, levels and rates as plain ratios. Every field may be changed while the world runs.

    `loan_gap_ms`: a loan action sooner after the last is -3007. `*_pending_ms`: how long records stay PENDING, `*_fail`:
    whether those then fail. `auto_repay_share`: how much of what AUTO_REPAY received it repays. `pre_liquidation_gap`:
    above the liquidation ratio. `history`: how many orders, and how many trades, of a customer are remembered.
    `transfer_cap`: most units that may leave a margin account at once, 0 for no cap; `min_repay_binds_all`: even a whole
    debt below the minimum repayment is refused; `liquidates` false: the exchange is slow, insolvent accounts live on.

    Lies. `account_lag_ms`: isolated accounts are shown as they were so long ago; `account_stale_reads`: so many reads
    after each write show the state before it; `half_sale_ms`: what a trade brought in is not shown for so long;
    `lookup_lag_ms`: younger orders are unknown to a lookup; `history_lag_ms`: younger rows of loans and transfers are not
    listed; `history_in_seconds`, `history_shuffled`: their times and order; `omit_enabled`: that key is missing;
    `ghost_rows`: pairs never opened are listed too, first; `reversed_rows`: the newest pair comes first; `extra_keys`:
    every object has a key nobody knows; `transfer_refusal_status`: HTTP status of refused transfers.

    `stream_expiry_us`: expirationTime of a subscription by listen token has 16 digits, as in the sample, and not 13.
    """

    pad_decimals: bool = False
    loan_gap_ms: int = 0
    loan_pending_ms: int = 0
    loans_fail: bool = False
    transfer_pending_ms: int = 0
    transfers_fail: bool = False
    transfer_out_level: Decimal = Decimal("2.0")
    cross_transfer_out_level: Decimal = Decimal("2.0")
    refuse_crumbs: bool = False
    auto_repay_share: Decimal = Decimal(1)
    margin_notional_code: int = -1013
    limit_price_band: Decimal = Decimal("0.15")
    isolated_fees_in_bnb: bool = False
    bnb_discount: Decimal = Decimal("0.25")
    refill_ms: int = 1000
    pre_liquidation_gap: Decimal = Decimal("0.02")
    excessive_level: Decimal = Decimal("2.0")
    liquidation_ms: int = 1000
    liquidation_fee: Decimal = Decimal("0.02")
    delist_notice_ms: int = 86_400_000
    max_isolated_accounts: int = 20
    cross_initial_ratio: Decimal = Decimal("1.5")
    order_limit_10s: int = 10_000
    order_limit_day: int = 200_000
    maintenance: bool = False
    transfer_cap: Decimal = Decimal(0)
    min_repay_binds_all: bool = False
    liquidates: bool = True
    account_lag_ms: int = 0
    account_stale_reads: int = 0
    half_sale_ms: int = 0
    lookup_lag_ms: int = 0
    history_lag_ms: int = 0
    history_in_seconds: bool = False
    history_shuffled: bool = False
    omit_enabled: bool = False
    ghost_rows: bool = False
    reversed_rows: bool = False
    extra_keys: bool = False
    transfer_refusal_status: int = 400
    stream_expiry_us: bool = True
    history: int = 10_000
