"""The best means of keeping limits that this machine permits."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from flaskship.engines.local.processes.capabilities import has
from flaskship.engines.local.processes.cgroup1 import find_cgroup1
from flaskship.engines.local.processes.cgroup2 import find_cgroup2
from flaskship.engines.local.processes.limits import Containment
from flaskship.engines.local.processes.scope import find_user_scope

Watcher = Callable[[], Containment]


def choose_containment(
    project: Path | str,
    *,
    watchdog: Watcher,
    proc: Path = Path("/proc"),
    environ: Mapping[str, str] = os.environ,
    forced: str | None = None,
) -> Containment:
    """Return the first of cgroup v2, cgroup v1, systemd user scope and the watchdog that works here.

    `forced` names one of cgroup2, cgroup1, systemd-scope, watchdog, or is None.
    """
    finders: dict[str, Callable[[], Containment | None]] = {
        "cgroup2": lambda: find_cgroup2(project, proc),
        "cgroup1": lambda: find_cgroup1(project, proc),
        "systemd-scope": lambda: find_user_scope(project, environ),
        "watchdog": watchdog,
    }
    for kind, find in finders.items() if has("cgroups") else ():
        if forced in (None, kind) and (found := find()) is not None:
            return found
    return watchdog()
