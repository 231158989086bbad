"""The store: lists and changes in, the newest state out."""

import pytest

from flaskship.engines.kubernetes.observing.shape import parse
from flaskship.engines.kubernetes.observing.store import Store
from flaskship.engines.kubernetes.observing.surroundings import Event
from flaskship.engines.kubernetes.observing.workloads import Deployment
from flaskship.model.errors import FlaskshipError


def pod(uid="u1", version="1", **status):
    return {"metadata": {"name": uid, "uid": uid, "resourceVersion": version}, "status": status}


def phases(store):
    return [one.status.phase for one in store.observed().pods]


def test_a_newer_state_takes_the_place_of_an_older_one():
    store = Store()
    assert store.change("Pod", "ADDED", pod(phase="Pending"))
    assert store.change("Pod", "MODIFIED", pod(version="10", phase="Running"))
    assert phases(store) == ["Running"]


@pytest.mark.parametrize("version", ["9", "10"])
def test_a_late_or_repeated_change_is_none(version):
    store = Store()
    store.change("Pod", "ADDED", pod(version="10", phase="Running"))
    assert not store.change("Pod", "MODIFIED", pod(version=version, phase="Pending"))
    assert phases(store) == ["Running"]


def test_what_was_deleted_does_not_come_back_by_a_late_change():
    store = Store()
    store.change("Pod", "ADDED", pod(version="5"))
    assert store.change("Pod", "DELETED", pod(version="7"))
    assert not store.change("Pod", "MODIFIED", pod(version="6"))
    assert not store.change("Pod", "DELETED", pod(version="7"))
    assert phases(store) == []


def test_a_deletion_of_what_was_never_seen_is_remembered():
    store = Store()
    assert not store.change("Pod", "DELETED", pod(version="7"))
    assert not store.change("Pod", "ADDED", pod(version="5"))


def test_a_new_object_of_the_same_name_is_another_one():
    store = Store()
    store.change("Pod", "DELETED", pod("u1", "7"))
    assert store.change("Pod", "ADDED", pod("u2", "8", phase="Running"))
    assert phases(store) == ["Running"]


def test_a_list_takes_the_place_of_everything():
    store = Store()
    store.change("Pod", "ADDED", pod("gone", "99"))
    store.replace("Pod", [pod("u2", "3", phase="Running")])
    assert [one.metadata.uid for one in store.observed().pods] == ["u2"]
    assert not store.change("Pod", "MODIFIED", pod("u2", "2", phase="Pending"))


def test_versions_that_are_no_numbers_are_taken_as_they_come():
    store = Store()
    store.change("Pod", "ADDED", pod(version="a", phase="Pending"))
    assert store.change("Pod", "MODIFIED", pod(version="b", phase="Running"))
    assert not store.change("Pod", "MODIFIED", pod(version="b", phase="Failed"))


def test_nulls_and_unknown_fields_are_nothing():
    raw = {
        "metadata": {"name": "a", "labels": None, "new": [1]},
        "spec": None,
        "status": {"conditions": None},
    }
    parsed = parse(Deployment, raw)
    assert (parsed.metadata.labels, parsed.status.conditions, parsed.spec.replicas) == ({}, (), 1)


def test_what_makes_no_sense_is_named_with_its_field():
    with pytest.raises(FlaskshipError, match=r"Deployment web .*spec\.replicas"):
        parse(Deployment, {"metadata": {"name": "web"}, "spec": {"replicas": "many"}})


def test_an_event_tells_its_times_in_both_of_its_forms():
    old = parse(
        Event,
        {
            "count": 4,
            "firstTimestamp": "2026-11-26T12:00:00Z",
            "lastTimestamp": "2026-11-26T12:00:09Z",
            "eventTime": None,
        },
    )
    assert (old.times, old.at - old.first_at) == (4, 9.0)
    new = parse(
        Event,
        {
            "eventTime": "2026-11-26T12:00:00.5Z",
            "series": {"count": 3, "lastObservedTime": "2026-11-26T12:00:02.5Z"},
        },
    )
    assert (new.times, new.at - new.first_at) == (3, 2.0)
    assert parse(Event, {"metadata": {"creationTimestamp": "2026-11-26T12:00:00Z"}}).times == 1
