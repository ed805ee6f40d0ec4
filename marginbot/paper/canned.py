"""Answers the real exchange was seen to give, by name, for faults to send in place of the true one.

Source: Binance error codes (texts), and public reports of bodies that were not JSON or said no under HTTP 200.
"""

from __future__ import annotations

from collections.abc import Mapping

from marginbot.paper.messages import Response, error_response, firewall_page, html_page

_UNKNOWN = "An unknown error occurred while processing the request."
_BUS = "An unexpected response was received from the message bus. Execution status unknown."
_TIMEOUT = "Timeout waiting for response from backend server. Send status unknown; execution status unknown."
_BUSY = "Server is currently overloaded with other requests. Please try again in a few minutes."
_RETRY_1S = ((b"retry-after", b"1"),)

# The statuses are the usual ones; a fault may name another.
CANNED: Mapping[str, Response] = {
    "-1000": error_response(-1000, _UNKNOWN, 500),
    "-1001": error_response(-1001, "Internal error; unable to process your request. Please try again.", 500),
    "-1003": error_response(-1003, "Too many requests; current request has limited.", 429).plus(_RETRY_1S),
    "-1006": error_response(-1006, _BUS, 500),
    "-1007": error_response(-1007, _TIMEOUT, 504),
    "-1008": error_response(-1008, _BUSY, 503),
    "-1015": error_response(-1015, "Too many new orders.", 429).plus(_RETRY_1S),
    "-1021": error_response(-1021, "Timestamp for this request is outside of the recvWindow.", 400),
    "-2010": error_response(-2010, "Account has insufficient balance for requested action.", 400),
    "-2011": error_response(-2011, "Unknown order sent.", 400),
    "-2013": error_response(-2013, "Order does not exist.", 400),
    "-2015": error_response(-2015, "Invalid API-key, IP, or permissions for action.", 400),
    "-3000": error_response(-3000, "Inner failure", 400),
    "-3005": error_response(-3005, "Transferring out not allowed.", 400),
    "-3007": error_response(-3007, "You have pending transaction, please try again later.", 400),
    "-3020": error_response(-3020, "Transfer out amount exceeds max amount.", 200),
    "-3015": error_response(-3015, "Repay amount exceeds borrow amount.", 400),
    "-3016": error_response(-3016, "Repay amount less than minimum repay amount.", 400),
    "-3024": error_response(-3024, "The unpaid debt is too small after this repayment.", 400),
    "-3041": error_response(-3041, "Balance is not enough", 400),
    "-3044": error_response(-3044, "System busy.", 400),
    "51078": error_response(51078, "NET_ASSET_MUST_LTE_RATIO", 400),
    "html_403": firewall_page(),
    "html_404": html_page(404),
    "html_502": html_page(502),
    "html_504": html_page(504),
    "empty": Response(200, b""),
}
