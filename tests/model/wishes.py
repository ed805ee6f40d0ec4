"""What a customer may wish for, drawn by lot: where, how much, at which price, with which side effect."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal

from hypothesis import strategies as st

from marginbot.paper.books import loans, transfers
from marginbot.paper.books.market import Market
from marginbot.paper.books.records import Scope
from marginbot.paper.books.refusal import Refusal
from marginbot.paper.books.ticket import BORROWING_EFFECTS
from marginbot.paper.books.wallets import Balance
from tests.model.client import Client
from tests.model.truths import Where, balances

# Two pairs in dollars with 10x and 3x, and one whose quote is a coin too.
SYMBOLS = ("BTCUSDT", "ADAUSDT", "ETHBTC")
ASSETS = ("USDT", "BTC", "ETH", "ADA", "BNB")
SIDE_EFFECTS = ("NO_SIDE_EFFECT", "MARGIN_BUY", "AUTO_REPAY", "AUTO_BORROW_REPAY")
CRUMB = "0.00000001"


@dataclass(frozen=True)
class Place:
    """A pair in one of the customer's accounts."""

    scope: Scope
    symbol: str

    def __str__(self) -> str:
        return f"{self.scope} {self.symbol}"

    @property
    def on_margin(self) -> bool:
        return self.scope is not Scope.SPOT

    def flags(self) -> dict[str, str]:
        """What names this account in a request; without it the cross account acts."""
        return {"isIsolated": "TRUE"} if self.scope is Scope.ISOLATED else {}


MARGIN_PLACES = [Place(scope, symbol) for scope in (Scope.ISOLATED, Scope.CROSS) for symbol in SYMBOLS]
PLACES = [*MARGIN_PLACES, *(Place(Scope.SPOT, symbol) for symbol in SYMBOLS)]

places = st.sampled_from(PLACES)
margin_places = st.sampled_from(MARGIN_PLACES)
symbols = st.sampled_from(SYMBOLS)
pairs_opened_or_not = st.sampled_from((*SYMBOLS, "ETHUSDT"))
sides = st.sampled_from(("BUY", "SELL"))
# Shares of what would be possible; the last two are too much.
shares = st.sampled_from(("0.1", "0.3", "0.5", "0.95", "1", "1.00000001", "2")).map(Decimal)
side_effects = st.sampled_from(SIDE_EFFECTS)
# Basis points beyond its price that the market moves to at once, or not at all.
follow_ups = st.sampled_from((None, None, -5, 5))
# What comes right after a loan or a transfer, which may be slow: long enough for it, or the end of the process meanwhile.
sequels = st.sampled_from(("", "it is waited for", "all is read back"))
client_ids = st.sampled_from(("", "", "", "one", "two"))
# Distances from the present price in basis points.
distances = st.sampled_from((-2000, -300, -60, -3, 0, 3, 60, 300, 2000))
moves = st.sampled_from(("0.7", "0.9", "0.96", "0.99", "0.999", "1", "1.001", "1.01", "1.04", "1.1", "1.4")).map(Decimal)


def price_at(market: Market, distance: int) -> str:
    """So many basis points from the present price, on the tick."""
    return text(floor(market.mid * (1 + Decimal(distance) / 10_000), market.listing.tick))


def quantity(client: Client, place: Place, side: str, side_effect: str, share: Decimal) -> str:
    """That share of what the account could pay for at the present price, on the step."""
    market = client.world.market(place.symbol)
    amount = means(client, place, market.listing.quote if side == "BUY" else market.listing.base, side_effect) * share
    return text(floor(amount / market.mid if side == "BUY" else amount, market.listing.step) or market.listing.step)


def means(client: Client, place: Place, asset: str, side_effect: str) -> Decimal:
    """What is free of an asset, and what could be borrowed where the side effect does that."""
    free = held(client, place, asset).free
    if place.on_margin and side_effect in BORROWING_EFFECTS:
        free += borrowable(client, place, asset)
    return free


def held(client: Client, place: Place, asset: str) -> Balance:
    """To look into a pocket must not sew one on."""
    symbol = place.symbol if place.scope is Scope.ISOLATED else ""
    return dict(balances(client.world, client.account)).get((place.scope, symbol, asset), Balance())


def borrowable(client: Client, place: Place, asset: str) -> Decimal:
    """Nothing where the account or the pair is not there any more."""
    try:
        return loans.borrowable(client.world, client.account, place.scope, place.symbol, asset)
    except Refusal:
        return Decimal(0)


def transferable(client: Client, place: Place, asset: str) -> Decimal:
    """The same for what may leave."""
    free = held(client, place, asset).free
    if not place.on_margin or not free:
        return free
    try:
        return transfers.transferable(client.world, client.account, place.scope, place.symbol, asset)
    except Refusal:
        return Decimal(0)


def owed(client: Client) -> list[tuple[Where, Decimal]]:
    """Every debt with its place."""
    return [(where, balance.debt) for where, balance in balances(client.world, client.account) if balance.debt]


def amount(value: Decimal) -> str:
    """At 8 decimals, and never nothing: that would be refused for itself."""
    return text(floor(value, Decimal(CRUMB))) if value >= Decimal(CRUMB) else CRUMB


def floor(value: Decimal, step: Decimal) -> Decimal:
    return (value / step).to_integral_value(ROUND_FLOOR) * step


def text(value: Decimal) -> str:
    return format(value.normalize(), "f")
