"""Command lines in processes of their own, forked from one that has the imports behind it: seconds saved, nothing pretended."""

from __future__ import annotations

import logging
import multiprocessing
import os
import sys
from multiprocessing.context import ForkServerProcess
from pathlib import Path

IMPORTED = [
    "pytest",
    "uvloop",
    "marginbot.cli.main",
    *(f"marginbot.cli.run_{name}" for name in ("unwind", "status", "journal", "plan", "doctor", "record", "daemon", "paper")),
    "marginbot.paper.server",
    "uvicorn.lifespan.off",
    "uvicorn.loops.uvloop",
    "uvicorn.protocols.http.httptools_impl",
    "apprise.plugins",
]


EVERYTHING = "LOG_EVERYTHING"


def fork(words: tuple[str, ...], env: dict[str, str], home: Path, out: Path, err: Path) -> ForkServerProcess:
    """Start `marginbot WORDS...` with this environment and folder, nobody at its input, its output in two files.

    With the variable LOG_EVERYTHING no library can be made quieter than DEBUG, as if somebody had turned them all up.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(IMPORTED)
    process = context.Process(target=_command, args=(words, env, home, out, err))
    process.start()
    return process


def _command(words: tuple[str, ...], env: dict[str, str], home: Path, out: Path, err: Path) -> None:
    os.environ.clear()
    os.environ.update(env)
    os.chdir(home)
    for number, file in enumerate((Path(os.devnull), out, err)):
        handle = os.open(file, os.O_RDWR | os.O_CREAT)
        os.dup2(handle, number)
        os.close(handle)
    if EVERYTHING in env:
        set_level = logging.Logger.setLevel
        logging.Logger.setLevel = lambda logger, level: set_level(logger, logging.DEBUG)  # type: ignore[method-assign]
    from marginbot.cli.main import main

    sys.exit(main(words))
