"""Draws the picture of the README: `python -m tests.picture` runs the demo and writes .assets/demo.svg."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from rich.console import Console

from marginbot.cli import run_demo
from marginbot.cli.demo import DemoOptions
from marginbot.cli.output import Output
from marginbot.cli.shell import Shell
from marginbot.cli.style import theme
from marginbot.settings import Settings

TARGET = Path(__file__).parent.parent / ".assets" / "demo.svg"


class Recording(Output):
    """An output whose screen is recorded."""

    def __init__(self) -> None:
        super().__init__()
        self.screen = Console(
            record=True, width=100, theme=theme(), highlight=False, force_terminal=True, color_system="truecolor"
        )

    people = progress = problems = property(lambda self: self.screen)  # type: ignore[assignment]


def draw() -> None:
    """Run the demo once, as a person would, and keep what it showed."""
    output = Recording()
    output.screen.print("[dim]$[/dim] marginbot demo")
    asyncio.run(run_demo.execute(DemoOptions(), Shell(Settings(), output)))
    TARGET.parent.mkdir(exist_ok=True)
    svg = output.screen.export_svg(title="marginbot demo")
    # A picture that loads fonts from elsewhere is no picture of ours: the reader's own monospace font will do.
    TARGET.write_text(re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL), encoding="utf-8")


if __name__ == "__main__":
    draw()
