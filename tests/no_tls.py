"""For test clients that speak plain HTTP to this machine: reading the world's authorities takes longer than most tests."""

from __future__ import annotations

import ssl

NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Trusts nobody: an https address would be refused."""
