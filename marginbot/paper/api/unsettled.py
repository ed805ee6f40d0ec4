"""Calls whose weight or security the sources do not agree on, as the switches of a world have them."""

from __future__ import annotations

from dataclasses import replace

from marginbot.paper.api.endpoint import Endpoint, Security, WeightKind
from marginbot.paper.books.config import Config

MAX_BORROWABLE, TRANSFER = "/sapi/v1/margin/maxBorrowable", "/sapi/v1/asset/transfer"
LISTEN_TOKEN = "/sapi/v1/userListenToken"  # noqa: S105 - a path
# 50 of the address, by the older pages, where the newer ones have 750 of the account.
OF_THE_ADDRESS = 50


def as_switched(endpoint: Endpoint, config: Config) -> Endpoint:
    """`endpoint` as this world has it; nearly always the very same."""
    path = endpoint.path
    if path == MAX_BORROWABLE and config.max_borrowable_by == "address":
        return replace(endpoint, kind=WeightKind.SAPI_IP, weight=OF_THE_ADDRESS)
    if path == TRANSFER and endpoint.method == "POST" and endpoint.weight != config.transfer_weight:
        return replace(endpoint, weight=config.transfer_weight)
    if path == LISTEN_TOKEN and config.listen_token_signed:
        return replace(endpoint, security=Security.SIGNED)
    return endpoint


def other_kind(endpoint: Endpoint) -> Endpoint:
    """The same /sapi call, were it charged the other way: to the account, or to the address."""
    swapped = WeightKind.SAPI_IP if endpoint.kind is WeightKind.SAPI_UID else WeightKind.SAPI_UID
    return replace(endpoint, kind=swapped)
