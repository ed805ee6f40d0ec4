"""marginbot: an automation client for Binance isolated margin."""

__version__ = "0.1.0"
