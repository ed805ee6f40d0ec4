"""The one import of python-binance: slow (0.7 s), and loud about names it uses of another library."""

from __future__ import annotations

import warnings

with warnings.catch_warnings():
    # websockets warns that a name python-binance imports is deprecated; under `-W error` the import would fail.
    warnings.simplefilter("ignore", DeprecationWarning)
    from binance.async_client import AsyncClient

__all__ = ["AsyncClient"]
