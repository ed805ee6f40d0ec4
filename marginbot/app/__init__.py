"""Wiring: settings in, a working marginbot out. The only place where the venue and the dry run are chosen."""

from marginbot.app.opened import App
from marginbot.app.venues import open_app

__all__ = ["App", "open_app"]
