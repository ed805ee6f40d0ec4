"""`python -m tests.soak [--hours 24] [--seed 1] [--pace 1]`: a day under virtual time; exit code 1 when a truth did not hold."""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
from pathlib import Path

import structlog

from tests.soak.report import report_of
from tests.soak.soak import Soak


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--hours", type=float, default=24.0, help="simulated hours (24)")
    parser.add_argument("--seed", type=int, default=1, help="decides everything that is left to chance (1)")
    parser.add_argument("--pace", type=float, default=1.0, help="how many times as much happens (1)")
    parser.add_argument("--diary", type=Path, help="write here what was heard last, for whoever looks into a violation")
    chosen = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory(prefix="marginbot-soak-") as directory:
        soak = Soak(chosen.seed, chosen.hours, Path(directory), chosen.pace)
        soak.run()
    sys.stdout.write(report_of(soak))
    if chosen.diary is not None:
        chosen.diary.write_text("\n".join(soak.stories.diary) + "\n")
    return 1 if soak.violations else 0


if __name__ == "__main__":
    sys.exit(main())
