"""A container in a context: one Service, one mount, one image folder."""

from pathlib import Path

import pytest

from flaskship.engines.local.resolve import (
    ReplicaContext,
    ServiceAddress,
    resolve_argv,
    resolve_environment,
)
from flaskship.engines.local.spec import (
    Configuration,
    Container,
    ContainerPort,
    EnvEntry,
    Mount,
    PodTemplate,
)


@pytest.fixture
def context():
    """Return a function that builds a context; its keywords replace fields."""

    def build(**fields):
        base = {
            "environment": "dev",
            "namespace": "shop-dev",
            "release": "dev-apps",
            "uid": "uid-1",
            "name": "web-abc-1",
            "application": "web",
            "address": "127.9.0.2",
            "volumes": {"data": Path("/p/.flaskship/data"), "tmp": Path("/p/.flaskship/tmp")},
            "services": (
                ServiceAddress("api", "shop-dev", "127.9.0.1", {80: 8080}),
                ServiceAddress("db", "shop-dev", "127.9.0.9", {5432: 5432}),
            ),
            "configurations": {
                ("ConfigMap", "settings"): Configuration("ConfigMap", "settings", {"A": "map", "B": "map"}),
                ("Secret", "keys"): Configuration("Secret", "keys", {"A": "secret", "pin": "731946"}),
            },
            "project_root": Path("/p"),
            "path_map": (("/app", Path("/p/image/app")), ("/opt/venv", Path("/p/image/venv"))),
        }
        return ReplicaContext(**base | fields)

    return build


@pytest.fixture
def container():
    """Return a function that builds a container with variables given as pairs."""

    def build(env=(), **fields):
        base = {
            "name": "web",
            "image": "web:1",
            "ports": (ContainerPort(5000, "http"),),
            "mounts": (Mount("data", "/data"),),
            "env": tuple(EnvEntry(name, source) for name, source in env),
        }
        return Container(**base | fields)

    return build


@pytest.fixture
def resolve(container, context):
    """Return a function that resolves variables given as pairs."""

    def run(*env, image_env=(), template=None, around=None, **fields):
        made = container(env, **fields)
        pod = template or PodTemplate("hash", (made,))
        return resolve_environment(made, pod, around or context(), dict(image_env))

    return run


@pytest.fixture
def run_argv(container, context):
    """Return a function that resolves a command in a container with variables given as pairs."""

    def run(*argv, env=(), around=None, **fields):
        made, around = container(env, **fields), around or context()
        environment = resolve_environment(made, PodTemplate("hash", (made,)), around, {})
        return resolve_argv(argv, made, around, environment)

    return run
