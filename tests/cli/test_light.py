"""`--help` answers at once because nothing heavy is imported for it."""

import subprocess
import sys

import pytest

HEAVY = (
    "binance",
    "sqlalchemy",
    "starlette",
    "httpx",
    "structlog",
    "pydantic_settings",
    "uvicorn",
    "cryptography",
    "apprise",
    "prometheus_client",
)

PROGRAM = f"""
import sys
from marginbot.cli.main import main
code = main(sys.argv[1:])
heavy = [name for name in {HEAVY!r} if name in sys.modules]
sys.exit(f"imported: {{heavy}}" if heavy else code)
"""


def test_the_first_help_does_without_pydantic_too():
    program = PROGRAM.replace("('binance',", "('pydantic', 'binance',")
    assert "'pydantic'," in program
    done = subprocess.run([sys.executable, "-c", program, "--help"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("words", [("--help",), ("--version",), ("unwind", "--help"), ("paper", "serve", "--help")])
def test_help_imports_nothing_heavy(words: tuple[str, ...]):
    done = subprocess.run([sys.executable, "-c", PROGRAM, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(("Usage: marginbot", "marginbot "))
