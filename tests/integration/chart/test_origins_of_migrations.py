"""A migration that fails or hangs leads to the line that changed what it sees, in the project's own chart."""

from dataclasses import replace

import pytest
from tests.integration.chart.drafts import API, WORLD, drawn, line_with

from flaskship.model.location import Location
from flaskship.model.project import Project
from flaskship.model.verdict import Cause, Outcome, Verdict
from flaskship.tasks.causes import Origins
from flaskship.tasks.prepare import Wish, compose

LOUD = f"applications:\n  {API}:\n    logLevel: DEBUG\n"
RUN = "    command:\n      - gunicorn\n      - tomorrows:app\n    probes: {readiness: {periodSeconds: 3}}\n"
MOUNT = """\
    volumeMounts:
      - name: other
        mountPath: /other
      - name: code
        mountPath: /app/tomorrows/migrate.py
        subPath: migrate.py
    volumes:
      - name: other
        emptyDir: {}
      - name: code
        configMap: {name: new-code}
"""
OTHER = "    volumeMounts: [{name: other, mountPath: /other}]\n    volumes: [{name: other, emptyDir: {}}]\n"
OBJECT = """\
extraObjects:
  - apiVersion: v1
    kind: ConfigMap
    metadata: {name: new-code}
    data:
      migrate.py: raise ValueError("no")
"""
FAILED = Cause("MigrationFailed", "failed", API, field="migrations", container="migrate")
UNREADABLE = Cause("PythonImportError", "unreadable", API, field="image", container="migrate")
MISSING = Cause("PythonImportError", "No module named x", API, field="command", container="migrate")
LATE = Cause("ProgressDeadlineExceeded", "late", API, field="migrations", container="migrate")
OPEN = (FAILED, UNREADABLE, MISSING, LATE)
QUIET = LOUD.replace("DEBUG", "INFO")


def led(ours: Project, cause: Cause, ran: str, text: str, *sets: str) -> Location | None:
    healthy = compose(WORLD, drawn(ours, "dev", ran), {}, Wish())
    plan = drawn(ours, "dev", text, *sets)
    return Origins(WORLD, plan, healthy=healthy).explain(Verdict(Outcome.FAILED, (cause,))).causes[0].values


@pytest.mark.parametrize("cause", OPEN)
def test_a_mount_over_its_code_is_named_and_neither_level_nor_command(ours: Project, cause: Cause) -> None:
    found = led(ours, cause, QUIET + OTHER, LOUD + RUN + MOUNT + OBJECT)
    assert found == replace_line(line_with(ours.root / "mine.yaml", "mountPath: /app/tomorrows"), -1)


@pytest.mark.parametrize("cause", OPEN)
def test_the_content_of_what_is_mounted_is_named_where_that_alone_is_new(ours: Project, cause: Cause) -> None:
    ran = QUIET + MOUNT + OBJECT.replace('ValueError("no")', "Nothing")
    found = led(ours, cause, ran, LOUD + RUN + MOUNT + OBJECT)
    assert found == line_with(ours.root / "mine.yaml", "    data:")


@pytest.mark.parametrize("cause", OPEN)
def test_the_volume_behind_a_mount_is_named_where_it_is_another(ours: Project, cause: Cause) -> None:
    found = led(ours, cause, QUIET + MOUNT.replace("new-code", "old-code"), LOUD + RUN + MOUNT)
    assert found == replace_line(line_with(ours.root / "mine.yaml", "{name: new-code}"), -1)


@pytest.mark.parametrize("cause", OPEN)
def test_without_a_change_that_it_sees_the_image_or_the_switch_is_named(ours: Project, cause: Cause) -> None:
    given = QUIET + "    migrations: true\n    image: {tag: '1.0'}\n"
    found = led(ours, cause, given, given + RUN)
    field = "migrations:" if cause.field == "migrations" else "image:"
    assert found == line_with(ours.root / "mine.yaml", field)


@pytest.mark.parametrize("cause", OPEN)
def test_the_level_is_named_where_it_is_the_only_change(ours: Project, cause: Cause) -> None:
    assert led(ours, cause, QUIET, LOUD) == line_with(ours.root / "mine.yaml", "logLevel")


@pytest.mark.parametrize("cause", OPEN)
def test_a_variable_that_the_chart_makes_of_another_value_is_not_looked_for_above(
    ours: Project, cause: Cause
) -> None:
    switched = "    migrations: true\n    image: {tag: '1.0'}\n"
    found = led(ours, cause, QUIET + switched, LOUD + switched + "    service: {targetPort: 5001}\n")
    field = "migrations:" if cause.field == "migrations" else "image:"
    assert found == line_with(ours.root / "mine.yaml", field)


@pytest.mark.parametrize("cause", OPEN)
def test_a_variable_is_named_at_its_own_line(ours: Project, cause: Cause) -> None:
    env = "    env:\n      LEASE: '99'\n"
    found = led(ours, cause, QUIET + env.replace("99", "30"), LOUD + RUN + env)
    assert found == line_with(ours.root / "mine.yaml", "LEASE")


def replace_line(location: Location, by: int) -> Location:
    assert location.line is not None
    return replace(location, line=location.line + by)
