"""How the books say no: a code of the exchange with its text, raised before anything has changed."""

from __future__ import annotations


class Refusal(Exception):
    """The exchange says no: nothing happened. Becomes `{"code", "msg"}` with `http_status`."""

    def __init__(self, code: int, text: str, http_status: int = 400) -> None:
        super().__init__(f"{code} {text}")
        self.code = code
        self.text = text
        self.http_status = http_status


def refuse(code: int, **names: object) -> Refusal:
    """The refusal with the usual text of `code`, or a general one; `names` fill the blanks of that text."""
    return Refusal(code, TEXTS.get(code, UNTOLD).format(**names))


def rejected(text: str) -> Refusal:
    """-2010 NEW_ORDER_REJECTED: one code, many texts."""
    return Refusal(-2010, text)


def filter_failure(name: str, code: int = -1013) -> Refusal:
    """The order breaks the filter `name` of its symbol (-1013, or -20204 for NOTIONAL on margin)."""
    return Refusal(code, f"Filter failure: {name}")


INSUFFICIENT = "Account has insufficient balance for requested action."
DUPLICATE = "Duplicate order sent."
WOULD_TAKE = "Order would immediately match and take."
WOULD_TRIGGER = "Order would trigger immediately."

UNTOLD = "The request was refused."

TEXTS = {
    -1002: "You are not authorized to execute this request.",
    -1013: "Market is closed.",
    -1020: "This operation is not supported.",
    -1100: "Illegal characters found in parameter '{name}'.",
    -1102: "Mandatory parameter '{name}' was not sent, was empty/null, or malformed.",
    -1106: "Parameter '{name}' sent when not required.",
    -1111: "Precision is over the maximum defined for this asset.",
    -1115: "Invalid timeInForce.",
    -1116: "Invalid orderType.",
    -1117: "Invalid side.",
    -1120: "Invalid interval.",
    -1121: "Invalid symbol.",
    -1127: "Lookup interval is too big.",
    -1128: "Combination of optional parameters invalid.",
    -1130: "Data sent for parameter '{name}' is not valid.",
    -1145: "Invalid cancelRestrictions.",
    -2008: "Invalid Api-Key ID.",
    -2011: "Unknown order sent.",
    -2013: "Order does not exist.",
    -2043: "This symbol has no reference price.",
    -2039: "Client order ID is not correct for this order ID.",
    -3003: "Margin account does not exist.",
    -3004: "Trade not allowed.",
    -3005: "Transfer out is not allowed.",
    -3006: "Your borrow amount has exceed maximum borrow amount.",
    -3007: "You have pending transaction, please try again later.",
    -3010: "Repay not allowed: nothing is owed.",
    -3012: "Borrow is banned for this asset.",
    -3013: "Borrow amount less than minimum borrow amount.",
    -3015: "Repay amount exceeds borrow amount.",
    -3016: "Repay amount less than minimum repay amount.",
    -3020: "Transfer out amount exceeds max amount.",
    -3021: "Margin account are not allowed to trade this trading pair.",
    -3022: "This account may not trade.",
    -3023: "You can't transfer out/place order under current margin level.",
    -3024: "The unpaid debt is too small after this repayment.",
    -3026: "Your input param is wrong.",
    -3027: "Not a valid margin asset.",
    -3028: "Not a valid margin pair.",
    -3036: "This account is not allowed to repay.",
    -3038: "Listen key not found.",
    -3041: "Balance is not enough",
    -3043: "Transfer in is not allowed.",
    -3045: "The system doesn't have enough asset now.",
    -3064: "The limit price is outside the allowed range around the price index.",
    -3065: "The asset is being delisted: only the debt can be transferred in.",
    -3999: "This function is only available for invited users.",
    -4018: "We don't have this asset.",
    -4047: "Time interval must be within 0-{days} days",
    -5001: "This asset cannot be converted.",
    -5003: "You don't have this asset.",
    -5005: "The balance of {asset} is worth more than {limit} BTC, please choose again.",
    -5006: "Crumbs can be converted once in 24 hours only.",
    -5007: "Quantity must be greater than zero.",
    -5013: "Asset transfer failed: insufficient balance",
    -11001: "Isolated margin account does not exist.",
    -11007: "Exceeding the maximum borrowable limit.",
    -11008: "Exceeding the account's maximum borrowable limit.",
}
