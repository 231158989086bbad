"""The values line that set what failed."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from flaskship.model.release import Document
from flaskship.model.verdict import Cause, Verdict
from flaskship.tasks.prepare import Draft
from flaskship.tasks.world import World

WORKLOADS = ("Deployment", "Rollout", "StatefulSet", "Job")


def explaining(world: World, plan: Draft) -> Callable[[Verdict], Verdict]:
    """Return what adds to each cause the file and line that set the field it names."""

    def explain(verdict: Verdict) -> Verdict:
        return replace(verdict, causes=tuple(_placed(world, plan, cause) for cause in verdict.causes))

    return explain


def workload_of(documents: Iterable[Document], application: str) -> Document | None:
    """Return the workload that carries the application's name or label."""
    for document in documents:
        metadata = document.get("metadata") or {}
        named = (metadata.get("labels") or {}).get("app.kubernetes.io/name", metadata.get("name"))
        if document.get("kind") in WORKLOADS and application in (metadata.get("name"), named):
            return document
    return None


def _placed(world: World, plan: Draft, cause: Cause) -> Cause:
    if cause.values is not None or cause.field is None or cause.application is None:
        return cause
    document = workload_of(plan.rendered.documents, cause.application)
    if document is None:
        return cause
    return replace(cause, values=world.locate(plan.layered, document, cause.field))
