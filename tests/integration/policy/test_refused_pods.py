"""Objects of one's own with pods that Kubernetes refuses: flaskship check tells each at its lines."""

from pathlib import Path

import yaml
from tests.integration.policy.checking import check
from tests.unit.policy.refused_pods import cases

UNNAMED = """
extraObjects:
  - apiVersion: v1
    kind: Pod
    metadata: {name: p}
    spec:
      containers:
        - name: c
          image: a:1
          envFrom:
            - configMapRef: {}
          env:
            - {name: A, valueFrom: {secretKeyRef: {key: k}}}
      volumes:
        - {name: v, configMap: {}}
        - {name: w, secret: {}}
        - name: x
          projected: {sources: [{secret: {}}]}
"""
REFUSING = {"invalid-field", "unknown-field", "duplicate-entry"}


def test_every_pod_that_a_server_refused_is_found_among_the_extra_objects(tmp_path: Path) -> None:
    refused, taken = cases("refused"), cases("taken")
    extra = tmp_path / "extra.yaml"
    extra.write_text(yaml.safe_dump({"extraObjects": [case.manifest for case in (*refused, *taken)]}))
    checked = check("dev", "-f", str(extra))
    assert checked.code == 3
    found: dict[str, list[str]] = {}
    for one in checked.open:
        if one["rule"] in REFUSING and one["object"].startswith("Deployment/"):
            found.setdefault(one["object"].partition("/")[2], []).append(one["message"])
            assert one["values"]["file"] == str(extra)
            assert one["values"]["line"] > 1
    for case in refused:
        messages = found.pop(case.manifest["metadata"]["name"])
        assert any(f"{case.at}: {case.says}" in message for message in messages), (case.name, messages)
    assert found == {}


def test_what_has_no_name_is_told_in_one_message_at_its_line(tmp_path: Path) -> None:
    extra = tmp_path / "extra.yaml"
    extra.write_text(UNNAMED.removeprefix("\n"))
    found = check("dev", "-f", str(extra)).open
    told = [one for one in found if one["rule"] in (*REFUSING, "reference-missing")]
    assert [(one["values"]["line"], one["message"].partition(" (")[0]) for one in told] == [
        (10, "spec.containers[0].envFrom[0].configMapRef.name: is required and missing"),
        (12, "spec.containers[0].env[0].valueFrom.secretKeyRef.name: is required and missing"),
        (14, "spec.volumes[0].configMap.name: is required and missing"),
        (15, "spec.volumes[1].secret.secretName: is required and missing"),
        (17, "spec.volumes[2].projected.sources[0].secret.name: is required and missing"),
    ]
