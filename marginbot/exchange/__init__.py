"""The adapter to Binance: python-binance on httpx, signed here, typed both ways. The only room that knows the wire."""
