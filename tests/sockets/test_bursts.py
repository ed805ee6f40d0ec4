"""Three bursts of ten thousand requests, good and bad: right answers throughout, and memory that does not grow.

Measured is the resident memory of the server's process (VmRSS): before the first burst, and after each. From the first
burst it keeps its caches, a full log of requests and freed memory it holds on to; what counts is that the next two add nothing.
"""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from tests.sockets.burst import MIB, SIZE, burst, resident
from tests.sockets.server import Server

pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the memory of another process is read from /proc")
logger = logging.getLogger(__name__)
MINUTE_MS = 60_000
MOST_GROWTH, MOST_IN_ALL = 20 * MIB, 30 * MIB


def test_three_bursts_of_ten_thousand_requests_leave_memory_where_it_was(server: Server):
    server.open_pair("BTCUSDT")
    held = [resident(server.pid)]
    for _ in range(3):
        answers = burst(server)
        assert answers.total() == SIZE
        assert [pair for pair in answers if pair[0] != pair[1]] == []
        held.append(resident(server.pid))
        # The budgets of request weight are good for one burst a minute.
        server.control("POST", "advance", {"ms": MINUTE_MS})
    logger.info("resident before and after each burst: %s MiB", [round(size / MIB, 1) for size in held])
    assert held[3] - held[1] < MOST_GROWTH, held
    assert held[3] - held[0] < MOST_IN_ALL, held
    assert len(server.log()) <= SIZE
