"""Values of an application whose pod Kubernetes would refuse: the schema or the check tells each."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.integration.policy.checking import ROOT
from tests.unit.policy.refused_pods import Case, cases

from flaskship.chart.project import load_project
from flaskship.chart.render import render_environment
from flaskship.chart.values import layer_values
from flaskship.model.errors import ConfigurationError
from flaskship.policy.kubernetes.refused import refused
from flaskship.policy.kubernetes.table import load_table
from flaskship.policy.objects import parse_objects

PROJECT = load_project(ROOT)
OWN = frozenset({"volumes", "tolerations", "affinity", "nodeSelector"})
"""The parts of a pod that an application's values hold as they are."""
LIKEWISE = frozenset({"envFrom", "volumeMounts", "resources"})
"""The parts of a container that they hold so."""
KEPT = frozenset({"livenessProbe", "readinessProbe", "startupProbe", "lifecycle"})
"""What a container of its own has only where it stays."""


def values(case: Case) -> dict[str, Any] | None:
    """The case as values of an application; None where they have no place for it."""
    template = case.manifest["spec"]["template"]
    [main, *beside], pod = template["spec"]["containers"] or [{}], dict(template["spec"])
    container = {
        key: value for key, value in main.items() if value != {"name": "main", "image": "a:1"}.get(key)
    }
    if "image" not in main:
        container["image"] = None
    del pod["containers"]
    if beside or not pod.keys() <= OWN:
        return None
    found: dict[str, Any] = pod
    if len(container) == 1 and container.keys() <= LIKEWISE:
        found |= container
        if container.get("resources", {}).keys() & {"requests", "limits"}:
            # Nothing is inherited beside what the case says.
            sides = {side: {"cpu": None, "memory": None} for side in ("requests", "limits")}
            said = container["resources"]
            found["resources"] = said | {side: sides[side] | said.get(side, {}) for side in sides}
    elif len(container) == 1 and "env" in container:
        found["env"] = {one["name"]: {"valueFrom": one.get("valueFrom")} for one in container["env"]}
    elif container:
        stays = {"restartPolicy": "Always"} if container.keys() & KEPT else {}
        found["initContainers"] = [{"name": "first", "image": "a:1", **stays, **container}]
    metadata = template["metadata"]
    for key, called in (("labels", "podLabels"), ("annotations", "podAnnotations")):
        given = {name: value for name, value in metadata.get(key, {}).items() if name != "app"}
        found |= {called: given} if given else {}
    return found or None


PLACED = [(case, given) for case in cases("refused") if (given := values(case))]


@pytest.mark.parametrize(("case", "given"), PLACED, ids=[case.name for case, _ in PLACED])
def test_values_that_make_a_pod_which_a_server_refuses_are_told(
    tmp_path: Path, case: Case, given: dict[str, Any]
) -> None:
    file = tmp_path / "extra.yaml"
    file.write_text(json.dumps({"applications": {"my-tomorrows-api": given}}))
    assert told(file, given)


def told(file: Path, given: dict[str, Any]) -> bool:
    """Whether the schema refuses the file at its line and at a part of it, or the check what it makes."""
    staging = PROJECT.environment("staging")
    try:
        rendered = render_environment(PROJECT, staging, layer_values(PROJECT, staging, (file,)))
    except ConfigurationError as error:
        named = any(error.message.startswith(f"applications.my-tomorrows-api.{part}") for part in given)
        return named and str(error.location) == f"{file}:1"
    objects = parse_objects(tuple(rendered.documents), ())
    return any(True for one in objects for _ in refused(load_table(), one))


def test_there_are_many_of_them() -> None:
    assert len(PLACED) > 100
