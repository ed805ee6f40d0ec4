"""Answers in the shape the exchange documents, with numbers one can check in the head."""

from __future__ import annotations

from typing import Any


def a_side(asset: str, **changed: str) -> dict[str, Any]:
    side = {"asset": asset, "free": "0", "locked": "0", "borrowed": "0", "interest": "0"}
    return {**side, "netAsset": "0", "netAssetOfBtc": "0", "totalAsset": "0", "borrowEnabled": True, **changed}


def a_row(symbol: str = "BTCUSDT", **changed: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "symbol": symbol,
        "isolatedCreated": True,
        "enabled": True,
        "tradeEnabled": True,
        "marginLevel": "1.25",
        "marginLevelStatus": "NORMAL",
        "marginRatio": "10",
        "indexPrice": "100000",
        "liquidatePrice": "84000",
        "liquidateRate": "0",
        "baseAsset": a_side("BTC", free="0.05"),
        "quoteAsset": a_side("USDT", borrowed="4000"),
    }
    return row | changed


def an_order(**changed: Any) -> dict[str, Any]:
    order: dict[str, Any] = {
        "symbol": "BTCUSDT",
        "orderId": 42,
        "clientOrderId": "mb-1",
        "transactTime": 1_772_366_400_000,
        "price": "0.00000000",
        "origQty": "0.05",
        "executedQty": "0.05",
        "cummulativeQuoteQty": "5000",
        "status": "FILLED",
        "type": "MARKET",
        "side": "SELL",
        "isIsolated": True,
        "selfTradePreventionMode": "NONE",
        "marginBuyBorrowAmount": 5,
        "fills": [{"price": "100000", "qty": "0.05", "commission": "5", "commissionAsset": "USDT"}],
    }
    return order | changed


def a_commission(**standard: str) -> dict[str, Any]:
    nothing = {"maker": "0", "taker": "0", "buyer": "0", "seller": "0"}
    return {
        "symbol": "BTCUSDT",
        "standardCommission": {**nothing, "maker": "0.001", "taker": "0.001", **standard},
        "specialCommission": nothing | {"taker": "0.0002"},
        "taxCommission": nothing | {"buyer": "0.0001", "seller": "0.0003"},
        "discount": {"enabledForAccount": True, "enabledForSymbol": True, "discountAsset": "BNB", "discount": "0.75"},
    }


def exchange_info(filters: list[dict[str, Any]] | None = None, **changed: Any) -> dict[str, Any]:
    usual = [
        {"filterType": "PRICE_FILTER", "minPrice": "0.01", "maxPrice": "1000000", "tickSize": "0.01"},
        {"filterType": "LOT_SIZE", "minQty": "0.00001", "maxQty": "9000", "stepSize": "0.00001"},
        {"filterType": "MARKET_LOT_SIZE", "minQty": "0", "maxQty": "100", "stepSize": "0"},
        {"filterType": "NOTIONAL", "minNotional": "5", "applyMinToMarket": True, "maxNotional": "9000000"},
        {"filterType": "A_FILTER_OF_2030", "limit": 3},
    ]
    pair = {"symbol": "BTCUSDT", "status": "TRADING", "baseAsset": "BTC", "quoteAsset": "USDT"}
    return {"timezone": "UTC", "symbols": [{**pair, "filters": usual if filters is None else filters, **changed}]}


def a_loan(**changed: Any) -> dict[str, Any]:
    loan = {"type": "MANUAL", "isolatedSymbol": "BTCUSDT", "asset": "USDT", "amount": "50", "interest": "1"}
    return {**loan, "principal": "49", "status": "CONFIRMED", "timestamp": 1_772_366_400_000, "txId": 7, **changed}


def a_transfer(**changed: Any) -> dict[str, Any]:
    move = {"asset": "USDT", "amount": "100", "type": "ISOLATED_MARGIN_MAIN", "status": "CONFIRMED"}
    return {**move, "tranId": 9, "timestamp": 1_772_366_400, **changed}


TIERS = [
    {
        "symbol": "BTCUSDT",
        "tier": tier,
        "effectiveMultiple": "10",
        "initialRiskRatio": "1.111",
        "liquidationRiskRatio": "1.05",
        "baseAssetMaxBorrowable": "9",
        "quoteAssetMaxBorrowable": "70000",
    }
    for tier in (2, 1)
]

KEY_RIGHTS = {
    "ipRestrict": True,
    "createTime": 1,
    "enableReading": True,
    "enableWithdrawals": False,
    "enableMargin": True,
    "permitsUniversalTransfer": True,
    "enableSpotAndMarginTrading": True,
}

MARGIN_ASSETS = [{"assetName": "USDT", "assetFullName": "Tether", "userMinBorrow": "0", "userMinRepay": "0.5"}]
