"""`python -m marginbot` is `marginbot`."""

import sys

from marginbot.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
