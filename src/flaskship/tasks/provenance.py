"""Who asks, and from which commit."""

import getpass
import os
import subprocess
from pathlib import Path

from flaskship.model.release import Provenance

PATIENCE = 5.0


def provenance_of(root: Path, reason: str) -> Provenance:
    """Return the user and the commit of the project's folder; no commit where git does not know one."""
    return Provenance(actor=_actor(), reason=reason, commit=commit_of(root))


def commit_of(root: Path) -> str | None:
    """Return the commit that is checked out, or None."""
    try:
        said = subprocess.run(
            ["git", "-C", str(root), "rev-parse", "--verify", "HEAD"],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return said.stdout.strip() or None if said.returncode == 0 else None


def _actor() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"
