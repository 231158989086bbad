"""flaskship check on this repository's own project, rendered by the real Helm."""

import io
import json
import shutil
from pathlib import Path

import pytest
from tests.integration.policy.checking import API, ROOT, check, flaskship

from flaskship.cli.main import run
from flaskship.cli.output import Output


def test_our_environments_pass_and_every_accepted_finding_has_its_reason() -> None:
    checked = check()
    assert checked.open == []
    assert checked.code == 0
    assert checked.document["environments"] == ["dev", "staging", "prod"]
    assert all(len(one["accepted"]) > 20 for one in checked.document["findings"])


@pytest.mark.parametrize(
    ("environment", "setting", "rule"),
    [
        ("staging", f"{API}.image.tag=latest", "image-tag"),
        ("staging", f"{API}.image.pullPolicy=Never", "pull-policy"),
        ("staging", f"{API}.probes.readiness.enabled=false", "readiness-probe"),
        ("staging", f"{API}.probes.liveness.path=/ready", "probe-paths"),
        ("staging", f"{API}.env.DB_PASSWORD=hunter22", "plain-secret"),
        ("staging", f"{API}.pdb.enabled=false", "pdb-missing"),
        ("staging", f"{API}.topologySpread.enabled=false", "topology-spread"),
        ("staging", f"{API}.serviceAccount.create=false", "reference-missing"),
        ("prod", f"{API}.autoscaling.minReplicas=1", "single-replica"),
        ("prod", f"{API}.progressDeadlineSeconds=30", "startup-deadline"),
    ],
)
def test_a_broken_value_is_found_and_named_as_its_origin(environment: str, setting: str, rule: str) -> None:
    checked = check(environment, "--set", setting)
    assert checked.code == 3
    found = checked.of(rule)
    assert found, [one["rule"] for one in checked.open]
    assert {one["application"] for one in found} == {"my-tomorrows-api"}
    assert any(one["values"]["file"].startswith("--set") for one in found), found


def test_without_its_acceptances_prod_fails_and_a_needless_one_fails_too(tmp_path: Path) -> None:
    extra = tmp_path / "extra.yaml"
    extra.write_text("policy:\n  accept:\n    - rule: rbac-wildcard\n      reason: nobody knows any more\n")
    checked = check("prod", "-f", str(extra))
    assert {"image-digest", "single-replica", "acceptance-unused"} <= {one["rule"] for one in checked.open}
    [needless] = checked.of("acceptance-unused")
    assert needless["values"] == {"file": str(extra), "line": 3}


@pytest.mark.parametrize(
    "wrong",
    [
        "{rule: image-tag}",
        "{rule: image-tag, reason: short}",
        "{reason: without a rule it says nothing}",
        "{rule: image-tag, reason: long enough to say, apliccation: x}",
        "image-tag",
    ],
)
def test_an_acceptance_that_lacks_a_part_is_refused_by_the_schema(tmp_path: Path, wrong: str) -> None:
    extra = tmp_path / "extra.yaml"
    extra.write_text(f"policy:\n  accept:\n    - {wrong}\n")
    code, _, err = flaskship("check", "prod", "-f", str(extra))
    assert code == 2
    assert f"{extra}:3" in err
    assert "policy.accept[0]" in err


@pytest.mark.parametrize(
    "sets",
    [
        (f"{API}.strategy.type=Canary",),
        (f"{API}.strategy.type=BlueGreen",),
        ("namespace.create=true",),
        ("monitoring.serviceMonitor.enabled=true",),
        ("priorityClasses.create=true",),
        (f"{API}.vpa.enabled=true",),
        (f"{API}.scheduling.spot=true",),
        (f"{API}.autoscaling.memory.enabled=true",),
        ("ingress.className=nginx", "ingress.tlsSecret=tls"),
        ("secrets.provider=generated", "secrets.generated.database-url=sqlite://"),
        (
            f"{API}.aws.access=true",
            "aws.roleArn=arn:aws:iam::123456789012:role/x",
            "networkPolicy.awsCidrs={10.0.8.0/24}",
        ),
    ],
)
def test_whatever_the_chart_can_render_has_the_fields_of_every_supported_kubernetes(
    sets: tuple[str, ...],
) -> None:
    checked = check("staging", *(word for one in sets for word in ("--set", one)))
    about_fields = ("invalid-field", "unknown-field", "duplicate-entry", "dead-api", "explicit-null")
    assert [one for rule in about_fields for one in checked.of(rule)] == []


def test_sarif_has_a_line_of_this_repository_for_every_result() -> None:
    code, out, _ = flaskship("check", "-o", "sarif")
    assert code == 0
    assert str(ROOT) not in out
    [ran] = json.loads(out)["runs"]
    assert ran["results"]
    for result in ran["results"]:
        place = result["locations"][0]["physicalLocation"]
        lines = (ROOT / place["artifactLocation"]["uri"]).read_text().splitlines()
        assert 1 <= place["region"]["startLine"] <= len(lines)
        assert result["suppressions"][0]["justification"]


def test_an_environment_that_does_not_render_stops_nobody_else(tmp_path: Path) -> None:
    project = tmp_path / "project"
    shutil.copytree(ROOT / "infra", project / "infra")
    (project / "app").mkdir()
    shutil.copy(ROOT / "flaskship.yaml", project)
    broken = project / "infra/helmchart/values-prod.yaml"
    broken.write_text(broken.read_text() + "\nnonsense: 1\n")
    out, err = io.StringIO(), io.StringIO()
    assert run(["check", "dev", "--project", str(project)], output=Output(out, err)) == 0
    assert "warning: prod does not render, so that nothing is compared with it" in err.getvalue()
    compared = ["check", "staging", "--untested-against", "prod", "--project", str(project)]
    assert run(compared, output=Output(io.StringIO(), io.StringIO())) == 2


def test_a_check_that_could_judge_nothing_is_a_report_too() -> None:
    code, out, err = flaskship("check", "dev", "--set", "nonsense=1", "-o", "sarif")
    (one,) = json.loads(out)["runs"]
    assert (code, one["results"]) == (2, [])
    (invocation,) = one["invocations"]
    assert invocation["executionSuccessful"] is False
    assert "nonsense" in invocation["toolExecutionNotifications"][0]["message"]["text"]
    assert err.startswith("error: ")


@pytest.mark.parametrize(
    "words",
    [
        ("check", "prod", "--set", "policy.accept[1].rule=image-tag"),
        ("check", "prod", "--set", "policy.accept=all"),
        ("check", "prod", "--set", "policy=null"),
        ("check", "prod", "--untested-against", "prod"),
        ("check", "prod", "--untested-against", "stagin"),
        ("check", "prod", "-o", "yaml"),
    ],
)
def test_nonsense_ends_with_one_sentence(words: tuple[str, ...]) -> None:
    code, _, err = flaskship(*words)
    assert code in (2, 3), err
    assert err.startswith("error: ")
    assert "an error of its own" not in err
