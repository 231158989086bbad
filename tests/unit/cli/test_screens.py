"""What a person reads, compared with recorded screens; UPDATE_GOLDEN=1 records them anew."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
from tests.contract.world import API, Stage
from tests.unit.cli.conftest import Terminal

from flaskship.cli import documents, screens
from flaskship.model.location import Location
from flaskship.model.snapshot import (
    Exit,
    Phase,
    ProbeFailure,
    Problem,
    ReleaseState,
    ReplicaPhase,
    ReplicaSnapshot,
    Snapshot,
    WorkloadSnapshot,
)
from flaskship.model.verdict import Cause, Manifest, Outcome, Verdict

GOLDEN = Path(__file__).parent / "golden"
BREAK = f"applications.{API}.command={{/bin/false}}"

STORIES: dict[str, list[str]] = {
    "up": ["up dev --detach"],
    "up-again": ["up dev --detach", "up dev --detach"],
    "up-failed": [f"up dev --detach --set {BREAK}"],
    "status": ["up dev --detach", "status"],
    "status-scaled": ["up dev --detach", f"scale dev {API} 2", "status dev"],
    "status-stopped": ["up dev --detach", "down dev", "status dev"],
    "deploy": ["up dev --detach", f"deploy dev --set applications.{API}.replicas=2"],
    "deploy-failed": ["up dev --detach", f"deploy dev --set {BREAK}"],
    "deploy-left": ["up dev --detach", f"deploy dev --no-rollback --set {BREAK}"],
    "deploy-first-failed": [f"deploy dev --set {BREAK}"],
    "dry-run": ["up dev --detach", f"deploy dev --dry-run --set applications.{API}.replicas=2"],
    "history": ["up dev --detach", f"deploy dev --reason bolder --set {BREAK}", "history dev"],
    "rollback": ["up dev --detach", "deploy dev", "rollback dev 1"],
    "restart": ["up dev --detach", "restart dev"],
    "pause": ["up dev --detach", f"pause dev {API}"],
    "abort": ["up dev --detach", f"deploy dev --no-rollback --set {BREAK}", f"abort dev {API}"],
    "events": ["up dev --detach", "events dev"],
    "logs": ["up dev --detach", "logs dev"],
    "verify": ["up dev --detach", "verify dev"],
    "down": ["up dev --detach", "down --all"],
    "doctor": ["doctor"],
    "help": ["--help"],
}


@pytest.mark.parametrize("name", STORIES)
def test_screen(
    name: str,
    terminal: Terminal,
    stage: Stage,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    for line in STORIES[name][:-1]:
        terminal(*line.split())
    last = STORIES[name][-1]
    printed = terminal(*last.split())
    help_text = capsys.readouterr().out
    shown = f"$ flaskship {last}\n{help_text}{printed.out}"
    shown += f"--- stderr\n{printed.err}--- exit {printed.code}\n"
    shown = shown.replace(str(stage.project.root), "/project")
    file = GOLDEN / f"{name}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        file.write_text(shown)
    assert shown == file.read_text()


def test_no_recorded_screen_is_left_over() -> None:
    assert {file.stem for file in GOLDEN.glob("*.txt")} == set(STORIES)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (-5, "0s"),
        (0.9, "0s"),
        (59, "59s"),
        (60, "1m00s"),
        (3599, "59m59s"),
        (3600, "1h00m"),
        (90061, "1d01h"),
    ],
)
def test_a_duration_has_its_two_largest_units(seconds: float, shown: str) -> None:
    assert screens.duration(seconds) == shown


def test_a_table_is_as_wide_as_its_widest_cells() -> None:
    assert screens.table(("A", "B"), [("long one", "x"), ("s", "")]) == ["A         B", "long one  x", "s"]


@pytest.mark.parametrize(("value", "text"), [("x" * 90, '"' + "x" * 56 + "..."), ({"a": 1}, '{"a": 1}')])
def test_a_value_is_shown_in_one_line_that_fits(value: object, text: str) -> None:
    assert screens.shown(value) == text


def test_a_history_names_its_engine_even_where_it_is_empty() -> None:
    assert screens.history_screen("prod", "kubernetes", ()) == ["prod  no revisions  (kubernetes)"]


def test_a_status_says_by_which_means_limits_hold() -> None:
    release = ReleaseState("dev-apps", 1)
    seen = Snapshot("dev", "local", "n", 0.0, Phase.HEALTHY, release, containment="watchdog: memory")
    assert screens.status_screen(seen)[-1] == "limits: watchdog: memory"


def test_a_status_says_why_an_application_is_degraded() -> None:
    lacking = Problem("ConfigMapMissing", "ConfigMap 'x' is not in this release")
    replica = ReplicaSnapshot(
        name="web-1",
        uid="u",
        template="t",
        current=True,
        phase=ReplicaPhase.PENDING,
        ready=False,
        restarts=0,
        created_at=0.0,
        problem=lacking,
    )
    workload = WorkloadSnapshot(
        name="web",
        application="web",
        kind="Deployment",
        phase=Phase.DEGRADED,
        image="i",
        desired=1,
        ready=0,
        updated=1,
        available=0,
        template="t",
        replicas=(replica,),
    )
    seen = Snapshot("dev", "local", "n", 0.0, Phase.DEGRADED, ReleaseState("dev-apps", 1), (workload,))
    blank, line = screens.standing_lines(seen)
    assert (blank, line.partition(":")[0]) == ("", "ConfigMapMissing web-1")
    assert documents.standing_document(seen)["causes"][0]["code"] == "ConfigMapMissing"


def test_a_status_says_what_runs_although_no_release_is_known() -> None:
    seen = Snapshot("dev", "local", "", 0.0, Phase.STOPPED, None, notes=("processes run",))
    assert screens.status_screen(seen) == ["dev  not running  (local)", "note: processes run"]


def workload(*replicas: ReplicaSnapshot, **more: object) -> WorkloadSnapshot:
    given = {"desired": 2, "ready": 1, "updated": 1, "available": 1, "template": "new", "replicas": replicas}
    return WorkloadSnapshot("web", "web", "Deployment", Phase.PROGRESSING, "demo", **(given | more))  # type: ignore[arg-type]


def replica(phase: ReplicaPhase = ReplicaPhase.READY, **more: object) -> ReplicaSnapshot:
    given = {"current": True, "ready": phase is ReplicaPhase.READY}
    return ReplicaSnapshot("web-1", "u", "new", phase=phase, **(given | more))  # type: ignore[arg-type]


REFUSED = ProbeFailure("readiness", 0.0, 2, 3, "GET http://10.0.0.7:5000/ready", "503: no database\nat all")


@pytest.mark.parametrize(
    ("one", "shown"),
    [
        (workload(replica()), "web: Progressing, 1/2 ready"),
        (
            workload(replica(), replica(current=False), replica(current=False)),
            "web: Progressing, 1/2 ready (1 new, 2 old)",
        ),
        (
            workload(replica(), replica(ReplicaPhase.TERMINATING, current=False)),
            "web: Progressing, 1/2 ready",
        ),
        (
            workload(replica(ReplicaPhase.BACK_OFF, restarts=2, exits=(Exit("web", 0.0, code=1),))),
            "web: Progressing, 1/2 ready, 2 restarts: CrashLoopBackOff after exit 1",
        ),
        (
            workload(replica(ReplicaPhase.RUNNING, probes=(REFUSED,))),
            "web: Progressing, 1/2 ready: readiness probe: 503: no database",
        ),
        (
            workload(replica(), problem=Problem("QuotaExceeded", "The quota pods is used up")),
            "web: Progressing, 1/2 ready: The quota pods is used up",
        ),
        (
            workload(replica(ReplicaPhase.PENDING, problem=Problem("SecretMissing", "Secret a is missing"))),
            "web: Progressing, 1/2 ready: Secret a is missing",
        ),
        (
            workload(replica(ReplicaPhase.BACK_OFF, current=False, exits=(Exit("web", 0.0, code=1),))),
            "web: Progressing, 1/2 ready",
        ),
    ],
)
def test_a_line_of_progress_tells_old_from_new_and_what_holds_it_up(
    one: WorkloadSnapshot, shown: str
) -> None:
    assert screens.workload_line(one) == shown


def test_a_cause_that_no_value_set_names_the_object_and_field_of_the_manifest() -> None:
    file = Location("chart/templates/web.yaml", 12)
    cause = Cause("CommandNotFound", "no", "web", manifest=Manifest("Deployment/web", "spec.x", file))
    elsewhere = replace(cause, manifest=Manifest("Deployment/web", "spec.x"))
    lines = screens.verdict_lines(Verdict(Outcome.FAILED, (cause, elsewhere)))
    assert lines[1] == "    set by chart/templates/web.yaml:12, Deployment/web: spec.x"
    assert lines[3] == "    set by Deployment/web: spec.x"
