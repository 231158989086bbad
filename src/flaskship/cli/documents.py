"""What a script reads, as the fields of docs/reference/output.schema.json."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from flaskship.engines.base import Ignored
from flaskship.model.location import Location
from flaskship.model.release import Event, LogLine, Revision
from flaskship.model.snapshot import Phase, ReplicaSnapshot, Snapshot, WorkloadSnapshot
from flaskship.model.verdict import Cause, Manifest, Receipt, Verdict
from flaskship.tasks.explain import Explained
from flaskship.tasks.result import Move, Moved
from flaskship.tasks.steer import Steered
from flaskship.tasks.testing import Trials
from flaskship.tasks.verify import Verified
from flaskship.tasks.world import Setting
from flaskship.verification.judge import standing

Json = dict[str, Any]


def status_document(snapshot: Snapshot) -> Json:
    """The fields of one environment."""
    release = snapshot.release
    return {
        "environment": snapshot.environment,
        "engine": snapshot.engine,
        "namespace": snapshot.namespace,
        "phase": str(snapshot.phase if release else Phase.STOPPED),
        "release": {"name": release.name, "revision": release.revision} if release else None,
        "applications": [_application(workload) for workload in snapshot.workloads],
        "notes": list(snapshot.notes),
        "containment": snapshot.containment,
    }


def standing_document(snapshot: Snapshot) -> Json:
    """The fields of one environment, with what degrades it now."""
    return status_document(snapshot) | {"causes": [_cause(cause) for cause in standing(snapshot)]}


def moved_document(moved: Moved) -> Json:
    """The fields of a deploy, a rollback or an up."""
    return {
        "environment": moved.environment,
        "engine": moved.engine,
        "release": {"name": moved.release, "revision": moved.move.revision, "previous": moved.previous},
        "verdict": verdict_document(moved.move.verdict),
        **_receipt(moved.move),
        "rolled_back_to": moved.rolled_back_to,
        "undo": _undo(moved.undo),
        "not_undone": moved.not_undone,
        "unchecked": list(moved.move.unchecked),
        "made_secrets": list(moved.made_secrets),
        "removed": list(moved.removed),
    }


def ignored_list(ignored: Iterable[Ignored]) -> list[Json]:
    """What the engine does not give its meaning, by the reason."""
    return [
        {"fields": list(one.fields), "objects": list(one.objects), "reason": one.reason} for one in ignored
    ]


def verdict_document(verdict: Verdict) -> Json:
    """The outcome and its causes."""
    return {"outcome": str(verdict.outcome), "causes": [_cause(cause) for cause in verdict.causes]}


def history_document(environment: str, engine: str, revisions: Sequence[Revision]) -> Json:
    """The fields of the history."""
    return {
        "environment": environment,
        "engine": engine,
        "revisions": [
            {
                "revision": one.number,
                "at": instant(one.at),
                "actor": one.provenance.actor,
                "reason": one.provenance.reason,
                "commit": one.provenance.commit,
                "outcome": str(one.outcome) if one.outcome else None,
                "rolled_back_to": one.provenance.rolled_back_to,
                "images": dict(one.images),
                "receipt": receipt_document(one.receipt),
            }
            for one in revisions
        ],
    }


def events_document(environment: str, engine: str, events: Iterable[Event]) -> Json:
    """The fields of the events."""
    listed = [
        {
            "at": instant(one.at),
            "type": one.type,
            "reason": one.reason,
            "object": one.object,
            "message": one.message,
        }
        for one in events
    ]
    return {"environment": environment, "engine": engine, "events": listed}


def logs_document(environment: str, engine: str, lines: Iterable[LogLine]) -> Json:
    """The fields of the logs."""
    listed = [
        {"at": instant(one.at), "application": one.application, "replica": one.replica, "text": one.text}
        for one in lines
    ]
    return {"environment": environment, "engine": engine, "lines": listed}


def instant(at: float | None) -> str | None:
    """An instant in RFC 3339, UTC, to the millisecond."""
    if at is None:
        return None
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def place(location: Location | None) -> Json | None:
    """A file and a line."""
    return {"file": str(location.file), "line": location.line or None} if location else None


def receipt_document(receipt: Receipt | None) -> Json | None:
    """The traffic that was driven."""
    if receipt is None:
        return None
    return {
        "sent": receipt.sent,
        "failed": receipt.failed,
        "p50_ms": receipt.p50_ms,
        "p99_ms": receipt.p99_ms,
        "seconds": receipt.seconds,
    }


def _application(workload: WorkloadSnapshot) -> Json:
    return {
        "name": workload.application,
        "phase": str(workload.phase),
        "image": workload.image,
        "desired": workload.desired,
        "ready": workload.ready,
        "paused": workload.paused,
        "replicas": [_replica(replica) for replica in workload.replicas],
        "endpoints": list(workload.endpoints),
    }


def _replica(replica: ReplicaSnapshot) -> Json:
    return {
        "name": replica.name,
        "phase": str(replica.phase),
        "restarts": replica.restarts,
        "started_at": instant(replica.started_at),
        "pid": replica.pid,
    }


def _cause(cause: Cause) -> Json:
    return {
        "code": cause.code,
        "application": cause.application,
        "replica": cause.replica,
        "message": cause.message,
        "evidence": list(cause.evidence),
        "values": place(cause.values),
        "manifest": _manifest(cause.manifest),
    }


def _manifest(manifest: Manifest | None) -> Json | None:
    """The object and field that say it, and their file, where no value does."""
    if manifest is None:
        return None
    file = place(manifest.location) or {"file": None, "line": None}
    return {**file, "object": manifest.object, "field": manifest.field}


def _receipt(move: Move) -> Json:
    receipt = {"receipt": receipt_document(move.receipt), "receipt_reason": move.receipt_reason}
    return {**receipt, **_tests(move.tests)}


def _tests(tests: Trials) -> Json:
    """What the release's own tests came to, null where none ran; and why one did not."""
    results = [
        {"name": one.name, "passed": one.passed, "message": one.message, "log": list(one.log)}
        for one in tests.results
    ]
    return {"tests": results if results or tests.reason is None else None, "tests_reason": tests.reason}


def _undo(undo: Move | None) -> Json | None:
    if undo is None:
        return None
    return {"revision": undo.revision, "verdict": verdict_document(undo.verdict), **_receipt(undo)}


def steered_document(steered: Steered) -> Json:
    """The fields of a restart or a scale."""
    return {**status_document(steered.snapshot), "verdict": verdict_document(steered.verdict)}


def verified_document(verified: Verified) -> Json:
    """The fields of a verification."""
    answers = [{"url": one.url, "ok": one.ok, "message": one.message} for one in verified.answers]
    return {
        **status_document(verified.snapshot),
        "verdict": verdict_document(verified.verdict),
        "answers": answers,
        **_tests(verified.tests),
    }


def explained_document(environment: str, found: Explained) -> Json:
    """The layers that set a path, the winner last, and the winners of the values below it."""
    return {
        "environment": environment,
        "path": found.path,
        "present": found.present,
        "nearest": found.nearest,
        "known": list(found.known),
        "implied": found.implied,
        "origins": [_setting(one.path, one) for one in found.origins],
        "parts": [_setting(part.path, part.winner) for part in found.parts],
    }


def _setting(path: str, one: Setting) -> Json:
    return {"layer": one.layer, "path": path, "values": place(one.location), "value": one.value}
