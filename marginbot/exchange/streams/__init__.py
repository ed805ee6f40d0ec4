"""What the exchange tells by itself: market prices and account events over WebSockets. Hints, all of them: a look decides."""
