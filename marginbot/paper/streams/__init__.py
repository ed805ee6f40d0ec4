"""What the exchange pushes: market streams, and the account events of the WebSocket API."""
