"""`python -m marginbot` is `marginbot`."""

from marginbot.cli.main import entry

if __name__ == "__main__":
    entry()
