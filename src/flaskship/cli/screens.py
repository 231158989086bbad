"""What a person reads, as lines of text; nothing here prints."""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from flaskship.cli.clean import near, printable
from flaskship.model.exit import describe_exit
from flaskship.model.named import NOTHING
from flaskship.model.project import Environment
from flaskship.model.release import Event, Revision
from flaskship.model.snapshot import ReplicaPhase, Snapshot, WorkloadSnapshot
from flaskship.model.verdict import Cause, Receipt, Verdict
from flaskship.tasks.down import Down
from flaskship.tasks.explain import Explained
from flaskship.tasks.machine import Check, Health
from flaskship.tasks.result import Moved
from flaskship.tasks.targets import LOCAL
from flaskship.tasks.verify import Verified
from flaskship.tasks.world import Setting
from flaskship.verification.judge import standing

NOT_RUNNING = "not running"
LONGEST_VALUE = 60


def status_screen(snapshot: Snapshot, environment: Environment | None = None) -> list[str]:
    """One environment: its release, its applications and where they answer.

    environment: as the command line named it, for the commands that are told.
    """
    named = environment.named_on(snapshot.engine) if environment is not None else NOTHING
    noted = [f"note: {note}" for note in snapshot.notes]
    if snapshot.release is None:
        return [f"{snapshot.environment}  {NOT_RUNNING}  ({snapshot.engine})", *noted]
    release = snapshot.release
    lines = [
        f"{snapshot.environment}  {snapshot.phase}  {release.name} revision {release.revision}"
        f"  ({snapshot.engine}, namespace {snapshot.namespace})"
    ]
    if snapshot.workloads:
        lines += ["", *workload_table(snapshot)]
    held = (one.application for one in snapshot.workloads if one.paused)
    lines += [f"paused: {name} ({named.command('resume', snapshot.environment, name)})" for name in held]
    lines += noted
    if snapshot.containment:
        lines += ["", f"limits: {snapshot.containment}"]
    return lines


def standing_lines(snapshot: Snapshot) -> list[str]:
    """What degrades applications now, a line for each cause."""
    causes = standing(snapshot)
    return ["", *map(cause_line, causes)] if causes else []


def workload_table(snapshot: Snapshot) -> list[str]:
    """The applications: name, phase, ready of desired, restarts, age, where."""
    return table(("NAME", "PHASE", "READY", "RESTARTS", "AGE", "WHERE"), workload_rows(snapshot))


def workload_rows(snapshot: Snapshot) -> list[tuple[str, ...]]:
    """The cells of the table of applications."""
    return [
        (
            one.name,
            str(one.phase),
            f"{one.ready}/{one.desired}",
            str(sum(replica.restarts for replica in one.replicas)),
            age(snapshot.at, one),
            " ".join(one.endpoints) or "-",
        )
        for one in snapshot.workloads
    ]


def workload_line(workload: WorkloadSnapshot) -> str:
    """One application as a line of progress: how many serve, new and old ones, what holds it up."""
    restarts = sum(replica.restarts for replica in workload.replicas)
    again = f", {restarts} restart{'s' if restarts != 1 else ''}" if restarts else ""
    why = _held_up_by(workload)
    return (
        f"{workload.name}: {workload.phase}, {workload.ready}/{workload.desired} ready"
        f"{_old_and_new(workload)}{again}{f': {why}' if why else ''}"
    )


def _old_and_new(workload: WorkloadSnapshot) -> str:
    standing = [one for one in workload.replicas if one.phase is not ReplicaPhase.TERMINATING]
    old = sum(not one.current for one in standing)
    if not old or old == len(standing):
        return ""
    return f" ({sum(one.ready for one in standing if one.current)} new, {old} old)"


def _held_up_by(workload: WorkloadSnapshot) -> str:
    if workload.complete:
        return ""
    if workload.problem is not None:
        return workload.problem.message
    held = [one for one in workload.replicas if one.current and not one.ready]
    problems = sorted({one.problem.message for one in held if one.problem})
    if problems:
        return problems[0]
    crashed = next((one for one in held if one.phase is ReplicaPhase.BACK_OFF and one.exits), None)
    if crashed is not None:
        return f"{crashed.phase} after {describe_exit(crashed.exits[-1])}"
    failing = next((probe for one in held for probe in one.probes), None)
    return f"{failing.probe} probe: {_first_line(failing.answer)}" if failing is not None else ""


def _first_line(text: str) -> str:
    line = printable(text.partition("\n")[0])
    return line if len(line) <= LONGEST_VALUE else line[:LONGEST_VALUE] + "..."


def moved_screen(moved: Moved) -> list[str]:
    """What a deploy or a rollback came to."""
    was = f" (before: {moved.previous})" if moved.previous is not None else ""
    lines = [
        f"{moved.environment}  {moved.release} revision {moved.move.revision}{was}: "
        f"{moved.move.verdict.outcome} on {moved.engine}"
    ]
    lines += verdict_lines(moved.move.verdict)
    lines.append(receipt_line(moved.move.receipt, moved.move.receipt_reason))
    if moved.undo is not None:
        lines.append(
            f"undone: revision {moved.undo.revision} runs what revision {moved.rolled_back_to} was: "
            f"{moved.undo.verdict.outcome}"
        )
        lines += verdict_lines(moved.undo.verdict)
    elif moved.not_undone:
        lines.append(f"not undone: {moved.not_undone}")
    return lines


def verdict_lines(verdict: Verdict) -> list[str]:
    """The causes with their evidence and the values that set them."""
    lines = []
    for cause in verdict.causes:
        lines.append(f"  {cause_line(cause)}")
        lines += [f"    | {printable(line)}" for line in cause.evidence]
        if cause.values is not None:
            lines.append(f"    set by {near(cause.values)}")
        elif cause.manifest is not None:
            file = f"{near(cause.manifest.location)}, " if cause.manifest.location else ""
            lines.append(f"    set by {file}{cause.manifest.object}: {cause.manifest.field}")
    return lines


def cause_line(cause: Cause) -> str:
    """One cause in a line."""
    where = cause.replica or cause.application
    return f"{cause.code}{f' {where}' if where else ''}: {cause.message}"


def receipt_line(receipt: Receipt | None, reason: str | None) -> str:
    """The traffic driven meanwhile, or why there was none."""
    if receipt is None:
        return f"traffic: none driven ({reason or 'not asked for'})"
    return (
        f"traffic: {receipt.sent} requests, {receipt.failed} failed, p50 {receipt.p50_ms:.1f} ms, "
        f"p99 {receipt.p99_ms:.1f} ms, {receipt.seconds:.1f} s"
    )


def where_screen(snapshot: Snapshot) -> list[str]:
    """Where each application answers."""
    lines = []
    for workload in snapshot.workloads:
        lines += [f"  {workload.application}: {url}" for url in workload.endpoints]
    return lines


def history_screen(environment: str, engine: str, revisions: Sequence[Revision]) -> list[str]:
    """Whose revisions they are, and on which engine; then each, the newest last."""
    count = len(revisions) or "no"
    head = f"{environment}  {count} revision{'' if count == 1 else 's'}  ({engine})"
    if not revisions:
        return [head]
    rows = [
        (
            str(one.number),
            stamp(one.at),
            one.provenance.actor,
            str(one.outcome or "-"),
            (one.provenance.commit or "-")[:12],
            traffic_cell(one.receipt),
            _reason(one),
        )
        for one in revisions
    ]
    return [head, "", *table(("REVISION", "AT", "ACTOR", "OUTCOME", "COMMIT", "TRAFFIC", "REASON"), rows)]


def down_line(down: Down, asked: Environment | None = None) -> str:
    """What became of an environment, and where.

    asked: one that was named, with what the command line named for it. Where it did not run there and is
    deployed elsewhere, the command is told that stops it; of all environments nobody asked that.
    """
    where = "on this machine" if down.engine == LOCAL else f"on {down.engine}"
    line = f"{down.environment}: {'stopped' if down.stopped else 'did not run'} {where}"
    if down.stopped or asked is None or asked.engine == down.engine:
        return line
    named = asked.named.instead(None if asked.engine == LOCAL else asked.engine)
    return f"{line}; flaskship.yaml has it on {asked.engine}: {named.command('down', asked.name)}"


def traffic_cell(receipt: Receipt | None) -> str:
    """The receipt of a revision in a few words."""
    if receipt is None:
        return "-"
    return (
        f"{receipt.sent} sent, {receipt.failed} failed, p50 {receipt.p50_ms:.0f} p99 {receipt.p99_ms:.0f} ms"
    )


def events_screen(environment: str, events: Sequence[Event]) -> list[str]:
    """What happened, oldest first."""
    if not events:
        return [f"{environment} has no events"]
    rows = [(stamp(one.at), one.type, one.reason, one.object, one.message) for one in events]
    return table(("AT", "TYPE", "REASON", "OBJECT", "MESSAGE"), rows)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Columns as wide as their widest cell, two spaces apart."""
    lines = [tuple(head), *map(tuple, rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]


def age(now: float, workload: WorkloadSnapshot) -> str:
    """How long the oldest replica of a workload has been running."""
    started = [replica.started_at for replica in workload.replicas if replica.started_at is not None]
    return duration(now - min(started)) if started else "-"


def duration(seconds: float) -> str:
    """A span as its two largest units."""
    left = max(0, int(seconds))
    if left < 60:
        return f"{left}s"
    if left < 3600:
        return f"{left // 60}m{left % 60:02}s"
    if left < 86400:
        return f"{left // 3600}h{left % 3600 // 60:02}m"
    return f"{left // 86400}d{left % 86400 // 3600:02}h"


def stamp(at: float) -> str:
    """An instant in UTC to the second."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _reason(revision: Revision) -> str:
    back = revision.provenance.rolled_back_to
    reason = revision.provenance.reason
    if back is None:
        return reason or "-"
    return f"back to {back}" + (f": {reason}" if reason else "")


def verified_screen(verified: Verified, environment: Environment | None = None) -> list[str]:
    """What runs, what it answered, and the judgement."""
    lines = [*status_screen(verified.snapshot, environment), ""]
    lines += [f"{'ok' if one.ok else 'failed'}  {one.url}  {one.message}" for one in verified.answers]
    lines += [f"{'ok' if one.passed else 'failed'}  test {one.name}" for one in verified.tests.results]
    return [*lines, f"verdict: {verified.verdict.outcome}", *verdict_lines(verified.verdict)]


def explained_screen(found: Explained) -> list[str]:
    """The layers that set a path, the winner last and marked; below a map, who won each of its values."""
    lines = []
    if not found.present:
        here = f"there are {', '.join(found.known)}" if found.known else "nothing stands above it"
        # The names of applications say more than the map that has them.
        somewhere = found.nearest and found.nearest != "applications"
        near_by = f"; the nearest is {found.nearest}" if somewhere else f"; {here}"
        lines.append(f"{found.path}: {found.implied or f'is not there{near_by}'}")
    elif found.implied:
        lines.append(f"{found.path}: {found.implied}")
    rows = [
        ("*" if _wins(found, one) else " ", near(one.location), one.path, shown(one.value))
        for one in found.origins
    ]
    lines += table((" ", "WHERE", "PATH", "VALUE"), rows) if rows else []
    if found.parts:
        below = [(part.path, near(part.winner.location), shown(part.winner.value)) for part in found.parts]
        lines += ["", *table(("BELOW", "WHERE", "VALUE"), below)]
    return lines


def _wins(found: Explained, one: Setting) -> bool:
    """Whether a layer has the last word; in a map each has it of the values that are its own."""
    below = [part.winner for part in found.parts]
    if below:
        return any(part.layer == one.layer and part.path.startswith(f"{one.path}.") for part in below)
    return one is found.origins[-1]


def shown(value: object) -> str:
    """A value in one line that fits."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 3]}..."


def doctor_screen(checks: Sequence[Check]) -> list[str]:
    """Each check in a line, with what to do below those that are not well."""
    width = max(len(one.name) for one in checks)
    lines = []
    for one in checks:
        lines.append(f"{one.result:7}  {one.name.ljust(width)}  {one.message}")
        if one.advice and one.result is not Health.OK:
            lines.append(f"{'':7}  {'':{width}}  -> {one.advice}")
    return lines
