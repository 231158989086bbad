"""Which values a cause may blame: what a process was given, and a field where the values have it."""

import re
from collections.abc import Iterable

from flaskship.model.release import Document
from flaskship.model.verdict import Cause
from flaskship.tasks.blame import by_likelihood, changed_fields, given_fields, main_of, mentioned
from flaskship.tasks.migration import MIGRATION, is_of_a_migration, seen
from flaskship.tasks.setters import pod_of

OF_A_PROCESS = "command"
"""What causes name whose process ended by itself: whatever it was given may be the reason."""
OF_CODE = frozenset({"PythonError", "PythonImportError"})
"""Causes of a process whose own code failed: its image or what it was given is wrong."""
OF_A_PORT = "PortConflict"
LISTENING = ("command", "args", "env.PORT")
"""What says on which address a process listens, beside its port in the values."""
_PORT = re.compile(r"could not listen on \S+:(\d+): ")
_CONTAINER = re.compile(r"containers\[(?P<name>[^\]]+)\]\.(?P<rest>.+)")


def suspects(
    cause: Cause,
    healthy: Iterable[Document],
    before: Document | None,
    new: Iterable[Document],
    document: Document,
) -> tuple[str, ...]:
    """Return what a process that ended may blame, likeliest first: what changed since the healthy release,
    else what the cause speaks of. Nothing for a cause that knows better.
    """
    if cause.code == OF_A_PORT:
        return _listening(cause, healthy, before, new, document)
    if cause.application is not None and is_of_a_migration(cause):
        return seen(cause, healthy, before, new, document)
    code = cause.code in OF_CODE
    if cause.application is None or not (code or cause.field == OF_A_PROCESS):
        return ()
    if before is not None:
        changed = changed_fields(cause.application, healthy, new, document, before)
        if changed:
            return by_likelihood(cause, changed, code=code)
    return mentioned(cause, given_fields(cause.application, new, main_of(document))) if code else ()


def _listening(
    cause: Cause,
    healthy: Iterable[Document],
    before: Document | None,
    new: Iterable[Document],
    document: Document,
) -> tuple[str, ...]:
    """What says where a process listens, if it changed, else if it was given; the port's own value counts
    where neither is so, or the port itself changed.
    """
    main = main_of(document)
    if before is not None:
        if main.get("ports") != main_of(before).get("ports"):
            return ()
        changed = changed_fields(str(cause.application), healthy, new, document, before)
        if found := tuple(one for one in LISTENING if one in changed):
            return found
    given = [one for one in ("command", "args") if main.get(one)]
    # Of both the one that has an address in it says where: a command is often a shell, and args its script.
    port = _PORT.search(cause.message)
    spoken = [one for one in given if port and re.search(rf"\b{port[1]}\b", " ".join(map(str, main[one])))]
    return tuple(dict.fromkeys((*spoken, *given)))


def in_values(cause: Cause, documents: Iterable[Document], workload: Document) -> str:
    """Return the cause's field as the values have it: those of the main container stand at the top, and an
    autoscaler takes the number of replicas over.
    """
    field = str(cause.field)
    if cause.container == MIGRATION and field == OF_A_PROCESS:
        return "image"  # No value says what a migration runs: its image has the program, or lacks it.
    if field == "replicas" and _is_scaled(documents, workload):
        return "autoscaling.minReplicas"
    found = _CONTAINER.fullmatch(field)
    if found is None:
        return field
    # The chart puts its migration before those of the values.
    names = [one.get("name") for one in pod_of(workload).get("initContainers") or ()]
    before = [name for name in names if name != MIGRATION]
    if found["name"] in before:
        return f"initContainers[{before.index(found['name'])}].{found['rest']}"
    return found["rest"]


def _is_scaled(documents: Iterable[Document], workload: Document) -> bool:
    wanted = (workload.get("kind"), (workload.get("metadata") or {}).get("name"))
    targets = (
        (one.get("spec") or {}).get("scaleTargetRef") or {}
        for one in documents
        if one.get("kind") == "HorizontalPodAutoscaler"
    )
    return any((one.get("kind"), one.get("name")) == wanted for one in targets)
