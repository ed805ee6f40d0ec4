"""A command line as a process: started, signalled, killed, waited for."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from tests.sockets.warm import fork

COMMAND = (sys.executable, "-m", "marginbot")
PATIENCE_S = 30.0


@dataclass
class Running:
    """A command line under way, and the files of what it says."""

    process: ForkServerProcess | subprocess.Popen[bytes]
    out: Path
    err: Path

    @property
    def pid(self) -> int:
        assert self.process.pid is not None
        return self.process.pid

    @property
    def over(self) -> bool:
        code = self.process.poll() if isinstance(self.process, subprocess.Popen) else self.process.exitcode
        return code is not None

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def kill(self) -> None:
        """kill -9: nothing is cleaned up."""
        self.process.kill()
        assert self.wait() == -signal.SIGKILL

    def wait(self) -> int:
        """Its exit code; killed when it does not end."""
        try:
            if isinstance(self.process, subprocess.Popen):
                return self.process.wait(PATIENCE_S)
            self.process.join(PATIENCE_S)
            assert self.process.exitcode is not None, "it does not end"
            return self.process.exitcode
        finally:
            self.process.kill()


def start(words: tuple[str, ...], env: dict[str, str], home: Path, out: Path, err: Path, *, cold: bool = False) -> Running:
    """Start `marginbot WORDS...` in that folder with this environment. cold: by a new interpreter, as people start it."""
    if not cold:
        return Running(fork(words, env, home, out, err), out, err)
    with out.open("wb") as to_out, err.open("wb") as to_err:
        command = [*COMMAND, *words]
        process = subprocess.Popen(command, env=env, cwd=home, stdin=subprocess.DEVNULL, stdout=to_out, stderr=to_err)
    return Running(process, out, err)
