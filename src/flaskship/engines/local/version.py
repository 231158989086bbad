"""Which code a process of the engine runs, so that an upgrade is noticed."""

import hashlib
from pathlib import Path

import flaskship


def code_version() -> str:
    """Return the release and a digest of the package's files by name, size and time of change."""
    package = Path(flaskship.__file__).parent
    marks = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        status = path.stat()
        marks.update(f"{path.relative_to(package)} {status.st_size} {status.st_mtime_ns}\n".encode())
    return f"{flaskship.__version__}+{marks.hexdigest()[:12]}"
