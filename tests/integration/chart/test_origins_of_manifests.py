"""Causes and refusals lead into plain manifests and into extraObjects, where no value of ours set them."""

from dataclasses import replace

import pytest
from tests.integration.chart.drafts import MOUNTED, WORLD, blamed, drawn, line_with

from flaskship.engines.local.manifests.blind_spots import ignored_of
from flaskship.model.errors import (
    About,
    ConfigurationError,
    PortConflictError,
    PreflightError,
)
from flaskship.model.location import Location
from flaskship.model.project import Project
from flaskship.model.verdict import Cause, Outcome, Verdict
from flaskship.tasks.causes import Origins
from flaskship.tasks.prepare import Wish, compose


@pytest.mark.parametrize(
    ("code", "field", "path", "line"),
    [
        ("CommandNotFound", "command", "containers[1].command", 12),
        ("ImagePullFailed", "image", "containers[1].image", 11),
        ("ReadinessFailed", "probes.readiness", "containers[1].readinessProbe", 10),
        ("ConfigMapMissing", "envFrom", "containers[1].envFrom[0].configMapRef.name", 14),
    ],
)
def test_where_no_value_set_it_the_manifest_says_so(
    plain: Project, code: str, field: str, path: str, line: int
) -> None:
    found = blamed(drawn(plain), Cause(code, "ConfigMap 'flags' is not in this release.", "web", field=field))
    assert found.values is None
    assert found.manifest is not None
    assert (found.manifest.object, found.manifest.field) == ("Deployment/web", f"spec.template.spec.{path}")
    assert found.manifest.location == Location(plain.chart / "templates/web.yaml", line)


def test_a_port_of_a_plain_manifest_is_found_in_it(plain: Project) -> None:
    refused = PortConflictError("taken", about=About("Service", "web", "nodePort"))
    Origins(WORLD, drawn(plain)).explain_refusal(refused)
    assert refused.location == line_with(plain.chart / "templates/web.yaml", "ports:")


EXTRA = """\
extraObjects:
  - apiVersion: v1
    kind: Service
    metadata: {name: beside}
    spec:
      type: NodePort
      ports:
        - {port: 80, nodePort: 30099}
  - apiVersion: apps/v1
    kind: Deployment
    metadata: {name: beside}
    spec:
      selector: {matchLabels: {app: beside}}
      template:
        metadata: {labels: {app: beside}}
        spec:
          containers:
            - name: beside
              image: cloudandparth/my-demo-app:1.0
              command: [nope]
              envFrom:
                - configMapRef: {name: flags}
                - secretRef: {name: nowhere}
              env:
                - name: COLOUR
                  value: blue
                - name: TONE
                  valueFrom:
                    configMapKeyRef:
                      name: said
                      key: tone
          volumes:
            - name: files
              secret:
                secretName: files
                items:
                  - {key: a, path: a}
                  - {key: b, path: b}
"""


@pytest.mark.parametrize(
    ("code", "message", "field", "words"),
    [
        ("CommandNotFound", "no nope", "command", "command: [nope]"),
        ("ImagePullFailed", "no such", "image", "image:"),
        ("ConfigMapMissing", "ConfigMap 'flags' is not in this release.", "envFrom", "name: flags"),
        ("VariableInvalid", "COLOUR", "env.COLOUR", "name: COLOUR"),
        ("KeyMissing", "Secret 'files' has no key 'b'; it has a. Add.", "volumes.files", "key: b,"),
        ("SecretMissing", "Secret 'files' is not in this release.", "volumes.files", "secretName: files"),
        ("KeyMissing", "ConfigMap 'said' has no key 'tone'; it has none. Add.", "env.TONE", "key: tone"),
        ("ReadinessFailed", "503", "probes.readiness", "- name: beside"),
        ("ProgressDeadlineExceeded", "late", "progressDeadlineSeconds", "    spec:"),
        ("ProgressDeadlineExceeded", "late", None, "metadata: {name: beside}"),
    ],
)
def test_a_cause_of_an_extra_object_leads_to_the_field_of_it_that_is_to_blame(
    ours: Project, code: str, message: str, field: str | None, words: str
) -> None:
    plan = drawn(ours, "dev", EXTRA)
    found = blamed(plan, Cause(code, message, "beside", field=field)).values
    lines = EXTRA.splitlines()
    deployment = lines.index("  - apiVersion: apps/v1")
    line = next(n for n, text in enumerate(lines, 1) if n > deployment and words in text)
    assert found == Location(ours.root / "mine.yaml", line)


def test_what_changed_in_an_extra_object_is_blamed_for_its_end(ours: Project) -> None:
    ran = replace(drawn(ours, "dev", EXTRA.replace("value: blue", "value: green")))
    healthy = compose(WORLD, ran, {}, Wish())
    plan = drawn(ours, "dev", EXTRA)
    origins = Origins(WORLD, plan, healthy=healthy)
    cause = Cause("ExitCode", "it ended with 3", "beside", field="command")
    found = origins.explain(Verdict(Outcome.FAILED, (cause,))).causes[0].values
    assert found == line_with(ours.root / "mine.yaml", "name: COLOUR")


@pytest.mark.parametrize(
    ("about", "words"),
    [
        (About("Service", "beside", "nodePort"), "ports:"),
        (About("Secret", "nowhere"), "name: nowhere"),
        (About("Deployment", "beside", "resources.limits.memory"), "- name: beside"),
    ],
)
def test_a_refusal_of_an_extra_object_leads_into_it(ours: Project, about: About, words: str) -> None:
    refused = PreflightError("no", about=about)
    Origins(WORLD, drawn(ours, "dev", EXTRA)).explain_refusal(refused)
    assert refused.location == line_with(ours.root / "mine.yaml", words)


UNREADABLE = """\
extraObjects:
  - apiVersion: apps/v1
    kind: Deployment
    metadata:
      name: beside
      labels:
        app: beside
        team.example.org/on.call: on
    spec:
      selector:
        matchLabels:
          app: y
      template:
        metadata: {labels: {app: y}}
        spec:
          containers:
            - name: beside
              image: cloudandparth/my-demo-app:1.0
              ports:
                - name: web
                  containerPort: 70000
"""
FIRST, SECOND, THIRD = "org/on.call: on", "app: y", "containerPort: 70000"


@pytest.mark.parametrize(
    ("right", "words", "told"),
    [
        ((), FIRST, "metadata.labels.team.example.org/on.call: text is expected"),
        ((FIRST,), f"          {SECOND}", "spec.selector.matchLabels.app: text is expected"),
        ((FIRST, SECOND), THIRD, "spec.template.spec.containers[0].ports[0].containerPort: "),
    ],
)
def test_a_manifest_that_this_machine_cannot_read_is_refused_at_its_line(
    ours: Project, right: tuple[str, ...], words: str, told: str
) -> None:
    text = UNREADABLE
    for one in right:
        key, _, value = one.partition(": ")
        text = text.replace(one, f"{key}: '{value}'")
    plan = drawn(ours, "dev", text)
    with pytest.raises(ConfigurationError) as refused:
        ignored_of(plan.rendered.documents)
    Origins(WORLD, plan).explain_refusal(refused.value)
    assert told in refused.value.message
    assert refused.value.location == line_with(ours.root / "mine.yaml", words)


@pytest.mark.parametrize(
    ("text", "words", "told"),
    [
        (EXTRA.replace("30099", "30080"), None, "30080 belongs to Service/beside already"),
        (MOUNTED.replace("path: b", "path: ../b"), "path: ../b", "items[1].path: "),
    ],
)
def test_what_this_machine_cannot_read_of_an_application_leads_to_the_value_that_brought_it(
    ours: Project, text: str, words: str | None, told: str
) -> None:
    plan = drawn(ours, "dev", text)
    with pytest.raises(ConfigurationError) as refused:
        ignored_of(plan.rendered.documents)
    Origins(WORLD, plan).explain_refusal(refused.value)
    assert told in refused.value.message
    if words is None:
        assert refused.value.location == line_with(ours.chart / "values-dev.yaml", "nodePort: 30080")
    else:
        assert refused.value.location == line_with(ours.root / "mine.yaml", words)


def test_a_plain_manifest_that_this_machine_cannot_read_is_refused_in_its_file(plain: Project) -> None:
    plan = drawn(plain)
    with pytest.raises(ConfigurationError) as refused:
        ignored_of(plan.rendered.documents)
    Origins(WORLD, plan).explain_refusal(refused.value)
    assert "spec.ports[0].nodePort: has no place in a ClusterIP Service" in refused.value.message
    assert refused.value.location == line_with(plain.chart / "templates/web.yaml", "nodePort: 30080")
