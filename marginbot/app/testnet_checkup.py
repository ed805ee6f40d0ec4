"""What `doctor` asks of the testnet itself: its prices, which of our pairs it lists, and whether it takes our orders' checks."""

from __future__ import annotations

from decimal import Decimal

from marginbot.app.testnet import survey_of
from marginbot.domain.amounts import plain
from marginbot.engine.checkup import Finding, Grade
from marginbot.errors import MarginbotError, RequestRejected
from marginbot.exchange.spot_testnet import SpotTestnet
from marginbot.paper.books import catalogue
from marginbot.paper.books.amounts import ceil_step
from marginbot.paper.books.market import Market

CHECK = "testnet"


async def testnet_finding(testnet: SpotTestnet) -> Finding:
    """One finding; a testnet that shows no prices or refuses a plain order would stop an unwind."""
    try:
        elsewhere = await survey_of(testnet)
    except MarginbotError as trouble:
        mend = "check the network and exchange.rest_url; then run this again"
        return Finding(CHECK, Grade.PROBLEM, f"{testnet.host} shows no prices: {trouble}", mend)
    ours = catalogue.markets()
    traded = elsewhere.markets(ours)
    missing = sorted(ours.keys() - traded.keys())
    if not traded:
        return Finding(CHECK, Grade.PROBLEM, f"none of the emulator's pairs is traded on {testnet.host} now", "run this again")
    found = f"prices, rules and books are those of {testnet.host}"
    found += f"; the emulator's pairs {', '.join(missing)} are not traded there" if missing else ""
    if not testnet.checks:
        mend = "make a key there and set exchange.api_key and exchange.api_secret (or private_key_file)"
        return Finding(CHECK, Grade.WARNING, f"{found}; without a key of it orders are not checked there", mend)
    try:
        await testnet.check(_smallest_order(*next(iter(traded.items()))))
    except RequestRejected as refusal:
        return Finding(CHECK, Grade.PROBLEM, f"{testnet.host} refuses a plain order: {refusal}", "check the key, made there")
    except MarginbotError as trouble:
        return Finding(CHECK, Grade.PROBLEM, f"{testnet.host} checks no order: {trouble}", "run this again")
    return Finding(CHECK, Grade.OK, f"{found}; every order is checked there before it is placed in the books here")


def _smallest_order(symbol: str, market: Market) -> dict[str, str]:
    """A market order for about twice the least value."""
    listing = market.listing
    step = listing.step or Decimal("0.00000001")
    quantity = ceil_step(max(listing.min_notional, Decimal(1)) * 2 / market.mid, step)
    return {"symbol": symbol, "side": "BUY", "type": "MARKET", "quantity": plain(quantity)}
