"""Failing probes, read from a kubelet's events: what is asked, what is answered, and how often at least."""

import pytest
from tests.unit.engines.kubernetes.seen import ended, event, pod, running

from flaskship.engines.kubernetes.observing.observed import AnswerKey, Evidence
from flaskship.engines.kubernetes.observing.probes import failures_of


def failures(one, *events, now=940.0):
    return {found.probe: found for found in failures_of(one, events, Evidence(), now)}


REFUSED = 'Get "http://10.0.0.7:5000/ready": dial tcp 10.0.0.7:5000: connect: connection refused'


def test_a_failing_probe_has_its_request_its_answer_and_its_count():
    found = failures(
        pod(running(), ready=False, since=900.0),
        event("Unhealthy", f"Readiness probe failed: {REFUSED}", 932.0, first=931.0, count=2),
        event("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503", 935.0),
    )["readiness"]
    assert found.request == "GET http://10.0.0.7:5000/ready"
    assert (found.answer, found.consecutive, found.threshold) == ("503", 3, 3)


def test_the_kubelets_words_have_the_request_where_there_was_no_answer():
    message = f"Readiness probe failed: {REFUSED}"
    found = failures(pod(running(), ready=False, since=900.0), event("Unhealthy", message, 935.0))[
        "readiness"
    ]
    assert found.request == "GET http://10.0.0.7:5000/ready"
    assert found.answer.endswith("connection refused")


def test_a_pod_that_is_ready_has_no_failing_probe():
    failed = event("Unhealthy", f"Readiness probe failed: {REFUSED}", 935.0)
    assert failures(pod(running(), ready=True), failed) == {}


def test_what_an_earlier_run_failed_at_is_forgotten():
    failed = event("Unhealthy", f"Readiness probe failed: {REFUSED}", 915.0)
    assert failures(pod(running(930.0), ended(), restarts=1, ready=False, since=900.0), failed) == {}


def test_readiness_that_was_lost_is_at_its_threshold():
    failed = event("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503", 961.0)
    assert failures(pod(running(), ready=False, since=960.0), failed)["readiness"].consecutive == 3


def test_a_probe_that_had_the_container_killed_was_at_its_threshold():
    found = failures(
        pod(running(930.0), ended(137), restarts=1, ready=False, since=900.0),
        event("Unhealthy", "Liveness probe failed: HTTP probe failed with statuscode: 500", 917.0, count=9),
        event("Killing", "Container web failed liveness probe, will be restarted", 918.0),
    )["liveness"]
    assert (found.consecutive, found.threshold, found.answer) == (2, 2, "500")


def test_liveness_that_fails_of_a_ready_pod_is_told_until_the_next_probe_would_have_told_again():
    one = pod(running(), ready=True, since=900.0)
    failed = event("Unhealthy", "Liveness probe failed: HTTP probe failed with statuscode: 404", 935.0)
    found = failures(one, failed)["liveness"]
    assert (found.answer, found.consecutive) == ("404", 1)
    assert failures(one, failed, now=960.0) == {}


def unready(when, *, first=None, count=1, said="HTTP probe failed with statuscode: 503", how="failed"):
    return event("Unhealthy", f"Readiness probe {how}: {said}", when, first=first, count=count)


STARTUP = {"startupProbe": {"httpGet": {"path": "/startup", "port": 5000}}}
NOT_FOUND = "HTTP probe failed with statuscode: 404"


def readiness(*events, began=930.0, **more):
    """The failing readiness of a pod that was never ready and whose container began then."""
    one = pod(running(began), ready=False, since=900.0, **more)
    return failures(one, *events, now=990.0)["readiness"]


def asked_every(seconds, **more):
    get = {"httpGet": {"path": "/ready", "port": "http"}}
    return {"readinessProbe": get | {"periodSeconds": seconds} | more}


def test_the_status_is_the_kubelets_own_and_how_often_it_came_last():
    found = readiness(
        unready(933.0, first=931.0, count=3, said=REFUSED),
        unready(936.0, first=934.0, count=3, said=NOT_FOUND),
    )
    assert (found.status, found.alike, found.consecutive) == (404, 3, 6)
    assert found.period == 1.0
    assert readiness(unready(933.0, said=REFUSED)).status is None


@pytest.mark.parametrize(
    ("events", "alike"),
    [
        ([unready(940.0, first=934.0, count=4), unready(941.0, first=935.0, count=3, said=NOT_FOUND)], 1),
        ([unready(937.0, first=936.0, count=2), unready(945.0, first=934.0, count=9, said=NOT_FOUND)], 8),
        ([unready(940.0, first=940.0), unready(940.0, first=934.0, count=7, said=NOT_FOUND)], 1),
    ],
    ids=["in turns", "otherwise for a moment", "otherwise just now"],
)
def test_what_was_answered_otherwise_in_between_is_not_in_a_row(events, alike):
    assert readiness(*events).alike == alike


def test_whether_a_startup_probe_came_before_is_of_the_same_container():
    assert readiness(unready(935.0), asks=STARTUP).after_startup
    assert not readiness(unready(935.0)).after_startup
    other = [{"name": "side", "state": running(), "started": True}]
    assert not readiness(unready(935.0), init=other).after_startup


def test_failures_of_an_earlier_run_that_the_same_event_counts_are_not_of_this_one():
    over_both = unready(952.0, first=915.0, count=12)
    assert readiness(over_both, began=950.0, restarts=1, last=ended()).consecutive == 1


def test_what_is_asked_out_of_turn_counts_at_the_probes_own_pace():
    found = readiness(unready(932.0, first=931.0, count=5), asks=asked_every(5))
    assert found.consecutive == 1
    assert readiness(unready(941.0, first=931.0, count=7), asks=asked_every(5)).consecutive == 3


def test_failures_with_so_long_between_them_had_successes_in_between():
    assert readiness(unready(980.0, first=931.0, count=5)).consecutive == 1


def test_one_that_needs_several_successes_may_have_had_one_in_between():
    asks = asked_every(1, successThreshold=2)
    assert readiness(unready(940.0, first=931.0, count=10), asks=asks).consecutive == 1


def test_a_probe_that_could_not_be_carried_out_has_not_failed():
    found = readiness(unready(940.0, first=931.0, count=10, said="no such port", how="errored"))
    assert (found.consecutive, found.answer) == (0, "no such port")


def test_a_node_whose_clock_is_another_counts_by_its_own():
    ahead = 1800.0
    found = readiness(unready(935.0 + ahead, first=931.0 + ahead, count=5), began=930.0 + ahead)
    assert found.consecutive == 5


def test_more_events_than_a_kubelet_may_write_leave_a_count_that_is_lower():
    assert readiness(unready(932.0, first=931.0, count=2)).consecutive == 2


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("404 NOT FOUND: no such page", "404 NOT FOUND: no such page"),
        ("200 OK: ready", "404"),
        ("403 FORBIDDEN: not you", "404"),
    ],
)
def test_what_the_pod_answers_us_is_told_where_it_is_what_the_kubelet_got(asked, told):
    evidence = Evidence({}, {AnswerKey("p1", "readiness"): asked})
    one = pod(running(), ready=False, since=900.0)
    (found,) = failures_of(one, (unready(935.0, said=NOT_FOUND),), evidence, 940.0)
    assert (found.answer, found.status) == (told, 404)


def test_one_that_is_ready_has_outlived_what_an_earlier_run_was_killed_for():
    one = pod(running(930.0), ended(137), restarts=1, ready=True, since=932.0)
    killing = event("Killing", "Container web failed liveness probe, will be restarted", 918.0)
    failed = event("Unhealthy", "Liveness probe failed: HTTP probe failed with statuscode: 500", 935.0)
    assert failures(one, failed, killing)["liveness"].consecutive == 1
