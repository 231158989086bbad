"""The report of an error of our own: for whoever repairs it, readable by the user alone."""

import os
import platform
import sys
import tempfile
import traceback
from pathlib import Path

from flaskship import __version__


def write_report(error: BaseException, start: Path) -> Path:
    """Write the traceback to a new 0600 file under the project's .flaskship, else to the temporary folder."""
    text = "".join(
        [
            f"flaskship {__version__}, Python {platform.python_version()}, {platform.platform()}\n",
            f"command: {sys.argv[1] if len(sys.argv) > 1 else ''}\n\n",
            *traceback.format_exception(error),
        ]
    )
    handle, name = tempfile.mkstemp(prefix="crash-", suffix=".txt", dir=_folder(start))
    with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(text)
    return Path(name)


def _folder(start: Path) -> Path | None:
    for folder in (start.absolute(), *start.absolute().parents):
        if (folder / "flaskship.yaml").is_file():
            state = folder / ".flaskship"
            try:
                state.mkdir(mode=0o700, exist_ok=True)
            except OSError:
                return None
            return state if os.access(state, os.W_OK) else None
    return None
