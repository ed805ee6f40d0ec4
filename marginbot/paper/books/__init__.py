"""The books of the emulated exchange: wallets, loans, orders and prices. Pure: no I/O, no clock of its own."""
