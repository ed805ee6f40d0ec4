"""Every answer has all its keys with the right types and no others. dec: decimal text; a ? marks a key that may be absent."""

import json
import re

import pytest

from tests.paper.api.client import ISOLATED, call
from tests.paper.books.builders import HOUR, a_world, after, fund

DECIMAL = re.compile(r"-?\d+(\.\d+)?")
KINDS = {"str": str, "int": int, "bool": bool, "list": list, "dict": dict}

SIDE = (
    "asset:str borrowEnabled:bool borrowed:dec free:dec interest:dec locked:dec netAsset:dec netAssetOfBtc:dec"
    " repayEnabled:bool totalAsset:dec"
)
PAIR = {
    "": "baseAsset:dict quoteAsset:dict symbol:str isolatedCreated:bool enabled:bool marginLevel:dec marginLevelStatus:str"
    " marginRatio:dec indexPrice:dec liquidatePrice:dec liquidateRate:dec tradeEnabled:bool",
    "baseAsset": SIDE,
    "quoteAsset": SIDE,
}
STATE = (
    "symbol:str orderId:int clientOrderId:str price:dec origQty:dec executedQty:dec cummulativeQuoteQty:dec status:str"
    " timeInForce:str type:str side:str"
)
MARGIN_ROW = (
    f"{STATE} icebergQty:dec isWorking:bool stopPrice:dec isIsolated:bool time:int selfTradePreventionMode:str"
    " updateTime:int expiryReason?:str"
)
FILL = "price:dec qty:dec commission:dec commissionAsset:str tradeId:int"
NEW = f"{STATE} transactTime:int isIsolated:bool selfTradePreventionMode:str fills:list expiryReason?:str"
CANCELLED = f"{STATE} isIsolated:bool origClientOrderId:str".replace("orderId:int", "orderId:str")
TRADE = (
    "commission:dec commissionAsset:str id:int isBestMatch:bool isBuyer:bool isMaker:bool orderId:int price:dec qty:dec"
    " symbol:str isIsolated:bool time:int"
)
RATES = "maker:dec taker:dec buyer:dec seller:dec"

ANSWERS = [
    ("GET", "/api/v3/time", {}, "", {"": "serverTime:int"}),
    ("GET", "/api/v3/depth", {"symbol": "BTCUSDT"}, "", {"": "lastUpdateId:int bids:list asks:list"}),
    (
        "GET",
        "/api/v3/ticker/bookTicker",
        {"symbol": "BTCUSDT"},
        "",
        {"": "symbol:str bidPrice:dec bidQty:dec askPrice:dec askQty:dec"},
    ),
    (
        "GET",
        "/api/v3/exchangeInfo",
        {},
        "symbols",
        {
            "": "symbol:str status:str baseAsset:str baseAssetPrecision:int quoteAsset:str quotePrecision:int"
            " quoteAssetPrecision:int baseCommissionPrecision:int quoteCommissionPrecision:int orderTypes:list"
            " icebergAllowed:bool ocoAllowed:bool otoAllowed:bool opoAllowed:bool quoteOrderQtyMarketAllowed:bool"
            " allowTrailingStop:bool cancelReplaceAllowed:bool amendAllowed:bool pegInstructionsAllowed:bool"
            " isSpotTradingAllowed:bool isMarginTradingAllowed:bool filters:list permissions:list permissionSets:list"
            " defaultSelfTradePreventionMode:str allowedSelfTradePreventionModes:list"
        },
    ),
    (
        "GET",
        "/api/v3/account",
        {},
        "",
        {
            "": "makerCommission:int takerCommission:int buyerCommission:int sellerCommission:int commissionRates:dict"
            " canTrade:bool canWithdraw:bool canDeposit:bool brokered:bool requireSelfTradePrevention:bool preventSor:bool"
            " updateTime:int accountType:str balances:list permissions:list uid:int",
            "commissionRates": RATES,
        },
    ),
    ("GET", "/api/v3/account", {}, "balances", {"": "asset:str free:dec locked:dec"}),
    (
        "GET",
        "/api/v3/account/commission",
        {"symbol": "BTCUSDT"},
        "",
        {
            "": "symbol:str standardCommission:dict specialCommission:dict taxCommission:dict discount:dict",
            "standardCommission": RATES,
            "discount": "enabledForAccount:bool enabledForSymbol:bool discountAsset:str discount:dec",
        },
    ),
    ("GET", "margin/isolated/account", {}, "assets", PAIR),
    ("GET", "margin/isolated/account", {"symbols": "XRPUSDT"}, "assets", PAIR),
    (
        "GET",
        "margin/isolatedMarginTier",
        {"symbol": "BTCUSDT"},
        "",
        {
            "": "symbol:str tier:int effectiveMultiple:dec initialRiskRatio:dec liquidationRiskRatio:dec"
            " baseAssetMaxBorrowable:dec quoteAssetMaxBorrowable:dec"
        },
    ),
    (
        "GET",
        "margin/borrow-repay",
        {"type": "REPAY", "isolatedSymbol": "BTCUSDT"},
        "rows",
        {"": "type:str isolatedSymbol:str amount:dec asset:str interest:dec principal:dec status:str timestamp:int txId:int"},
    ),
    (
        "GET",
        "margin/interestHistory",
        {"isolatedSymbol": "BTCUSDT"},
        "rows",
        {
            "": "txId:int interestAccuredTime:int asset:str principal:dec interest:dec interestRate:dec type:str"
            " isolatedSymbol:str"
        },
    ),
    (
        "GET",
        "asset/transfer",
        {"type": "MAIN_ISOLATED_MARGIN"},
        "rows",
        {"": "asset:str amount:dec type:str status:str tranId:int timestamp:int"},
    ),
    (
        "GET",
        "margin/transfer",
        {"isolatedSymbol": "BTCUSDT"},
        "rows",
        {
            "": "amount:dec asset:str status:str timestamp:int txId:int type:str transFrom:str transTo:str fromSymbol?:str"
            " toSymbol?:str"
        },
    ),
    ("POST", "margin/order", {**ISOLATED, "side": "SELL", "type": "MARKET", "quantity": "0.001"}, "", {"": NEW}),
    ("POST", "margin/order", {**ISOLATED, "side": "SELL", "type": "MARKET", "quantity": "0.001"}, "fills", {"": FILL}),
    ("GET", "margin/order", {**ISOLATED, "origClientOrderId": "mine"}, "", {"": MARGIN_ROW}),
    ("GET", "margin/openOrders", ISOLATED, "", {"": MARGIN_ROW}),
    ("GET", "margin/allOrders", ISOLATED, "", {"": MARGIN_ROW}),
    ("DELETE", "margin/order", {**ISOLATED, "origClientOrderId": "mine"}, "", {"": CANCELLED}),
    ("GET", "margin/myTrades", ISOLATED, "", {"": TRADE}),
    (
        "GET",
        "account/apiRestrictions",
        {},
        "",
        {
            "": "ipRestrict:bool createTime:int enableReading:bool enableWithdrawals:bool enableInternalTransfer:bool"
            " enableMargin:bool enableFutures:bool permitsUniversalTransfer:bool enableVanillaOptions:bool"
            " enableFixApiTrade:bool enableFixReadOnly:bool enableSpotAndMarginTrading:bool enablePortfolioMarginTrading:bool"
        },
    ),
    (
        "GET",
        "margin/account",
        {},
        "userAssets",
        {"": "asset:str borrowed:dec free:dec interest:dec locked:dec netAsset:dec"},
    ),
    (
        "GET",
        "margin/allAssets",
        {},
        "",
        {
            "": "assetFullName:str assetName:str isBorrowable:bool isMortgageable:bool userMinBorrow:dec userMinRepay:dec"
            " delistTime?:int"
        },
    ),
    ("GET", "margin/priceIndex", {"symbol": "BTCUSDT"}, "", {"": "calcTime:int price:dec symbol:str"}),
]


def a_lively_world():
    """A long of which everything has happened once: repaid, transferred, traded, charged, and an order stands."""
    world = a_world("long")
    fund(world, "USDT", "100")
    call(world, "POST", "asset/transfer", type="MAIN_ISOLATED_MARGIN", asset="USDT", amount="10", toSymbol="BTCUSDT")
    call(world, "POST", "margin/borrow-repay", asset="USDT", isIsolated="TRUE", symbol="BTCUSDT", amount="10", type="REPAY")
    sale = {**ISOLATED, "side": "SELL", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.001"}
    call(world, "POST", "margin/order", price="99000", **sale)
    call(world, "POST", "margin/order", price="110000", newClientOrderId="mine", **sale)
    return after(world, HOUR)


def check(shape: str, row: dict[str, object]) -> None:
    kinds = dict(part.split(":") for part in shape.split())
    needed = {name for name in kinds if not name.endswith("?")}
    assert needed <= set(row) <= {name.rstrip("?") for name in kinds}
    for name, value in row.items():
        kind = kinds.get(name) or kinds[f"{name}?"]
        right = isinstance(value, str) and DECIMAL.fullmatch(value) if kind == "dec" else type(value) is KINDS[kind]
        assert right, f"{name}: {value!r} is no {kind}"


@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize(("method", "path", "params", "part", "shapes"), ANSWERS)
def test_answers_have_their_documented_shape(method, path, params, part, shapes, padded):
    world = a_lively_world()
    world.config.pad_decimals = padded
    answer = json.loads(json.dumps(call(world, method, path, **params)))
    found = answer[part] if part else answer
    rows = found if isinstance(found, list) else [found]
    assert rows
    for row in rows:
        for name, shape in shapes.items():
            check(shape, row[name] if name else row)
