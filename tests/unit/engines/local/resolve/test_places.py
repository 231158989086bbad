"""Paths of the container in values become local ones."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flaskship.engines.local.resolve import ReplicaContext, resolve_environment, resolve_working_dir
from flaskship.engines.local.resolve.places import Places
from flaskship.engines.local.spec import Container, Mount, PodTemplate

CONTAINER = Container(
    "web",
    "web:1",
    mounts=(
        Mount("data", "/data"),
        Mount("keys", "/etc/secrets"),
        Mount("data", "/data/deep", "inner"),
        Mount("data", "/mine", sub_path_expr="$(WHO)/x"),
        Mount("unknown", "/elsewhere"),
    ),
)
CONTEXT = ReplicaContext(
    *("dev", "shop", "dev-apps", "uid", "web-1", "web", "127.9.0.2"),
    volumes={"data": Path("/p/v/data"), "keys": Path("/p/v/keys")},
    project_root=Path("/p"),
    path_map=(("/app", Path("/p/image/app")),),
)
PLACES = Places(CONTAINER, CONTEXT, {"WHO": "me"})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/data", "/p/v/data"),
        ("/data/", "/p/v/data/"),
        ("/data/x.db", "/p/v/data/x.db"),
        ("sqlite:////data/x.db", "sqlite:////p/v/data/x.db"),
        ("sqlite+pysqlite:////data/x.db?mode=rw", "sqlite+pysqlite:////p/v/data/x.db?mode=rw"),
        ("file:///data/x", "file:///p/v/data/x"),
        ("--db=/data/x", "--db=/p/v/data/x"),
        ("/app:/app/lib:/usr/lib", "/p/image/app:/p/image/app/lib:/usr/lib"),
        ("/etc/secrets/api-key", "/p/v/keys/api-key"),
        ("/data/deep/x", "/p/v/data/inner/x"),
        ("/data/deeper", "/p/v/data/deeper"),
        ("/mine", "/p/v/data/me/x"),
        ("cp /data/a /app/b", "cp /p/v/data/a /p/image/app/b"),
        ("a,/data,b", "a,/p/v/data,b"),
        ('{"path":"/data"}', '{"path":"/p/v/data"}'),
    ],
)
def test_replaced(text, expected):
    assert PLACES.rewrite(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "data",
        "/database",
        "/data2/x",
        "/srv/data",
        "http://host/data",
        "http://data/x",
        "sqlite:///data/x.db",
        "x/data",
        "/elsewhere/x",
        "/p/v/data/x",
        "/p/image/app",
        "sqlite:////p/v/data/x.db",
    ],
)
def test_left_alone(text):
    assert PLACES.rewrite(text) == text


def test_a_path_that_is_local_already_is_not_moved_again():
    container = Container("web", "x", mounts=(Mount("data", "/p"),))
    places = Places(container, CONTEXT, {})
    assert places.rewrite("/p/v/data/x") == "/p/v/data/x"


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=40))
def test_any_text_is_survived(text):
    assert isinstance(PLACES.rewrite(text), str)


@settings(max_examples=50, deadline=None)
@given(st.text(alphabet="/dat:x=", max_size=20))
def test_replacing_twice_is_replacing_once(text):
    once = PLACES.rewrite(text)
    assert PLACES.rewrite(once) == once


@pytest.mark.parametrize(
    ("given_dir", "expected"),
    [(None, None), ("/app", Path("/p/image/app")), ("/data/x", Path("/p/v/data/x")), ("/nowhere", None)],
)
def test_the_working_folder(given_dir, expected):
    container = Container("web", "x", working_dir=given_dir, mounts=CONTAINER.mounts)
    environment = resolve_environment(container, PodTemplate("h", (container,)), CONTEXT, {})
    assert resolve_working_dir(container, CONTEXT, environment) == expected
