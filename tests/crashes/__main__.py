"""`python -m tests.crashes [--backstop] [--only TEXT] [--processes N]` prints the tables as Markdown; progress goes to stderr."""

from __future__ import annotations

import argparse
import os
import sys

from tests.crashes.files import missing
from tests.crashes.table import backstop_markdown, cases, markdown, played


def main() -> int:
    """Exit code 1 when a position was liquidated although somebody was there to trade with."""
    parser = argparse.ArgumentParser(prog="python -m tests.crashes")
    parser.add_argument("--backstop", action="store_true", help="watch with a stop order at the exchange as well")
    parser.add_argument("--only", default="", help="only positions whose name has this in it, as `2021-05-19 BTCUSDT long 3x`")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    asked = parser.parse_args()
    if why := missing():
        sys.stderr.write(f"{why}\n")
        return 2
    rows = []
    for row in played(cases(asked.only), asked.backstop, asked.processes):
        rows.append(row)
        sys.stderr.write(f"{row.case.name}\n")
    sys.stdout.write(f"{markdown(rows)}\n\n{backstop_markdown(rows)}\n")
    return int(any(one.liquidated and not one.gap for row in rows for one in row.guarded.values()))


if __name__ == "__main__":
    sys.exit(main())
