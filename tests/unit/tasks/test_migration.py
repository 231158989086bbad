"""What a failed or a hanging migration may blame: what changed of what it sees, and nothing else."""

from collections.abc import Mapping
from typing import Any

import pytest

from flaskship.model.release import Document
from flaskship.model.verdict import Cause
from flaskship.tasks.suspects import in_values, suspects

CODE = {"name": "code", "mountPath": "/app/tomorrows/migrate.py", "subPath": "migrate.py"}
VOLUME = {"name": "code", "configMap": {"name": "new-code"}}
TMP = {"name": "tmp", "mountPath": "/tmp"}
IN_THE_MOUNT = ('  File "/app/tomorrows/migrate.py", line 3, in <module>', "ValueError: no")


def released(
    level: str = "INFO",
    main: Mapping[str, Any] | None = None,
    volumes: tuple[Mapping[str, Any], ...] = (),
    content: Mapping[str, str] | None = None,
    **migrate: Any,
) -> tuple[Document, ...]:
    """A workload with its migration and the settings of both, named after what is in them."""
    settings = f"shop-api-{'0' * 8}{len(level):02}"
    alike = {
        "image": "team/shop:1",
        "env": [{"name": "LEASE", "value": "30"}],
        "envFrom": [{"configMapRef": {"name": settings}}],
        "volumeMounts": [TMP],
    }
    pod = {
        "initContainers": [
            {"name": "seed", "image": "x"},
            {"name": "migrate", "command": ["m"], **alike, **migrate},
        ],
        "containers": [{"name": "shop-api", **alike, **(main or {})}],
        "volumes": [{"name": "tmp", "emptyDir": {}}, *volumes],
    }
    labels = {"app.kubernetes.io/name": "shop-api"}
    return (
        {"kind": "Deployment", "metadata": {"name": "shop-api"}, "spec": {"template": {"spec": pod}}},
        {
            "kind": "ConfigMap",
            "metadata": {"name": settings, "labels": labels},
            "data": {"LOG_LEVEL": level, "RETRIES": "5" if level.startswith("TWO") else "4"},
        },
        {"kind": "ConfigMap", "metadata": {"name": "new-code"}, "data": dict(content or {"migrate.py": "1"})},
    )


BEFORE = released()
MOUNTED = {"volumeMounts": [TMP, CODE], "volumes": (VOLUME,)}
FAILED = Cause("MigrationFailed", "failed", "shop-api", field="migrations", container="migrate")
IMPORT = Cause("PythonImportError", "unreadable", "shop-api", field="image", container="migrate")
MISSING = Cause("CommandNotFound", "none", "shop-api", field="command", container="migrate")
LATE = Cause("ProgressDeadlineExceeded", "late", "shop-api", field="migrations", container="migrate")
OPEN = (FAILED, IMPORT, MISSING, LATE)


def named(
    cause: Cause,
    new: tuple[Document, ...],
    healthy: tuple[Document, ...] | None = BEFORE,
    *evidence: str,
) -> tuple[str, ...]:
    said = Cause(
        cause.code, cause.message, cause.application, None, evidence, cause.field, container=cause.container
    )
    return suspects(said, healthy or (), healthy[0] if healthy else None, new, new[0])


@pytest.mark.parametrize("cause", OPEN)
def test_a_mount_that_changed_is_named_and_not_the_setting_that_changed_beside_it(cause: Cause) -> None:
    both = released("DEBUG", **MOUNTED)
    assert named(cause, both) == ("volumeMounts[1]", "volumes[1]")
    assert named(cause, both, BEFORE, *IN_THE_MOUNT) == ("volumeMounts[1]", "volumes[1]")


@pytest.mark.parametrize("cause", OPEN)
@pytest.mark.parametrize(
    "main",
    [
        {"command": ["/bin/false"]},
        {"args": ["x"]},
        {"readinessProbe": {"periodSeconds": 1}},
        {"volumeMounts": [TMP, CODE]},
        {"env": [{"name": "LEASE", "value": "99"}]},
    ],
)
def test_what_the_main_container_alone_is_given_is_not_named(cause: Cause, main: Mapping[str, Any]) -> None:
    assert named(cause, released(main=main)) == ()
    assert named(cause, released(main=main, volumes=(VOLUME,))) == (), "nor a volume that it does not mount"


@pytest.mark.parametrize("cause", OPEN)
@pytest.mark.parametrize(
    ("migrate", "fields"),
    [
        ({"image": "team/shop:2"}, ("image.tag",)),
        ({"command": ["n"]}, ("command",)),
        ({"args": ["x"]}, ("args",)),
        ({"env": [{"name": "LEASE", "value": "99"}]}, ("env.LEASE",)),
        ({"volumeMounts": []}, ("volumeMounts",)),
        ({"volumeMounts": [{**TMP, "mountPath": "/app"}]}, ("volumeMounts[0]", "volumeMounts")),
        ({"volumeMounts": [{**TMP, "readOnly": True}]}, ("volumeMounts[0]",)),
    ],
)
def test_what_changed_in_the_init_container_is_named(
    cause: Cause, migrate: dict[str, Any], fields: tuple[str, ...]
) -> None:
    assert named(cause, released(**migrate)) == fields
    assert named(cause, released("DEBUG", **migrate)) == fields, "and not the level beside it"


@pytest.mark.parametrize("cause", OPEN)
def test_a_setting_is_named_where_it_is_the_only_change_that_a_migration_sees(cause: Cause) -> None:
    assert named(cause, released("DEBUG")) == ("logLevel",)
    assert named(cause, released("TWO CHANGES")) == (), "of two that it does not speak of none is likelier"
    unread = {"envFrom": []}
    assert named(cause, released("DEBUG", **unread), released(**unread)) == (), "it does not reach it"


def test_a_setting_that_a_failure_speaks_of_is_named_beside_others_and_one_at_the_deadline_is_not() -> None:
    both = released("TWO CHANGES", **MOUNTED)
    assert named(FAILED, both, BEFORE, "ValueError: LOG_LEVEL")[0] == "logLevel"
    assert "logLevel" not in named(LATE, both, BEFORE, "LOG_LEVEL is TWO CHANGES")
    assert named(FAILED, BEFORE, None, "ValueError: LOG_LEVEL") == ("logLevel",)
    assert named(FAILED, BEFORE, BEFORE, "ValueError: LOG_LEVEL") == ("logLevel",)
    assert named(LATE, BEFORE, None, "LOG_LEVEL is INFO") == ()
    assert named(LATE, BEFORE, BEFORE, "LOG_LEVEL is INFO") == ()


def test_of_an_image_and_a_mount_that_changed_the_traceback_tells_which() -> None:
    both = released(image="team/shop:2", **MOUNTED)
    assert named(IMPORT, both, BEFORE, *IN_THE_MOUNT)[0] == "volumeMounts[1]"
    assert named(IMPORT, both, BEFORE, '  File "/app/tomorrows/migrate.pyc", line 1')[0] == "image.tag"
    assert named(IMPORT, both, BEFORE, '  File "/app/tomorrows/other.py", line 1')[0] == "image.tag"


def test_an_object_behind_a_mount_that_changed_is_named_unless_another_of_its_files_did() -> None:
    ran = released(**MOUNTED)
    again = released("DEBUG", content={"migrate.py": "2"}, **MOUNTED)
    assert named(FAILED, again, ran) == ("ConfigMap/new-code",)
    leased = released(content={"migrate.py": "2"}, env=[{"name": "LEASE", "value": "99"}], **MOUNTED)
    assert named(FAILED, leased, ran, *IN_THE_MOUNT)[0] == "ConfigMap/new-code"
    beside = released(content={"migrate.py": "1", "other.py": "2"}, **MOUNTED)
    assert named(FAILED, beside, ran) == ()


def test_a_volume_behind_a_mount_that_changed_is_named() -> None:
    other = released(**{**MOUNTED, "volumes": ({**VOLUME, "configMap": {"name": "older"}},)})
    assert named(FAILED, other, released(**MOUNTED)) == ("volumes[1]",)


def test_at_an_install_the_mount_is_named_that_a_traceback_ends_in() -> None:
    new = released(**MOUNTED)
    assert named(IMPORT, new, None, *IN_THE_MOUNT) == ("volumeMounts[1]",)
    assert named(IMPORT, new, None, *IN_THE_MOUNT, '  File "/usr/lib/x.py", line 1, in y') == ()
    assert named(IMPORT, new, None) == ()


def test_a_cause_of_the_main_container_or_of_another_is_no_migrations() -> None:
    changed = released(main={"command": ["/bin/false"]}, **MOUNTED)
    own = Cause("PythonImportError", "unreadable", "shop-api", field="image")
    assert named(own, changed) == ("command",)
    unreachable = Cause("MigrationFailed", "x", "shop-api", field="env.DATABASE_URL", container="migrate")
    assert named(unreachable, changed) == (), "it knows better"


def test_what_a_migration_runs_is_no_value_so_its_image_is_told_for_a_program_that_is_missing() -> None:
    assert in_values(MISSING, BEFORE, BEFORE[0]) == "image"
    assert in_values(FAILED, BEFORE, BEFORE[0]) == "migrations"
    own = Cause("CommandNotFound", "none", "shop-api", field="command")
    assert in_values(own, BEFORE, BEFORE[0]) == "command"
