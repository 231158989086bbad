"""The command line: each command parses, calls one story and prints what it came to."""

import sys


def main() -> None:
    """Run the command line and exit with its code."""
    from flaskship.cli.main import run

    sys.exit(run(sys.argv[1:]))
