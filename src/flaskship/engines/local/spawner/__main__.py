"""`python -m flaskship.engines.local.spawner --project /abs/path --socket PATH --state DIR`."""

import os
import sys
from pathlib import Path

from flaskship.engines.local.spawner.children import Children
from flaskship.engines.local.spawner.records import Records
from flaskship.engines.local.spawner.refusal import Refused
from flaskship.engines.local.spawner.server import Server
from flaskship.engines.local.spawner.singleton import listen, take_lock
from flaskship.engines.local.spawner.subreaper import become_subreaper

_USAGE = "usage: python -m flaskship.engines.local.spawner --project /abs/path --socket PATH --state DIR"
_ALREADY_RUNNING = 5


def main(arguments: list[str]) -> int:
    """Serve until stopped; 2 for bad usage, 5 when another spawner serves this project."""
    options = dict(zip(arguments[::2], arguments[1::2], strict=False))
    if set(options) != {"--project", "--socket", "--state"} or len(arguments) != 6:
        sys.stderr.write(_USAGE + "\n")
        return 2
    project, state = options["--project"], Path(options["--state"])
    try:
        lock = take_lock(state)
        listener = listen(options["--socket"])
    except (Refused, OSError) as reason:
        sys.stderr.write(f"spawner: {reason}\n")
        return _ALREADY_RUNNING
    become_subreaper()
    os.chdir("/")
    records = Records(state)
    Server(listener, Children(project, records, lock), records).run()
    Path(options["--socket"]).unlink(missing_ok=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
