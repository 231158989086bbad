"""Runs the project's tests and the applications' tests, and says how long each part took."""

import subprocess
import sys
import time

PARTS = (
    ("the project", ["tests", "-q", "-n", "2", "--dist", "loadfile"]),
    ("the applications", ["app/tests", "-q", "-n", "2", "--dist", "loadfile", "-p", "no:cacheprovider"]),
)


def main() -> int:
    """Return 0 when every part passed; the first failing part's code otherwise."""
    outcome = 0
    for name, arguments in PARTS:
        began = time.monotonic()
        print(f"== tests of {name}", flush=True)
        code = subprocess.run([sys.executable, "-m", "pytest", *arguments], check=False).returncode
        print(f"== tests of {name}: {time.monotonic() - began:.0f} s, exit {code}", flush=True)
        outcome = outcome or code
    return outcome


if __name__ == "__main__":
    sys.exit(main())
