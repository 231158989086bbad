"""python -m flaskship.engines.local.supervisor --project /abs/path [--ready FD].

What is imported here is little: the router and the spawner begin while the rest of this program loads.
"""

import argparse
import contextlib
import gc
import os
import sys
import time
from pathlib import Path

from flaskship.engines.local.aides import Aides
from flaskship.engines.local.paths import LocalPaths
from flaskship.engines.local.shortage import shortage_of
from flaskship.engines.local.supervisor.singleton import become_the_one
from flaskship.model.errors import FlaskshipError, StateDamagedError


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
        if paths.replacement.exists():
            _finish_setting_aside(paths)
        _live(paths, aides, options.ready)
    except StateDamagedError as error:
        # Only where somebody is told: a supervisor that the router started leaves it to the next command.
        return _refuse(error if options.ready is None else _set_aside(paths, error), options.ready)
    except FlaskshipError as error:
        return _refuse(error, options.ready)
    except (OSError, RuntimeError) as error:
        shortage = shortage_of(error, "the engine could not be started")
        if shortage is None:
            raise
        return _refuse(shortage, options.ready)
    return 0


def _finish_setting_aside(paths: LocalPaths) -> None:
    from flaskship.engines.local.salvage import finish

    finish(paths.database, time.time())


def _set_aside(paths: LocalPaths, damage: StateDamagedError) -> StateDamagedError:
    from flaskship.engines.local.salvage import set_aside

    return set_aside(paths.database, damage, time.time())


def _refuse(error: FlaskshipError, ready: int | None) -> int:
    # The one who started us reads the reason from the pipe; everybody else finds it in the log.
    import json

    from flaskship.engines.local.rpc import describe

    print(error, file=sys.stderr)  # noqa: T201
    _tell(ready, json.dumps(describe(error)))
    return error.exit_code


def _live(paths: LocalPaths, aides: Aides, ready: int | None) -> None:
    # Nothing of what is loaded now is ever garbage: it is not looked through, now or later.
    gc.disable()
    import asyncio

    from flaskship.engines.local.supervisor.life import supervise

    gc.freeze()
    gc.enable()
    asyncio.run(supervise(paths, aides, lambda: _tell(ready, "")))


def _tell(ready: int | None, message: str) -> None:
    if ready is not None:
        with contextlib.suppress(OSError):
            os.write(ready, message.encode() or b"ready\n")
            os.close(ready)


if __name__ == "__main__":
    sys.exit(main())
