"""The outside: where the daemon's messages and numbers go. Nothing here decides anything, and nothing waits for it."""
