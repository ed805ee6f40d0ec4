"""Settings: what the owner chose, from flags, environment, `.env`, TOML and defaults, checked before anything is sent."""

from marginbot.settings.load import load_settings
from marginbot.settings.model import LIVE_URL, Exchange, Settings, State, Unwind, Venue
from marginbot.settings.places import journal_file, state_dir, testnet_dir

__all__ = [
    "LIVE_URL",
    "Exchange",
    "Settings",
    "State",
    "Unwind",
    "Venue",
    "journal_file",
    "load_settings",
    "state_dir",
    "testnet_dir",
]
