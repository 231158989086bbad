import hashlib
import sqlite3
import stat
from dataclasses import replace
from types import SimpleNamespace

import pytest

from flaskship.engines.local.jobs import JobOutcome, JobRecord
from flaskship.engines.local.migrations import STEPS, VERSION
from flaskship.engines.local.processes.ports import Placement
from flaskship.engines.local.state import LockRecord, ProcessRecord, ReplicaRecord, State
from flaskship.engines.local.state_file import once_changed, unusable
from flaskship.model.errors import FlaskshipError, NoSpaceError
from flaskship.model.location import Location
from flaskship.model.release import Event, Provenance, Release
from flaskship.model.verdict import Cause, Outcome, Receipt, Verdict

RECORDED = ("ea40990ee07b", "f83b47aacc51", "9f3a362cee3f")
SUCCESS = Verdict(Outcome.SUCCESSFUL)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state.db"


@pytest.fixture
def state(path):
    one = State(path)
    yield one
    one.close()


def release(**fields: object) -> Release:
    given = {"environment": "dev", "name": "dev-apps", "namespace": "my-app-dev"}
    return Release(**(given | {"documents": ({"kind": "X"},), "provenance": Provenance("me")} | fields))  # type: ignore[arg-type]


def replica(uid: str = "a1", **fields: object) -> ReplicaRecord:
    given = {"environment": "dev", "workload": "web", "name": f"web-{uid}", "template": "t", "revision": 1}
    place = {"created_at": 1.0, "address": "127.20.1.1", "ports": {5000: 5001}}
    return ReplicaRecord(uid=uid, **(given | place | fields))  # type: ignore[arg-type]


def test_the_file_is_its_owners_alone(state, path):
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_revisions_count_up_for_each_environment_and_the_newest_is_the_intent(state):
    assert [state.add_revision(release(), 1.0), state.add_revision(release(), 2.0)] == [1, 2]
    assert state.add_revision(release(environment="prod"), 3.0) == 1
    intent = state.intent("dev")
    assert (intent.revision, intent.running, dict(intent.scales)) == (2, True, {})


def test_an_apply_is_known_again_by_its_key(state):
    number = state.add_revision(release(), 1.0, key="k1")
    assert state.revision_of("k1") == number
    assert state.revision_of("k2") is None


def test_a_release_comes_back_exactly(state):
    one = release(images={"demo:1.0": "sha"}, notes="hello", provenance=Provenance("me", "why", "c0ffee"))
    assert state.release("dev", state.add_revision(one, 1.0)) == one


def test_a_missing_revision_is_refused_with_those_that_are_kept(state):
    state.add_revision(release(), 1.0)
    with pytest.raises(FlaskshipError, match="no revision 7") as refused:
        state.release("dev", 7)
    assert "1" in refused.value.hint


def test_history_holds_the_verdict_with_its_evidence_and_the_receipt(state):
    number = state.add_revision(release(), 5.0)
    cause = Cause("ExitNonZero", "it ended", "web", values=Location("values.yaml", 3))
    failed = Verdict(Outcome.FAILED, (cause,))
    receipt = Receipt(10, 0, 1.0, 2.0, 3.0)
    state.conclude("dev", number, failed, receipt, {"web": "sha"})
    (revision,) = state.revisions("dev")
    assert (revision.outcome, revision.verdict, revision.receipt) == (Outcome.FAILED, failed, receipt)
    assert (revision.at, dict(revision.images)) == (5.0, {"web": "sha"})


def test_pruning_keeps_the_newest_and_the_last_successful_one(state):
    for number in range(1, 7):
        state.add_revision(release(), float(number))
        outcome = Outcome.SUCCESSFUL if number == 2 else Outcome.FAILED
        state.conclude("dev", number, Verdict(outcome), None, {})
    state.prune("dev", 2)
    assert [revision.number for revision in state.revisions("dev")] == [2, 5, 6]


def test_pruning_keeps_every_revision_that_replicas_are_of(state):
    for number in range(1, 7):
        state.add_revision(release(images={"demo:1.0": f"sha256:{number}"}), float(number))
        state.conclude("dev", number, Verdict(Outcome.SUCCESSFUL), None, {})
    state.save_replica(replica("a1", revision=2))
    state.save_replica(replica("b1", revision=3, environment="other"))
    state.prune("dev", 2)
    assert [revision.number for revision in state.revisions("dev")] == [2, 5, 6]
    assert "sha256:2" in state.pinned_images()
    state.remove_replica("a1")
    state.prune("dev", 2)
    assert [revision.number for revision in state.revisions("dev")] == [5, 6]


def test_numbers_go_on_after_pruning(state):
    for number in range(1, 4):
        state.add_revision(release(), float(number))
    state.prune("dev", 1)
    assert state.add_revision(release(), 9.0) == 4


def test_a_deploy_ends_what_was_scaled_and_leaves_what_is_paused(state):
    state.add_revision(release(), 1.0)
    intent = state.intent("dev")
    from dataclasses import replace

    state.save_intent(replace(intent, scales={"web": 3}, restarts={"web": "1.0"}, paused=("web",)))
    steered = state.intent("dev")
    assert (dict(steered.scales), dict(steered.restarts), steered.paused) == (
        {"web": 3},
        {"web": "1.0"},
        ("web",),
    )
    state.add_revision(release(), 2.0)
    assert (dict(state.intent("dev").scales), state.intent("dev").paused) == ({}, ("web",))


def test_a_deploy_keeps_the_marks_of_restarts_of_its_own_environment(state):
    from dataclasses import replace

    for name in ("dev", "other"):
        state.add_revision(release(environment=name), 1.0)
    state.save_intent(replace(state.intent("dev"), restarts={"web": "1.000@1"}))
    state.add_revision(release(), 2.0)
    state.add_revision(release(environment="other"), 2.0)
    assert dict(state.intent("dev").restarts) == {"web": "1.000@1"}
    assert dict(state.intent("other").restarts) == {}


def test_a_replica_takes_its_processes_with_it(state):
    state.save_replica(replica())
    state.save_process(ProcessRecord("a1.web.1", "a1", "web", 1, 1.0))
    state.save_process(ProcessRecord("a1.web.2", "a1", "web", 2, 2.0, pid=9))
    assert [process.uid for process in state.processes("a1")] == ["a1.web.2"]
    assert state.replicas("dev") == (replica(),)
    state.remove_replica("a1")
    assert state.processes("a1") == ()


def test_a_replica_changes_its_stage_and_keeps_the_rest(state):
    from dataclasses import replace

    state.save_replica(replica())
    state.save_replica(replace(replica(), stage="initialized", was_ready=True, address="elsewhere"))
    (known,) = state.replicas("dev")
    assert (known.stage, known.was_ready, known.address) == ("initialized", True, "127.20.1.1")


def test_places_events_and_locks_come_back(state):
    state.save_placement("dev", "web", Placement("127.20.1.9", {80: 8080}))
    assert state.placements() == {("dev", "web"): Placement("127.20.1.9", {80: 8080})}
    state.add_event("dev", Event(1.0, "web", "Created", "it is there"))
    assert state.events("dev") == (Event(1.0, "web", "Created", "it is there"),)
    lock = LockRecord("dev", "token", "me", 1, 2, "boot", 3.0)
    state.save_lock(lock)
    state.remove_lock("dev", "another's")
    assert state.locks() == (lock,)
    state.remove_lock("dev", "token")
    assert state.locks() == ()


def test_everything_survives_a_new_start(path):
    first = State(path)
    first.add_revision(release(), 1.0)
    first.close()
    second = State(path)
    assert [revision.number for revision in second.revisions("dev")] == [1]
    second.close()


def test_a_newer_file_is_refused_and_left_alone(path):
    State(path).close()
    with sqlite3.connect(path) as db:
        db.execute(f"PRAGMA user_version = {VERSION + 1}")
    before = path.read_bytes()
    with pytest.raises(FlaskshipError, match=f"version {VERSION + 1}"):
        State(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "content", [b"not a database at all, just text" * 40, b"SQLite format 3\0" + b"x" * 200]
)
def test_a_corrupt_file_is_named_and_left_alone(path, content):
    path.write_bytes(content)
    with pytest.raises(FlaskshipError, match=str(path)):
        State(path)
    assert path.read_bytes() == content


def test_forgetting_an_environment_leaves_the_others(state):
    state.add_revision(release(), 1.0)
    state.add_revision(release(environment="prod"), 1.0)
    state.forget("dev")
    assert state.intent("dev") is None
    assert state.intent("prod") is not None


def test_what_autoscalers_wanted_last_is_replaced_as_a_whole(state):
    state.save_autoscaled("dev", {"web": 3, "worker": 2})
    state.save_autoscaled("dev", {"web": 4})
    state.save_autoscaled("staging", {"web": 9})
    assert state.autoscaled("dev") == {"web": 4}
    state.forget("dev")
    assert state.autoscaled("dev") == {}
    assert state.autoscaled("staging") == {"web": 9}


def test_only_what_must_outlive_a_power_cut_waits_for_the_disk(state):
    said: list[str] = []
    state._db.set_trace_callback(said.append)
    state.save_replica(replica())
    state.save_process(ProcessRecord("p1", "a1", "main", 1, 1.0))
    assert not any("synchronous" in one for one in said)
    number = state.add_revision(release(), 1.0)
    state.conclude("dev", number, SUCCESS, None, {})
    waits = [one for one in said if "synchronous" in one or one.startswith("COMMIT")]
    full, normal = "PRAGMA synchronous=FULL", "PRAGMA synchronous=NORMAL"
    assert waits == [full, "COMMIT", normal, full, normal]


def test_a_failed_write_leaves_the_quick_way_on(state):
    state._db.execute("DROP TABLE intents")
    with pytest.raises(FlaskshipError):
        state.add_revision(release(), 1.0)
    assert state._db.execute("PRAGMA synchronous").fetchone()[0] == 1


def test_a_full_disk_is_a_refusal_until_something_has_changed(state):
    (pages,) = state._db.execute("PRAGMA page_count").fetchone()
    state._db.execute(f"PRAGMA max_page_count={pages}")
    long = release(documents=({"kind": "x" * 100_000},))
    with pytest.raises(NoSpaceError) as said:
        state.add_revision(long, 1.0)
    assert (said.value.code, said.value.exit_code) == ("NoSpace", 4)
    assert "Free some space" in said.value.hint
    with pytest.raises(FlaskshipError, match="full") as late, once_changed():
        raise said.value
    assert (late.value.code, late.value.exit_code) == ("Failed", 1)


def test_a_full_disk_is_named_where_sqlite_tells_an_error_of_reading_or_writing(path, monkeypatch):
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR_SHMSIZE
    assert "disk I/O error" in unusable(path, error).message
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=0))
    told = unusable(path, error)
    assert (told.code, told.message) == (
        "NoSpace",
        f"the state file {path} cannot be opened: the disk is full",
    )


def test_a_file_of_every_earlier_version_is_brought_up_to_date_and_keeps_what_it_holds(path, monkeypatch):
    for version in range(1, VERSION):
        with monkeypatch.context() as patched:
            patched.setattr("flaskship.engines.local.migrations.STEPS", STEPS[:version])
            patched.setattr("flaskship.engines.local.migrations.VERSION", version)
            old = State(path)
            old.add_revision(release(), 1.0)
            old.close()
        new = State(path)
        assert [revision.number for revision in new.revisions("dev")] == [1]
        new.save_autoscaled("dev", {"web": 3})
        new.close()
        path.unlink()


def test_every_migration_is_recorded_so_that_a_released_one_is_never_edited():
    # The statements count, not how their lines are broken.
    digests = tuple(hashlib.sha256(" ".join(step.split()).encode()).hexdigest()[:12] for step in STEPS)
    assert digests == RECORDED, "write a new step: state files in the field hold the old ones"


def test_why_a_job_failed_and_what_it_wrote_are_kept(state):
    failed = JobRecord("dev", "load", "hash", 1.0, failed=1, outcome=JobOutcome.FAILED, why="out of time")
    failed = replace(failed, last_lines=("loading \N{SNOWMAN}", "row 7 of 9"))
    state.save_job(failed)
    assert state.job("dev", "load") == failed
