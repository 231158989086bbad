"""Secrets that no manifest brings."""

from itertools import count

import pytest

from flaskship.engines.local.resolve import plan_secrets
from flaskship.engines.local.spec import (
    Configuration,
    Container,
    Deployment,
    EnvEntry,
    EnvFrom,
    ExternalSecret,
    Item,
    Job,
    KeyRef,
    LocalRelease,
    PodTemplate,
    Volume,
    VolumeSource,
)

URL = "sqlite:////p/db.sqlite"


def random_texts():
    numbers = count(1)
    return lambda: f"random-{next(numbers)}"


def template(*refs, env_from=(), volumes=()):
    env = tuple(EnvEntry(f"V{number}", ref) for number, ref in enumerate(refs))
    return PodTemplate("h", (Container("web", "x", env=env, env_from=env_from),), volumes=volumes)


def secret(name, key, optional=False):
    return KeyRef("Secret", name, key, optional)


def plan(*refs, stored=None, env_from=(), volumes=(), **release):
    made = LocalRelease(
        deployments=(Deployment("web", "web", template(*refs, env_from=env_from, volumes=volumes)),),
        **release,
    )
    return plan_secrets(made, stored or {}, random_texts(), URL)


def values(found):
    return {made.name: dict(made.data) for made in found.secrets}


def test_nothing_is_wanted():
    found = plan(KeyRef("ConfigMap", "c", "k"))
    assert (found.secrets, found.generated, found.needed, found.stored_after) == ((), (), (), {})


def test_a_key_is_random_once_and_kept():
    first = plan(secret("app-secrets", "session-key"), secret("app-secrets", "session-key"))
    assert first.generated == (("app-secrets", "session-key"),)
    assert first.stored_after == {"app-secrets": {"session-key": "random-1"}}
    again = plan(secret("app-secrets", "session-key"), stored=first.stored_after)
    assert again.generated == ()
    assert values(again) == values(first)
    assert again.stored_after == first.stored_after


def test_the_database_is_ours_unless_somebody_named_another():
    assert values(plan(secret("database-secret", "database-url"))) == {
        "database-secret": {"database-url": URL}
    }
    theirs = {"database-secret": {"database-url": "postgresql://elsewhere"}}
    assert values(plan(secret("database-secret", "database-url"), stored=theirs)) == theirs


def test_the_address_of_our_database_is_not_written_down():
    found = plan(secret("database-secret", "database-url"), secret("database-secret", "host"))
    assert found.stored_after == {}
    assert values(found)["database-secret"]["host"] == "localhost"


def test_an_external_secret_gives_its_keys():
    external = ExternalSecret("db", "database-secret", ("username", "password", "database-url"))
    found = plan(external_secrets=(external,))
    assert values(found) == {
        "database-secret": {"username": "flaskship", "password": "random-1", "database-url": URL}
    }
    assert found.generated == (("database-secret", "password"),)


def test_what_belongs_to_somebody_else_is_needed_only_when_it_is_used():
    external = ExternalSecret("a", "app-secrets", ("sentry-dsn", "api-key"))
    unused = plan(external_secrets=(external,))
    assert unused.needed == ()
    assert "sentry-dsn" not in values(unused)["app-secrets"]
    optional = plan(secret("app-secrets", "sentry-dsn", optional=True), external_secrets=(external,))
    assert optional.needed == ()
    used = plan(secret("app-secrets", "sentry-dsn"), external_secrets=(external,))
    [(name, key, reason)] = used.needed
    assert (name, key) == ("app-secrets", "sentry-dsn")
    assert "outside of this machine" in reason
    whole = plan(env_from=(EnvFrom("Secret", "app-secrets"),), external_secrets=(external,))
    assert [key for _, key, _ in whole.needed] == ["sentry-dsn"]


def test_what_a_person_wrote_is_no_longer_needed():
    stored = {"app-secrets": {"smtp-password": "mine"}}
    found = plan(secret("app-secrets", "smtp-password"), stored=stored)
    assert found.needed == ()
    assert values(found) == stored


def test_a_secret_of_the_manifests_is_left_alone():
    given = Configuration("Secret", "app-secrets", {"a": "1"})
    found = plan(secret("app-secrets", "a"), secret("app-secrets", "gone"), configurations=(given,))
    assert (found.secrets, found.generated) == ((), ())


def test_a_secret_of_the_manifests_that_an_operator_would_fill_up():
    given = Configuration("Secret", "app-secrets", {"a": "1"}, {"raw": b"\xff"})
    external = ExternalSecret("a", "app-secrets", ("a", "b", "raw"))
    [made] = plan(configurations=(given,), external_secrets=(external,)).secrets
    assert made.data == {"a": "1", "b": "random-1"}
    assert made.binary == {"raw": b"\xff"}


@pytest.mark.parametrize(
    ("refs", "env_from", "volumes"),
    [
        ((secret("s", "k", optional=True),), (), ()),
        ((), (EnvFrom("Secret", "s", optional=True),), ()),
        ((), (), (Volume("v", (VolumeSource("Secret", "s", optional=True),)),)),
    ],
)
def test_what_is_optional_stays_away(refs, env_from, volumes):
    found = plan(*refs, env_from=env_from, volumes=volumes)
    assert (found.secrets, found.needed) == ((), ())


@pytest.mark.parametrize(
    ("env_from", "volumes"),
    [((EnvFrom("Secret", "s"),), ()), ((), (Volume("v", (VolumeSource("Secret", "s"),)),))],
)
def test_keys_that_nobody_names_are_asked_for(env_from, volumes):
    found = plan(env_from=env_from, volumes=volumes)
    [(name, key, reason)] = found.needed
    assert (name, key) == ("s", "*")
    assert "no manifest says" in reason
    told = plan(env_from=env_from, volumes=volumes, stored={"s": {"x": "1"}})
    assert (told.needed, values(told)) == ((), {"s": {"x": "1"}})
    empty = plan(env_from=env_from, volumes=volumes, stored={"s": {}})
    assert (empty.needed, values(empty)) == ((), {"s": {}})


def test_keys_of_a_volume():
    volume = Volume("v", (VolumeSource("Secret", "s", (Item("token", "t"),)),))
    assert values(plan(volumes=(volume,))) == {"s": {"token": "random-1"}}


def test_a_job_counts_and_a_test_needs_nothing_of_third_parties():
    pod = template(secret("app-secrets", "smtp-password"))
    tested = LocalRelease(jobs=(Job("t", "t", pod, hook="test"),))
    run = LocalRelease(jobs=(Job("t", "t", pod),))
    assert plan_secrets(tested, {}, random_texts(), URL).needed == ()
    assert len(plan_secrets(run, {}, random_texts(), URL).needed) == 1


def test_what_else_is_in_the_file_stays_in_it():
    stored = {"other": {"x": "1"}}
    found = plan(secret("app-secrets", "k"), stored=stored)
    assert found.stored_after == {"other": {"x": "1"}, "app-secrets": {"k": "random-1"}}
    assert stored == {"other": {"x": "1"}}


def test_no_value_is_shown():
    found = plan(secret("app-secrets", "k"), secret("db", "url"))
    assert "random-1" not in repr(found)
    assert "sqlite" not in repr(found)
