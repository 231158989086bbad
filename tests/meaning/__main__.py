"""python -m tests.meaning page | break [WORD ...]: write the page, or see each rule's test fail."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.meaning.page import PLACE, page
from tests.meaning.rules import RULES, Rule

from flaskship.engines.local.processes import proc

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 200.0
HUNG = 124
"""What never ends was noticed, too: a process that nobody ends, for one."""


def main() -> int:
    """Do what the command line says; 1 where a broken rule was not noticed."""
    what, *words = sys.argv[1:] or [""]
    if what == "page":
        (ROOT / PLACE).write_text(page(RULES), encoding="utf-8")
        return 0
    if what != "break":
        print(__doc__)
        return 2
    chosen = [rule for rule in RULES if all(word in f"{rule.topic} {rule.test}" for word in words)]
    missed = [rule for rule in chosen if not _noticed(rule)]
    print(f"{len(chosen) - len(missed)} of {len(chosen)} broken rules were noticed")
    return 1 if missed else 0


def _noticed(rule: Rule) -> bool:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        copy = Path(folder)
        for name in ("src", "tests", "pyproject.toml", "app"):
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__", ".venv"))
            else:
                shutil.copy(source, copy / name)
        whole = _run(copy, rule.test)
        file, old, new = rule.breaking
        text = (copy / file).read_text(encoding="utf-8")
        (copy / file).write_text(text.replace(old, new), encoding="utf-8")
        broken = _run(copy, rule.test)
    noticed = whole == 0 and broken in (1, HUNG)
    print(
        f"{'noticed' if noticed else 'MISSED '} {rule.topic}: {rule.test} (whole {whole}, broken {broken})",
        flush=True,
    )
    return noticed


def _run(copy: Path, test: str) -> int:
    temporary = f"--basetemp={copy / 'tmp'}"
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", temporary, test]
    environment = {**os.environ, "PYTHONPATH": f"{copy / 'src'}:{copy}", "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(
            command, cwd=copy, env=environment, capture_output=True, check=False, timeout=PATIENCE
        )
    except subprocess.TimeoutExpired:
        return HUNG
    finally:
        _end_what_is_left(copy)
    return done.returncode


def _end_what_is_left(copy: Path) -> None:
    """A broken engine may leave processes; each has the copy's path in its environment or its command."""
    for pid in proc.own_pids():
        with contextlib.suppress(OSError):
            known = Path(f"/proc/{pid}/environ").read_bytes() + Path(f"/proc/{pid}/cmdline").read_bytes()
            if os.fsencode(copy) in known:
                os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
