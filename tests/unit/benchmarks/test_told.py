"""What the benchmarks read from lines, events and counts."""

import pytest
from benchmarks.cost import trivial
from benchmarks.figures import Series
from benchmarks.loss import told
from benchmarks.start import migrating
from benchmarks.verdict import FAILURES, Line, first, signal_at

from flaskship.engines.local.manifests.release import read_release
from flaskship.model.release import Event, Provenance, Release

FALSE = FAILURES[0]


def started(at: float, container: str = "my-tomorrows-api") -> Event:
    return Event(at, "my-tomorrows-api-x-1", "Started", f"container {container}, pid 7")


def test_the_cause_is_the_first_line_with_its_words_that_does_not_repeat_the_setting() -> None:
    lines = [
        Line(1.0, "deploy --set ended: exit 1"),
        Line(2.0, "ExitNonZero ended: exit 1"),
        Line(3.0, "ended: exit 1"),
    ]
    assert first(lines, "ended: exit 1") == 2.0
    assert first(lines, "cannot import") is None


def test_the_signal_is_the_second_start_of_the_main_container() -> None:
    events = [
        started(1.0, "migrate"),
        started(2.0),
        Event(2.5, "my-tomorrows-worker-x", "Started", ""),
        started(3.0),
    ]
    assert signal_at(events, FALSE) == 3.0


def test_an_engine_that_tells_of_no_signal_ends_the_benchmark() -> None:
    with pytest.raises(SystemExit, match="told of no Started"):
        signal_at([started(1.0)], FALSE)


def test_losses_are_told_by_kind() -> None:
    counted = {"sent": {"GET": 90, "POST": 10}, "failed": {"POST: status 503": 2}}
    result = told(Series("u", values=[1.0]), Series("r", values=[1.0]), counted, 10.0, 100)
    assert [goal.met for goal in result.goals] == [True, False]
    assert "  failed: POST: status 503: 2" in result.notes
    assert "100 requests in 10 s (10/s), 2 failed" in result.notes


def test_the_engine_can_run_the_trivial_release() -> None:
    spec = read_release(trivial(3, "id").documents)
    assert [(one.name, one.replicas) for one in spec.deployments] == [("trivial", 3)]
    assert not [one for one in spec.reports if one.note == "unknown"]


def test_workloads_with_init_containers_migrate() -> None:
    def deployment(name: str, *init: str) -> dict[str, object]:
        spec = {"template": {"spec": {"initContainers": list(init)}}}
        return {"kind": "Deployment", "metadata": {"name": name}, "spec": spec}

    documents = (deployment("api", "migrate"), deployment("monitoring"), {"kind": "Service"})
    assert migrating(Release("e", "r", "n", documents, Provenance("me"))) == ["api"]
