"""python -m flaskship.engines.local.supervisor --project /abs/path [--ready FD].

What is imported here is little: the router and the spawner begin while the rest of this program loads.
"""

import argparse
import contextlib
import os
import sys
from pathlib import Path

from flaskship.engines.local.aides import Aides
from flaskship.engines.local.paths import LocalPaths
from flaskship.engines.local.shortage import shortage_of
from flaskship.engines.local.supervisor.singleton import become_the_one
from flaskship.model.errors import FlaskshipError


def main() -> int:
    """Run the one supervisor of a project until nothing is left to supervise."""
    parser = argparse.ArgumentParser(prog="flaskship-supervisor")
    parser.add_argument("--project", type=Path, required=True)
    parser.add_argument("--ready", type=int)
    parser.add_argument("--if-alone", action="store_true", help="end at once where another one runs")
    options = parser.parse_args()
    paths = LocalPaths(options.project.resolve())
    aides = Aides(paths)
    try:
        paths.create()
        if not become_the_one(paths, patient=not options.if_alone):
            _tell(options.ready, "")
            return 0
        aides.begin()
        _live(paths, aides, options.ready)
    except FlaskshipError as error:
        return _refuse(error, options.ready)
    except (OSError, RuntimeError) as error:
        shortage = shortage_of(error, "the engine could not be started")
        if shortage is None:
            raise
        return _refuse(shortage, options.ready)
    return 0


def _refuse(error: FlaskshipError, ready: int | None) -> int:
    # The one who started us reads the reason from the pipe; everybody else finds it in the log.
    print(error, file=sys.stderr)  # noqa: T201
    _tell(ready, f"{error.message}\n{error.hint or ''}")
    return error.exit_code


def _live(paths: LocalPaths, aides: Aides, ready: int | None) -> None:
    import asyncio

    from flaskship.engines.local.supervisor.life import supervise

    asyncio.run(supervise(paths, aides, lambda: _tell(ready, "")))


def _tell(ready: int | None, message: str) -> None:
    if ready is not None:
        with contextlib.suppress(OSError):
            os.write(ready, message.encode() or b"ready\n")
            os.close(ready)


if __name__ == "__main__":
    sys.exit(main())
