"""The margin testnet: an emulator of Binance isolated margin that any Binance client can talk to.

A product of its own: it imports nothing of the bot and shares no arithmetic with it, so the two can check each other.
"""
