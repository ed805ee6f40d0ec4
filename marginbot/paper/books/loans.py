"""Borrowing, repaying and interest, by the same rules for the cross account and for isolated ones."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from marginbot.paper.books import cross, news, risk
from marginbot.paper.books.amounts import ONE, ZERO, decimals, half_up8
from marginbot.paper.books.house import add
from marginbot.paper.books.records import Interest, Loan, Scope
from marginbot.paper.books.refusal import refuse
from marginbot.paper.books.wallets import Account, Balance

if TYPE_CHECKING:
    from marginbot.paper.books.world import World

BNB = "BNB"
BORROW, REPAY = "BORROW", "REPAY"
PENDING, CONFIRMED, FAILED = "PENDING", "CONFIRMED", "FAILED"


def borrow(world: World, account: Account, scope: Scope, symbol: str, asset: str, amount: Decimal, kind: str = "MANUAL") -> Loan:
    """Lend `amount` of `asset` and charge the first hour. Refusals: -1111 -3007 -3012 -3013 -3006 -3045 -11007 -11008."""
    balance = loan_balance(world, account, scope, symbol, asset)
    _check_turn(world, account, scope, symbol, amount)
    terms, isolated = world.terms(asset), scope is Scope.ISOLATED
    if amount < terms.min_borrow:
        raise refuse(-11007 if isolated else -3013)
    if not terms.borrowable or world.config.cooling_off or world.is_delisting(scope, symbol, asset):
        raise refuse(-3012)
    if amount > borrowable(world, account, scope, symbol, asset):
        raise refuse(-11008 if isolated else -3006)
    if terms.inventory is not None and amount > terms.inventory:
        raise refuse(-3045)
    loan = _record(world, account, scope, symbol, asset, amount, BORROW, kind)
    loan.principal = amount
    return _begin(world, account, loan, balance)


def repay(world: World, account: Account, scope: Scope, symbol: str, asset: str, amount: Decimal, kind: str = "MANUAL") -> Loan:
    """Take `amount` from free, pay interest first, then principal. Refusals: -1111 -3007 -3015 -3016 -3024 -3041."""
    balance = loan_balance(world, account, scope, symbol, asset)
    _check_turn(world, account, scope, symbol, amount)
    left = balance.debt - amount
    if left < 0:
        raise refuse(-3015)
    terms = world.terms(asset)
    if amount < terms.min_repay and (left or world.config.min_repay_binds_all):
        raise refuse(-3016)
    if world.config.refuse_crumbs and ZERO < left < terms.min_repay:
        raise refuse(-3024)
    if amount > balance.free:
        raise refuse(-3041)
    return pay_down(world, account, scope, symbol, asset, amount, kind)


def auto_repay(world: World, account: Account, scope: Scope, symbol: str, asset: str, received: Decimal) -> None:
    """What AUTO_REPAY does with `received`: repays as configured, or silently nothing while a loan is pending."""
    balance = loan_balance(world, account, scope, symbol, asset)
    share = half_up8(min(received, balance.free) * world.config.auto_repay_share)
    amount = min(share, balance.debt, balance.free)
    if amount > 0 and not _is_busy(world, account, scope, symbol):
        pay_down(world, account, scope, symbol, asset, amount, "AUTO")


def borrowable(world: World, account: Account, scope: Scope, symbol: str, asset: str) -> Decimal:
    """Units of `asset` that the account may borrow now by its level and tiers, never negative."""
    if scope is Scope.CROSS:
        return cross.max_borrowable(world, account, asset)
    market, pair = world.market(symbol), world.pair(account, symbol)
    return risk.max_borrowable(market.listing, pair, market.index, asset)


def settle(world: World, account: Account, loan: Loan) -> None:
    """Complete a pending loan record: lend, or lower the debt; a failing one gives the money back."""
    balance = loan_balance(world, account, loan.scope, loan.symbol, loan.asset)
    if world.config.loans_fail and loan.due:
        loan.status = FAILED
        _give(world, account, loan, balance, loan.amount if loan.direction == REPAY else ZERO)
        return
    loan.status = CONFIRMED
    if loan.direction == BORROW:
        _lend(world, account, loan, balance)
        return
    loan.interest = min(loan.amount, balance.interest)
    loan.principal = min(loan.amount - loan.interest, balance.borrowed)
    balance.interest -= loan.interest
    balance.borrowed -= loan.principal
    _give(world, account, loan, balance, loan.amount - loan.interest - loan.principal)
    return_to_inventory(world, loan.asset, loan.principal)


def charge_hour(world: World, account: Account) -> None:
    """The interest of a full clock hour on everything the account owes."""
    for asset, balance in list(account.cross.items()):
        if balance.borrowed:
            _charge(world, account, Scope.CROSS, "", asset, balance, balance.borrowed, "PERIODIC")
    for pair in account.isolated.values():
        listing = world.market(pair.symbol).listing
        for asset, balance in ((listing.base, pair.base), (listing.quote, pair.quote)):
            if balance.borrowed:
                _charge(world, account, Scope.ISOLATED, pair.symbol, asset, balance, balance.borrowed, "PERIODIC")


def loan_balance(world: World, account: Account, scope: Scope, symbol: str, asset: str) -> Balance:
    """The balance a loan works on. Refusals: -3027 unknown asset or not of this pair, -11001 no such account."""
    world.terms(asset)
    if scope is Scope.CROSS:
        if not world.terms(asset).cross:
            raise refuse(-3027)
        return account.wallet(Scope.CROSS, asset)
    pair, listing = world.pair(account, symbol), world.market(symbol).listing
    if asset not in (listing.base, listing.quote):
        raise refuse(-3027)
    return pair.base if asset == listing.base else pair.quote


def _check_turn(world: World, account: Account, scope: Scope, symbol: str, amount: Decimal) -> None:
    isolated = scope is Scope.ISOLATED
    taken_over = world.pair(account, symbol).liquidating_until if isolated else account.cross_liquidating_until
    if taken_over is not None:
        raise refuse(world.config.liquidation_loan_code)
    if decimals(amount) > 8:
        raise refuse(world.config.amount_precision_code, name="amount")
    if amount <= 0:
        raise refuse(-1130, name="amount")
    if _is_busy(world, account, scope, symbol):
        raise refuse(-3007)


def _is_busy(world: World, account: Account, scope: Scope, symbol: str) -> bool:
    """Whether an earlier loan action, of the account or of this pair alone, is not yet over."""
    place, whole = _place(scope, symbol), world.config.loans_serial == "account"
    last = account.last_loan_at if whole else account.loan_turns.get(place)
    if last is not None and world.running_ms - last < world.config.loan_gap_ms:
        return True
    return any(
        isinstance(record, Loan) and owner is account and (whole or record.symbol == place) for _, owner, record in world.pending
    )


def _place(scope: Scope, symbol: str) -> str:
    return symbol if scope is Scope.ISOLATED else ""


def pay_down(world: World, account: Account, scope: Scope, symbol: str, asset: str, amount: Decimal, kind: str) -> Loan:
    """Repay without asking whether that is allowed now; `amount` must be free, and no more than the debt."""
    balance = loan_balance(world, account, scope, symbol, asset)
    loan = _record(world, account, scope, symbol, asset, amount, REPAY, kind)
    loan.interest = min(amount, balance.interest)
    loan.principal = amount - loan.interest
    _give(world, account, loan, balance, -amount)
    return _begin(world, account, loan, balance)


def _record(
    world: World, account: Account, scope: Scope, symbol: str, asset: str, amount: Decimal, direction: str, kind: str
) -> Loan:
    place = _place(scope, symbol)
    tx_id = world.next_id("transaction")
    loan = Loan(tx_id, direction, scope, place, asset, amount, ZERO, ZERO, kind, PENDING, world.now_ms)
    account.loans.append(loan)
    account.last_loan_at = account.loan_turns[place] = world.running_ms
    return loan


def _begin(world: World, account: Account, loan: Loan, balance: Balance) -> Loan:
    if not world.config.loan_pending_ms or loan.type == "AUTO":
        settle(world, account, loan)
        return loan
    loan.due = world.running_ms + world.config.loan_pending_ms
    world.await_loan(account, loan)
    return loan


def _lend(world: World, account: Account, loan: Loan, balance: Balance) -> None:
    _give(world, account, loan, balance, loan.amount)
    balance.borrowed += loan.amount
    return_to_inventory(world, loan.asset, -loan.amount)
    _charge(world, account, loan.scope, loan.symbol, loan.asset, balance, loan.amount, "ON_BORROW")


def _give(world: World, account: Account, loan: Loan, balance: Balance, amount: Decimal) -> None:
    balance.free += amount
    news.of_money(world, account.uid, loan.scope, loan.symbol, loan.asset, amount)


def return_to_inventory(world: World, asset: str, amount: Decimal) -> None:
    """What is repaid can be lent again; a negative `amount` was lent."""
    terms = world.terms(asset)
    if terms.inventory is not None:
        terms.inventory += amount


def _charge(
    world: World,
    account: Account,
    scope: Scope,
    symbol: str,
    asset: str,
    balance: Balance,
    principal: Decimal,
    kind: str,
) -> None:
    terms = world.terms(asset)
    if account.interest_bnb_burn and _charge_in_bnb(world, account, scope, symbol, asset, principal, kind):
        return
    interest = half_up8(principal * terms.hourly_rate)
    if not interest:
        return
    balance.interest += interest
    add(world.house.interest, asset, interest)
    _list_charge(world, account, Interest(0, scope, symbol, asset, principal, interest, terms.daily_rate, kind, 0))


def _charge_in_bnb(world: World, account: Account, scope: Scope, symbol: str, asset: str, principal: Decimal, kind: str) -> bool:
    """With a discount, as BNB debt of the cross account; of an isolated one out of the spot wallet. Tells whether it was."""
    price, isolated, terms = world.usdt_price(BNB), scope is Scope.ISOLATED, world.terms(asset)
    if asset == BNB or not price or (isolated and not world.config.isolated_interest_in_bnb) or not world.terms(BNB).cross:
        return False
    value = principal * terms.hourly_rate * (ONE - world.config.bnb_interest_discount) * world.usdt_price(asset)
    interest, purse = half_up8(value / price), account.wallet(Scope.SPOT if isolated else Scope.CROSS, BNB)
    if not interest or (isolated and interest > purse.free):
        return False
    if isolated:
        purse.free -= interest
    else:
        purse.interest += interest
    add(world.house.interest, BNB, interest)
    row = Interest(0, scope, symbol, BNB, principal, interest, terms.daily_rate, f"{kind}_CONVERTED", 0, asset)
    _list_charge(world, account, row)
    return True


def _list_charge(world: World, account: Account, row: Interest) -> None:
    row.tx_id, row.time = world.next_id("transaction"), world.now_ms
    account.interest.append(row)
