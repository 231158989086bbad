"""Which step occurs in which operation: the recording must equal this table, and every step must be in it."""

from tests.faults.kills import Kill

from flaskship.engines.local.steps import SIDES, VICTIMS

_COMMAND = ("save_lock", "remove_lock", "add_event")
_ROUTED = ("push_routes",)
_STARTED = ("create_cell", "save_process", "save_replica", "spawn")
_ENDED = ("forget_process", "remove_replica", "remove_replica_folder", "signal")
_DEPLOYED = ("add_revision", "collect_images", "conclude", "prune")
_FIRST = ("bind", "save_job", "save_placement", "save_secrets", "forget_process", "remove_replica", "signal")
_DELETED = ("forget_environment", "remove_environment_folder", "save_autoscaled", "save_intent")

OCCURS: dict[str, frozenset[str]] = {
    "first-apply": frozenset((*_COMMAND, *_ROUTED, *_STARTED, *_DEPLOYED, *_FIRST)),
    "update": frozenset((*_COMMAND, *_ROUTED, *_STARTED, *_ENDED, *_DEPLOYED)),
    "undo": frozenset((*_COMMAND, *_STARTED, *_ENDED, *_DEPLOYED)),
    "restart": frozenset((*_COMMAND, *_ROUTED, *_STARTED, *_ENDED, "save_intent")),
    "scale": frozenset((*_COMMAND, *_ROUTED, *_STARTED, "save_intent")),
    "delete": frozenset((*_COMMAND, *_ROUTED, *_ENDED, *_DELETED, "save_process", "save_replica")),
}

AGAIN: dict[str, dict[str, int]] = {
    # intended, initialized, ready, retiring; intended, started, told to end; SIGTERM, the group, what is left
    "update": {"save_replica": 4, "save_process": 3, "signal": 3},
    # the failed revision and the one that undoes it
    "undo": {"add_revision": 2, "conclude": 2, "save_process": 3, "spawn": 2},
}
"""How many occurrences of a step are cut one by one where it means something else each time."""

BEFORE_ANY = {"push_routes": 1}
"""A supervisor that starts does these by itself, before a command can ask."""


def kills() -> list[Kill]:
    """Every step of every operation, each occurrence that matters, on both sides, for each process."""
    return [
        Kill(operation, step, side, victim, BEFORE_ANY.get(step, 0) + nth)
        for victim in VICTIMS
        for operation, steps in OCCURS.items()
        for step in sorted(steps)
        for nth in range(1, AGAIN.get(operation, {}).get(step, 1) + 1)
        for side in SIDES
    ]


FAST = (
    Kill("first-apply", "add_revision", "after", "supervisor", 1),
    Kill("update", "spawn", "after", "supervisor", 1),
    Kill("update", "signal", "before", "supervisor", 1),
    Kill("undo", "add_revision", "after", "cli", 1),
    Kill("update", "save_process", "after", "spawner", 1),
    Kill("restart", "push_routes", "before", "router", 2),
    Kill("delete", "save_intent", "after", "cli", 1),
)
"""One of each kind, for `make test`."""
