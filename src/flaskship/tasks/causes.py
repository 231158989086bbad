"""The values line that set what failed."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from flaskship.model.location import Location
from flaskship.model.release import Document, Release
from flaskship.model.verdict import Cause, Verdict
from flaskship.tasks.blame import changed_fields
from flaskship.tasks.prepare import Draft
from flaskship.tasks.world import World

WORKLOADS = ("Deployment", "Rollout", "StatefulSet", "Job")
OF_A_PROCESS = "command"
"""What causes name whose process ended by itself: whatever it was given may be the reason."""


def explaining(world: World, plan: Draft, healthy: Release | None = None) -> Callable[[Verdict], Verdict]:
    """Return what adds its file and line to each cause: those of a change since the healthy release first."""

    def explain(verdict: Verdict) -> Verdict:
        return replace(
            verdict, causes=tuple(_placed(world, plan, healthy, cause) for cause in verdict.causes)
        )

    return explain


def workload_of(documents: Iterable[Document], application: str) -> Document | None:
    """Return the workload that carries the application's name or label."""
    for document in documents:
        metadata = document.get("metadata") or {}
        named = (metadata.get("labels") or {}).get("app.kubernetes.io/name", metadata.get("name"))
        if document.get("kind") in WORKLOADS and application in (metadata.get("name"), named):
            return document
    return None


def _placed(world: World, plan: Draft, healthy: Release | None, cause: Cause) -> Cause:
    if cause.values is not None or cause.field is None or cause.application is None:
        return cause
    document = workload_of(plan.rendered.documents, cause.application)
    if document is None:
        return cause
    changed = (
        _changed(world, plan, healthy, cause.application, document) if cause.field == OF_A_PROCESS else None
    )
    return replace(cause, values=changed or world.locate(plan.layered, document, cause.field))


def _changed(
    world: World, plan: Draft, healthy: Release | None, application: str, document: Document
) -> Location | None:
    """Where the likeliest change of the application since the healthy release stands, if there is one."""
    before = workload_of(healthy.documents, application) if healthy else None
    if healthy is None or before is None:
        return None
    fields = changed_fields(application, healthy.documents, plan.rendered.documents, document, before)
    found = (world.locate(plan.layered, document, field) for field in fields)
    return next((location for location in found if location is not None), None)
