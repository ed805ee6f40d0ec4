"""/sapi of the customer as a whole: cross account, key rights, states, fee settings, wallets, listen tokens."""

from __future__ import annotations

import hashlib

from marginbot.paper.api.endpoint import Caller, Endpoint, Handler, Security, WeightKind
from marginbot.paper.api.params import DAY, Params, flag, integer
from marginbot.paper.books import cross, cross_bars, risk
from marginbot.paper.books.amounts import ZERO, half_up8
from marginbot.paper.books.records import ListenToken
from marginbot.paper.books.refusal import refuse
from marginbot.paper.books.wallets import Balance
from marginbot.paper.books.world import World

RIGHTS = (
    "enableReading", "enableWithdrawals", "enableInternalTransfer", "enableMargin", "enableFutures",
    "permitsUniversalTransfer", "enableVanillaOptions", "enableFixApiTrade", "enableFixReadOnly",
    "enableSpotAndMarginTrading", "enablePortfolioMarginTrading",
)  # fmt: skip
NOTHING = Balance()


def cross_account(world: World, caller: Caller, params: Params) -> object:
    """The cross account: every listed asset, and totals in BTC."""
    account, btc = world.account(caller.uid), world.usdt_price("BTC")
    assets, debt = cross.values(world, account)
    level = world.text(risk.shown_level(assets / debt if debt else None))
    return {
        "created": True,
        "borrowEnabled": True,
        "marginLevel": level,
        "collateralMarginLevel": level,
        "totalAssetOfBtc": world.text(half_up8(assets / btc)),
        "totalLiabilityOfBtc": world.text(half_up8(debt / btc)),
        "totalNetAssetOfBtc": world.text(half_up8((assets - debt) / btc)),
        "TotalCollateralValueInUSDT": world.text(half_up8(assets)),
        "totalOpenOrderLossInUSDT": world.text(ZERO),
        "tradeEnabled": True,
        "transferInEnabled": True,
        "transferOutEnabled": True,
        "accountType": cross_bars.account_type(account.cross_leverage),
        "userAssets": [_cross_row(world, asset, account.cross.get(asset, NOTHING)) for asset in world.assets],
    }


def api_restrictions(world: World, caller: Caller, params: Params) -> object:
    """What this key may do."""
    rights = {name: bool(caller.rights.get(name, False)) for name in RIGHTS}
    restricted = bool(caller.rights.get("ipRestrict", False))
    return {"ipRestrict": restricted, "createTime": world.account(caller.uid).created_ms, **rights}


def account_status(world: World, caller: Caller, params: Params) -> object:
    return {"data": "Normal"}


def trading_status(world: World, caller: Caller, params: Params) -> object:
    conditions = {"GCR": 150, "IFER": 150, "UFR": 300}
    state = {"isLocked": False, "plannedRecoverTime": 0, "triggerCondition": conditions, "updateTime": world.now_ms}
    return {"data": state}


def account_flags(world: World, caller: Caller, params: Params) -> object:
    return {
        "vipLevel": world.config.vip_level,
        "isMarginEnabled": True,
        "isFutureEnabled": False,
        "isOptionsEnabled": False,
        "isPortfolioMarginRetailEnabled": False,
    }


def system_status(world: World, caller: Caller, params: Params) -> object:
    return {"status": 1, "msg": "system_maintenance"} if world.config.maintenance else {"status": 0, "msg": "normal"}


def get_bnb_burn(world: World, caller: Caller, params: Params) -> object:
    account = world.account(caller.uid)
    return {"spotBNBBurn": account.spot_bnb_burn, "interestBNBBurn": account.interest_bnb_burn}


def set_bnb_burn(world: World, caller: Caller, params: Params) -> object:
    """Switch paying fees or interest in BNB; -1102 when neither is named."""
    if not params:
        raise refuse(-1102, name="spotBNBBurn")
    account = world.account(caller.uid)
    spot, interest = (
        flag(params, "spotBNBBurn", account.spot_bnb_burn),
        flag(params, "interestBNBBurn", account.interest_bnb_burn),
    )
    account.spot_bnb_burn, account.interest_bnb_burn = spot, interest
    return {"spotBNBBurn": spot, "interestBNBBurn": interest}


def trade_fee(world: World, caller: Caller, params: Params) -> object:
    """Maker and taker rate of one pair or of all."""
    account = world.account(caller.uid)
    symbols = [world.market(params["symbol"]).listing.symbol] if "symbol" in params else list(world.markets)
    maker, taker = world.text(account.maker_fee), world.text(account.taker_fee)
    return [{"symbol": symbol, "makerCommission": maker, "takerCommission": taker} for symbol in symbols]


def user_assets(world: World, caller: Caller, params: Params) -> object:
    """What the spot wallet holds; valued in BTC only with `needBtcValuation`."""
    valued, btc = flag(params, "needBtcValuation"), world.usdt_price("BTC")
    rows = []
    for asset, balance in world.account(caller.uid).spot.items():
        if not balance.total or params.get("asset", asset) != asset:
            continue
        value = half_up8(balance.total * world.usdt_price(asset) / btc) if valued else ZERO
        rows.append({"asset": asset, **_spot_amounts(world, balance), "btcValuation": world.text(value)})
    return rows


def all_coins(world: World, caller: Caller, params: Params) -> object:
    """Every coin of the spot wallet with one closed network: nothing can be deposited or withdrawn here."""
    spot = world.account(caller.uid).spot
    return [
        {
            "coin": asset,
            "name": terms.full_name,
            "depositAllEnable": False,
            "withdrawAllEnable": False,
            "isLegalMoney": False,
            "trading": True,
            **_spot_amounts(world, spot.get(asset, NOTHING)),
            "ipoing": world.text(ZERO),
            "storage": world.text(ZERO),
            "networkList": [_network(world, asset)],
        }
        for asset, terms in world.assets.items()
    ]


def listen_token(world: World, caller: Caller, params: Params) -> object:
    """A right to one account's user stream; its kind is chosen by `isIsolated` and `symbol`."""
    isolated, symbol = flag(params, "isIsolated"), params.get("symbol", "")
    if isolated and not symbol:
        raise refuse(-1102, name="symbol")
    if isolated:
        world.pair(world.account(caller.uid), symbol)
    validity = integer(params, "validity") or DAY
    if not 0 < validity <= DAY:
        raise refuse(-1130, name="validity")
    number = world.next_id("token")
    name = hashlib.sha256(f"{world.epoch_ms}/{caller.uid}/{number}".encode()).hexdigest()
    token = ListenToken(name, caller.uid, symbol if isolated else "", world.now_ms + validity)
    world.listen_tokens.append(token)
    return {"token": token.token, "expirationTime": token.expires_ms}


def _cross_row(world: World, asset: str, balance: Balance) -> dict[str, object]:
    values = {
        "borrowed": balance.borrowed,
        "free": balance.free,
        "interest": balance.interest,
        "locked": balance.locked,
        "netAsset": balance.net,
    }
    return {"asset": asset, **{name: world.text(value) for name, value in values.items()}}


def _spot_amounts(world: World, balance: Balance) -> dict[str, object]:
    zeros = dict.fromkeys(("freeze", "withdrawing", "ipoable"), world.text(ZERO))
    return {"free": world.text(balance.free), "locked": world.text(balance.locked), **zeros}


def _network(world: World, asset: str) -> dict[str, object]:
    amounts = dict.fromkeys(("withdrawFee", "withdrawMin", "withdrawMax"), world.text(ZERO))
    flags = dict.fromkeys(("depositEnable", "withdrawEnable", "resetAddressStatus", "sameAddress", "busy"), False)
    return {
        "network": asset,
        "coin": asset,
        "name": asset,
        "withdrawIntegerMultiple": "0.00000001",
        "isDefault": True,
        "addressRegex": "",
        "memoRegex": "",
        "minConfirm": 1,
        "unLockConfirm": 0,
        "estimatedArrivalTime": 0,
        **amounts,
        **flags,
    }


def _signed(
    method: str, path: str, weight: int, handler: Handler, optional: tuple[str, ...] = (), needs: tuple[str, ...] = ()
) -> Endpoint:
    rights = needs or ("enableReading",)
    return Endpoint(method, f"/sapi/{path}", Security.SIGNED, weight, WeightKind.SAPI_IP, handler, (), optional, rights)


_TOKEN = ("isIsolated", "symbol", "validity")
_STREAM = Endpoint("POST", "/sapi/v1/userListenToken", Security.KEY, 1, WeightKind.SAPI_UID, listen_token, (), _TOKEN)
_STATUS = Endpoint("GET", "/sapi/v1/system/status", Security.NONE, 1, WeightKind.SAPI_IP, system_status, needs=())

ENDPOINTS = (
    _signed("GET", "v1/margin/account", 10, cross_account),
    _signed("GET", "v1/account/apiRestrictions", 1, api_restrictions),
    _signed("GET", "v1/account/status", 1, account_status),
    _signed("GET", "v1/account/apiTradingStatus", 1, trading_status),
    _signed("GET", "v1/account/info", 1, account_flags),
    _signed("GET", "v1/bnbBurn", 1, get_bnb_burn),
    _signed("POST", "v1/bnbBurn", 1, set_bnb_burn, ("spotBNBBurn", "interestBNBBurn")),
    _signed("GET", "v1/asset/tradeFee", 1, trade_fee, ("symbol",)),
    _signed("POST", "v3/asset/getUserAsset", 5, user_assets, ("asset", "needBtcValuation")),
    _signed("GET", "v1/capital/config/getall", 10, all_coins),
    _STREAM,
    _STATUS,
)
