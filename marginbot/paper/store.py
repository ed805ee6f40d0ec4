"""Where a world lives between processes: one file, one lock, and a note saying who serves it and where.

Only the holder of the lock may touch the world file, so a lock held by nobody proves any note stale; the operating system
frees the lock of a process that dies, however it dies.
"""

from __future__ import annotations

import logging
import os
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import msgspec
from filelock import FileLock, Timeout

from marginbot.paper.beginning import DEFAULT_SCENARIO, begin
from marginbot.paper.books.world import World
from marginbot.paper.errors import PaperError, WorldBusy, WorldCorrupt

WORLD_FILE = "paper-world.json"
PREVIOUS_FILE = "paper-world.previous.json"
LOCK_FILE = "paper.lock"
NOTE_FILE = "paper.json"
FORMAT = 1

logger = logging.getLogger("marginbot.paper")

Beginning = Callable[[str, int], World]
"""Name or file of a scenario and the wall's milliseconds -> a fresh world. Raises: PaperError."""


class SavedWorld(msgspec.Struct):
    """The world file. `scenario` is the name or file it began from, `world` what World.dump gave."""

    format: int
    scenario: str
    world: dict[str, Any]


class Note(msgspec.Struct, frozen=True):
    """Who serves the world: the address to send requests to, and the process id."""

    rest_url: str
    pid: int


class Snapshot(NamedTuple):
    """The world file's contents at one instant; of two, the higher number is the later."""

    number: int
    contents: bytes


class OpenedWorld:
    """A world this process holds, until `close`, which saves it. Use as a context manager.

    `world` lives in memory only between saves; `save` may be called at any time and is atomic.
    """

    def __init__(self, directory: Path, lock: FileLock, world: World, scenario: str) -> None:
        self.directory = directory
        self.world = world
        self.scenario = scenario
        self._lock = lock
        self._taken = 0
        self._written = 0
        self._writing = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def snapshot(self) -> Snapshot:
        """The world as it is now, to be written later, perhaps by another thread."""
        self._taken += 1
        return Snapshot(self._taken, msgspec.json.encode(SavedWorld(FORMAT, self.scenario, self.world.dump())))

    def write(self, snapshot: Snapshot, *, durable: bool = True) -> None:
        """Replace the world file, unless by a later state already.

        `durable` waits for the disk: needed against power loss, not against kill -9.
        """
        with self._writing:
            if snapshot.number > self._written:
                write_atomically(self.directory / WORLD_FILE, snapshot.contents, durable=durable)
                self._written = snapshot.number

    def save(self, *, durable: bool = True) -> None:
        self.write(self.snapshot(), durable=durable)

    def try_save(self) -> None:
        """Save without waiting for the disk; a full disk is logged, for it must not break an answer."""
        try:
            self.save(durable=False)
        except OSError:
            logger.exception("the paper world could not be saved in %s", self.directory)

    def announce(self, rest_url: str) -> None:
        """Tell other processes where this world is served."""
        write_atomically(self.directory / NOTE_FILE, msgspec.json.encode(Note(rest_url, os.getpid())))

    def close(self) -> None:
        """Save, withdraw the announcement and let go of the world; again it does nothing."""
        if not self._lock.is_locked:
            return
        try:
            self.save()
        finally:
            (self.directory / NOTE_FILE).unlink(missing_ok=True)
            self._lock.release()


def open_world(
    directory: Path, now_ms: int, scenario: str | None = None, *, wait_s: float = 10.0, beginning: Beginning = begin
) -> OpenedWorld:
    """Take hold of the world in `directory`, beginning one where there is none.

    now_ms: the wall's time; the time during which no process held the world does not pass in it.
    scenario: None continues what is there. A name other than the stored world's begins that scenario and keeps the old
    world beside it as a file; the same name continues.
    wait_s: how long to wait for a short command that holds it. A holder that serves is not waited for.
    beginning: how a scenario becomes a world.
    Raises: WorldBusy (with `rest_url` when it is served), WorldCorrupt, PaperError for a directory that cannot be used.
    """
    lock = _take(directory, wait_s)
    try:
        (directory / NOTE_FILE).unlink(missing_ok=True)
        return _opened(directory, lock, now_ms, scenario, beginning)
    except BaseException:
        lock.release()
        raise


def reset_world(directory: Path, now_ms: int, scenario: str | None = None, *, beginning: Beginning = begin) -> str:
    """Put the world back to the beginning of `scenario` (None: the default); tells which. Raises: WorldBusy, PaperError."""
    chosen = scenario or DEFAULT_SCENARIO
    lock = _take(directory, 2.0)
    try:
        OpenedWorld(directory, lock, beginning(chosen, now_ms), chosen).close()
    finally:
        lock.release()
    return chosen


def live_server(directory: Path) -> str | None:
    """The URL under which another process serves this world now, None when nobody does; a stale note is removed."""
    note = directory / NOTE_FILE
    if not note.exists():
        return None
    lock = _lock(directory)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        found = _read_note(note)
        return found.rest_url if found is not None and _is_alive(found.pid) else None
    try:
        note.unlink(missing_ok=True)
    finally:
        lock.release()
    return None


def write_atomically(target: Path, contents: bytes, *, durable: bool = True) -> None:
    """Readers see the old file or the new one, never half of either."""
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(contents)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        os.replace(name, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise


def _opened(directory: Path, lock: FileLock, now_ms: int, scenario: str | None, beginning: Beginning) -> OpenedWorld:
    file = directory / WORLD_FILE
    if file.exists():
        saved = _read_world(file)
        if scenario is None or scenario == saved.scenario:
            return OpenedWorld(directory, lock, _loaded(file, saved, now_ms), saved.scenario)
    chosen = scenario or DEFAULT_SCENARIO
    # An unknown scenario raises here, before the world that is there is moved away.
    opened = OpenedWorld(directory, lock, beginning(chosen, now_ms), chosen)
    if file.exists():
        os.replace(file, directory / PREVIOUS_FILE)
    opened.save()
    return opened


def _take(directory: Path, wait_s: float) -> FileLock:
    try:
        directory.mkdir(parents=True, exist_ok=True)
        lock = _lock(directory)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            if (url := live_server(directory)) is not None:
                raise WorldBusy(f"another process serves the paper world at {url}", url) from None
            lock.acquire(timeout=wait_s)
    except Timeout as held:
        raise WorldBusy(
            f"another process holds the paper world in {directory}; try again when it has ended", live_server(directory)
        ) from held
    except OSError as problem:
        raise PaperError(f"the paper world's directory {directory} cannot be used: {problem}") from problem
    return lock


def _lock(directory: Path) -> FileLock:
    # Not tied to a thread: a server may close the world from another one than opened it.
    return FileLock(directory / LOCK_FILE, thread_local=False)


def _read_world(file: Path) -> SavedWorld:
    try:
        saved = msgspec.json.decode(file.read_bytes(), type=SavedWorld)
    except (msgspec.MsgspecError, OSError) as problem:
        raise _corrupt(file, problem) from problem
    if saved.format != FORMAT:
        raise _corrupt(file, f"its format is {saved.format}, this version writes {FORMAT}")
    return saved


def _loaded(file: Path, saved: SavedWorld, now_ms: int) -> World:
    try:
        return World.load(saved.world, now_ms)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as problem:
        raise _corrupt(file, problem if type(problem) is ValueError else repr(problem)) from problem


def _corrupt(file: Path, problem: object) -> WorldCorrupt:
    return WorldCorrupt(f"the paper world in {file} cannot be read ({problem}); `marginbot paper reset` begins a new one")


def _read_note(file: Path) -> Note | None:
    try:
        return msgspec.json.decode(file.read_bytes(), type=Note)
    except (msgspec.MsgspecError, OSError):
        return None


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
