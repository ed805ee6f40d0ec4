"""The switches of one world: how strict, how slow and how kind its exchange is."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal


@dataclass(slots=True)
class Config:
    """Times in ms of running time, levels and rates as plain ratios. Every field may be changed while the world runs.

    `loan_gap_ms`: a loan action sooner after the last is -3007. `*_pending_ms`: how long records stay PENDING, `*_fail`:
    whether those then fail. `auto_repay_share`: how much of what AUTO_REPAY received it repays. `pre_liquidation_gap`:
    above the liquidation ratio. `history`: how many orders, and how many trades, of a customer are remembered.
    `order_limit_*`: unfilled orders of a customer, spot and margin together, beyond which there is -1015. `vip_level`: of
    every customer. `dust_value`: in BTC, what still counts as a crumb; `dust_fee` is kept when it becomes BNB, and
    `dust_gap_ms` must pass before the next time. `transfer_cap`: most units that may leave a margin account at once, 0 for
    no cap; `min_repay_binds_all`: even a whole debt below the minimum repayment is refused; `liquidates` false: the
    exchange is slow, insolvent accounts live on.

    Lies. `account_lag_ms`: isolated accounts are shown as they were so long ago; `account_stale_reads`: so many reads
    after each write show the state before it; `half_sale_ms`: what a trade brought in is not shown for so long;
    `lookup_lag_ms`: younger orders are unknown to a lookup; `history_lag_ms`: younger rows of loans and transfers are not
    listed; `history_in_seconds`, `history_shuffled`: their times and order; `omit_enabled`: that key is missing;
    `ghost_rows`: pairs never opened are listed too, first; `reversed_rows`: the newest pair comes first; `extra_keys`:
    every object has a key nobody knows; `transfer_refusal_status`: HTTP status of refused transfers.

    `manual_isolated_liquidation`: isolated accounts too may be liquidated by hand, which only some regions have.
    `stream_expiry_us`: expirationTime of a subscription by listen token has 16 digits, as in the sample, and not 13.

    Open questions about the real exchange, each as assumed until settled; tests/paper/REGISTER.md lists them by number.
    Loans: `margin_buy_borrows`: when MARGIN_BUY takes its loan; `loans_serial`: how far -3007 reaches; `cooling_off`: nothing
    can be borrowed; `amount_precision_code`: of more than 8 decimals; `isolated_interest_in_bnb`: paid from the spot wallet
    where interestBNBBurn is on. Levels: `margin_call_*x` by the pair's leverage; `rising_ratios`: liquidation and margin
    call rise with the tier, as older tables have it; `liquidate_rate_percent`, `margin_ratio_of`: what two fields mean.
    Transfers: `transfer_without_symbol`: what the two types between spot and a pair do without it; `spot_pair_transfers`
    false: these two are gone; `transfer_statuses`: other words for CONFIRMED, PENDING, FAILED; `foreign_asset_code`.
    Accounts: `disable_needs_empty`, `too_many_symbols_code` (more than five). Orders: `band_on_isolated`: the limit-price
    band binds there too; `sapi_expiry_reason`: /sapi tells expiryReason; `empty_cancel_refused`: DELETE openOrders on /sapi
    with nothing open is -2011, else an empty list; `max_position_counts`: which base balance the filter looks at.
    Liquidation: `liquidation_cancels_first`, else orders vanish when it ends; `liquidation_order_code` and
    `liquidation_loan_code`: refusals meanwhile. Delisting: `delist_settles` false: nothing happens at the moment told;
    `delist_delay_ms`: the settlement comes so much later. Calls: `max_borrowable_by`: 750 of the account or 50 of the
    address; `transfer_weight`; `both_weight_headers`; `sapi_unknown_params`, `sapi_repeated_params`; `retired_status`: of
    removed /sapi paths; `sapi_time_rechecked`: the time rule binds once more in front of the engine; `listen_token_signed`:
    userListenToken needs a signature; `stream_renewal`: a younger token of the same account keeps its subscription, makes
    another, or is refused (-2035); `one_account_per_stream`: a connection follows one account at most;
    `stream_errors`: refusals on market streams, as `error` or as the whole answer.
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
    order_limit_10s: int = 100
    order_limit_day: int = 200_000
    vip_level: int = 0
    dust_value: Decimal = Decimal("0.001")
    dust_fee: Decimal = Decimal("0.02")
    dust_gap_ms: int = 86_400_000
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
    bnb_interest_discount: Decimal = Decimal("0.05")
    margin_buy_borrows: Literal["placing", "execution"] = "placing"
    loans_serial: Literal["account", "pair"] = "account"
    cooling_off: bool = False
    amount_precision_code: int = -1111
    isolated_interest_in_bnb: bool = False
    margin_call_3x: Decimal = Decimal("1.22")
    margin_call_5x: Decimal = Decimal("1.19")
    margin_call_10x: Decimal = Decimal("1.10")
    rising_ratios: bool = False
    liquidate_rate_percent: bool = False
    margin_ratio_of: Literal["tier", "pair"] = "tier"
    transfer_without_symbol: Literal["refuse", "cross"] = "refuse"
    spot_pair_transfers: bool = True
    transfer_statuses: dict[str, str] = field(default_factory=dict)
    foreign_asset_code: int = -3027
    disable_needs_empty: bool = True
    too_many_symbols_code: int = -1130
    band_on_isolated: bool = True
    sapi_expiry_reason: bool = True
    empty_cancel_refused: bool = True
    max_position_counts: Literal["isolated", "spot"] = "isolated"
    liquidation_cancels_first: bool = True
    liquidation_order_code: int = -3004
    liquidation_loan_code: int = -3036
    delist_settles: bool = True
    delist_delay_ms: int = 0
    max_borrowable_by: Literal["account", "address"] = "account"
    transfer_weight: int = 900
    both_weight_headers: bool = False
    sapi_unknown_params: Literal["ignore", "refuse"] = "ignore"
    sapi_repeated_params: Literal["refuse", "last"] = "refuse"
    retired_status: int = 404
    sapi_time_rechecked: bool = True
    listen_token_signed: bool = False
    stream_renewal: Literal["keeps", "another", "refused"] = "keeps"
    one_account_per_stream: bool = False
    stream_errors: Literal["wrapped", "flat"] = "wrapped"
    manual_isolated_liquidation: bool = False
