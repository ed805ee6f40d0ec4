"""The log of requests is bounded in number and in bytes, whatever is sent."""

from __future__ import annotations

from marginbot.paper.request_log import LOG_BYTES, LOG_SIZE, LogEntry, RequestLog


def entry(number: int, body: bytes = b"") -> LogEntry:
    return LogEntry(number, "POST", "/", b"", body, 200)


def test_the_oldest_leave_when_there_are_ten_thousand():
    log = RequestLog()
    for number in range(LOG_SIZE + 5):
        log.append(entry(number))
    assert (len(log), log[0].at_ms, log[-1].at_ms) == (LOG_SIZE, 5, LOG_SIZE + 4)


def test_large_bodies_leave_no_more_than_four_mebibytes():
    log = RequestLog()
    for number in range(1000):
        log.append(entry(number, b"a" * 60_000))
    assert sum(len(one.body) for one in log) <= LOG_BYTES
    assert len(log) == LOG_BYTES // 60_001
    assert log[-1].at_ms == 999


def test_a_request_larger_than_the_log_is_not_kept():
    log = RequestLog()
    log.append(entry(1, b"a" * (LOG_BYTES + 1)))
    assert list(log) == []
    log.append(entry(2))
    assert [one.at_ms for one in log] == [2]
