"""Each finding leads to the line of the value to change."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.integration.policy.checking import ROOT, check, flaskship

from flaskship.chart.project import load_project
from flaskship.cli.wiring import real_world
from flaskship.model.location import Location
from flaskship.policy.node import Node
from flaskship.policy.objects import Object
from flaskship.tasks.places import locate


@pytest.mark.parametrize(("environment", "part"), [("dev", "persistence"), ("prod", "secrets")])
def test_a_folder_that_is_mounted_twice_is_told_at_the_value_that_chose_it(
    environment: str, part: str
) -> None:
    found = check(environment, "--set", f"{part}.mountPath=/tmp").of("duplicate-entry")
    assert found
    assert {one["values"]["file"] for one in found} == {f"--set {part}.mountPath=/tmp"}


def test_the_line_of_a_values_file_is_named(tmp_path: Path) -> None:
    extra = tmp_path / "extra.yaml"
    extra.write_text("applications:\n  my-tomorrows-api:\n    image:\n      tag: latest\n")
    [*found] = check("staging", "-f", str(extra)).of("image-tag")
    placed = [one["values"] for one in found if one["object"].startswith("Deployment")]
    assert placed == [{"file": str(extra), "line": 4}] * len(placed)
    assert placed


@pytest.mark.parametrize("key", ["probes.startup.failureThreshold", "probes.startup.periodSeconds"])
def test_a_start_that_was_made_too_long_is_told_where_it_was(key: str) -> None:
    by = f"--set applications.my-tomorrows-api.{key}=3000"
    found = check("prod", *by.split(" ")).of("startup-deadline")
    assert {one["values"]["file"] for one in found} == {by}


def test_a_deadline_that_was_made_too_short_is_told_where_it_was() -> None:
    by = "--set applications.my-tomorrows-api.progressDeadlineSeconds=5"
    found = check("prod", *by.split(" ")).of("startup-deadline")
    assert {one["values"]["file"] for one in found} == {by}


PLACED = """\
applications:
  my-tomorrows-api:
    initContainers:
      - name: warm
        image: warm:1
        resources:
          requests: {cpu: 1m, memory: 1Mi}
    volumes:
      - name: keys
        secret:
          secretName: nobody-makes-it
    autoscaling:
      minReplicas: 1
secrets:
  provider: existing
priorityClasses:
  classes:
    mine: {value: 1, description: x}
"""


@pytest.mark.parametrize(
    ("rule", "message", "line"),
    [
        ("memory-limit", "container warm", 6),
        ("image-digest", "container warm", 5),
        ("privilege-escalation", "container warm", 4),
        ("reference-missing", "nobody-makes-it", 10),
        ("single-replica", "", 13),
    ],
)
def test_the_line_is_that_of_the_value_to_change(tmp_path: Path, rule: str, message: str, line: int) -> None:
    extra = tmp_path / "extra.yaml"
    extra.write_text(PLACED + "policy: {accept: []}\n")
    told = check("prod", "-f", str(extra)).of(rule)
    found = [one for one in told if message in one["message"] and one["application"] == "my-tomorrows-api"]
    assert found
    assert {(one["values"]["file"], one["values"]["line"]) for one in found} == {(str(extra), line)}


def test_a_priority_class_is_placed_where_a_file_names_it(tmp_path: Path) -> None:
    extra = tmp_path / "extra.yaml"
    extra.write_text(PLACED)
    world, project = real_world(), load_project(ROOT)
    layered = world.layer_values(project, project.environment("dev"), [extra], [])
    named = {"kind": "PriorityClass", "metadata": {"name": "my-app-mine"}}
    fault = Object(Node(named), None).fault("is wrong", "metadata.name")
    assert locate(world, layered, fault) == Location(extra, 18)


@pytest.mark.parametrize(
    ("texts", "place"),
    [
        (("networkPolicy: {egress: [{}]}", "webhooks: {deliver: true}"), 1),
        (("webhooks: {deliver: true}", "networkPolicy: {egress: [{}]}"), 1),
        (("networkPolicy: {egress: [{}]}", "webhooks: {deliver: false}"), 0),
        (("webhooks: {deliver: true}", "networkPolicy: {egress: []}"), 0),
        (("database: true", "webhooks: {deliver: true}\n    networkPolicy: {egress: [{}]}"), 1),
    ],
)
def test_of_several_values_the_one_said_last_is_the_place(
    tmp_path: Path, texts: tuple[str, str], place: int
) -> None:
    files = [tmp_path / f"{number}.yaml" for number in range(len(texts))]
    for file, text in zip(files, texts, strict=True):
        file.write_text(f"applications:\n  my-tomorrows-api:\n    {text}\n")
    world, project = real_world(), load_project(ROOT)
    layered = world.layer_values(project, project.environment("prod"), files, [])
    named = {"kind": "NetworkPolicy", "metadata": {"name": "my-tomorrows-api"}}
    fault = Object(Node(named), "my-tomorrows-api").fault("is new", "spec.egress")
    several = replace(fault, candidates=("networkPolicy.egress", "webhooks.deliver"))
    # Of two in one layer the nearer: the list of egress, which stands below here.
    assert locate(world, layered, several) == Location(files[place], 4 if "\n" in texts[place] else 3)


def test_the_digest_of_what_the_tests_run_is_that_of_the_application(tmp_path: Path) -> None:
    extra = tmp_path / "extra.yaml"
    extra.write_text("defaults:\n  image:\n    digest: ''\npolicy: {accept: []}\n")
    found = check("prod", "-f", str(extra)).of("image-digest")
    assert "Pod/my-tomorrows-api-test" in {one["object"] for one in found}
    assert {(one["values"]["file"], one["values"]["line"]) for one in found} == {(str(extra), 3)}


def test_an_extra_object_is_placed_inside_the_file_that_holds_it(tmp_path: Path) -> None:
    extra = tmp_path / "extra.yaml"
    extra.write_text(
        "extraObjects:\n"
        "  - apiVersion: v1\n"
        "    kind: Pod\n"
        "    metadata: {name: odd}\n"
        "    spec:\n"
        "      hostNetwork: true\n"
        "      containers:\n"
        "        - name: odd\n"
        "          image: odd:1\n"
        "          securityContext:\n"
        "            privileged: true\n"
    )
    checked = check("staging", "-f", str(extra))
    assert checked.code == 3
    [network] = checked.of("host-access")
    [privileged] = checked.of("privilege-escalation")
    assert network["values"] == {"file": str(extra), "line": 6}
    assert privileged["values"] == {"file": str(extra), "line": 11}
    assert privileged["application"] is None


def test_a_host_that_an_extra_object_repeats_is_told_at_the_extra_object(tmp_path: Path) -> None:
    extra = tmp_path / "extra.yaml"
    backend = "{service: {name: my-tomorrows-api, port: {name: http}}}"
    extra.write_text(
        "extraObjects:\n"
        "  - apiVersion: networking.k8s.io/v1\n"
        "    kind: Ingress\n"
        "    metadata: {name: another}\n"
        "    spec:\n"
        "      rules:\n"
        "        - host: api.staging.mytomorrows.com\n"
        f"          http: {{paths: [{{path: /, pathType: Prefix, backend: {backend}}}]}}\n"
    )
    (found,) = check("staging", "-f", str(extra)).of("ingress-host")
    assert found["values"] == {"file": str(extra), "line": 7}


def test_a_place_is_told_once(tmp_path: Path) -> None:
    _, out, _ = flaskship("check", "dev", "--set", "persistence.mountPath=/tmp")
    (line,) = [one for one in out.splitlines() if "stands twice" in one and "initContainers" in one][:1]
    assert line.count("volumeMounts[1]") == 1
