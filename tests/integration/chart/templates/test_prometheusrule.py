"""prometheusrule.yaml: alerts on what the applications measure, behind a switch."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ON = "monitoring: {prometheusRule: {enabled: true}}\n"
METRICS = Path(__file__).resolve().parents[4] / "app" / "tomorrows" / "metrics.py"


def alerts(release) -> dict[str, dict[str, dict[str, object]]]:
    spec = release.one("PrometheusRule", "my-app-alerts")["spec"]
    return {group["name"]: {rule["alert"]: rule for rule in group["rules"]} for group in spec["groups"]}


@pytest.mark.off
def test_it_is_off_unless_asked_for(render) -> None:
    assert not render(environment="prod").all("PrometheusRule")


@pytest.mark.on
def test_each_application_has_the_alerts_of_what_it_does(render) -> None:
    found = alerts(render(ON, environment="prod"))
    always = {"ApplicationDown", "RequestsFail", "RequestsSlow"}
    assert set(found["my-tomorrows-monitoring"]) == always
    assert set(found["my-tomorrows-api"]) == always | {"DatabaseUnreachable"}
    assert set(found["my-tomorrows-worker"]) == always | {"DatabaseUnreachable", "RemindersLate"}


def test_it_asks_for_metrics_that_exist_in_the_namespace_of_the_release(render) -> None:
    known = set(re.findall(r'"(tomorrows_\w+)"', METRICS.read_text()))
    for group in alerts(render(ON, environment="prod")).values():
        for rule in group.values():
            expression = str(rule["expr"])
            assert 'namespace="my-app-prod"' in expression
            for name in re.findall(r"tomorrows_\w+", expression):
                assert re.sub("_(total|bucket)$", "", name) in known


@pytest.mark.override
def test_thresholds_and_labels_are_values(render) -> None:
    text = "monitoring: {labels: {release: kube}, prometheusRule: {enabled: true, failedPercent: 1}}\n"
    release = render(text)
    assert release.one("PrometheusRule", "my-app-alerts")["metadata"]["labels"]["release"] == "kube"
    assert str(alerts(release)["my-tomorrows-api"]["RequestsFail"]["expr"]).endswith("> 1")


@pytest.mark.bad
@pytest.mark.parametrize("text", ["{failedPercent: 100}", "{slowMilliseconds: fast}", "{lateSecond: 1}"])
def test_thresholds_that_cannot_be_are_refused(refused, text: str) -> None:
    message = refused(f"monitoring: {{prometheusRule: {text}}}\n", line=1)
    assert "monitoring.prometheusRule." in message


@pytest.mark.on
def test_prometheus_itself_accepts_the_rules(render, tmp_path: Path) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("no promtool on the PATH: Debian has it in its package prometheus")
    file = tmp_path / "rules.json"
    file.write_text(json.dumps(render(ON, environment="prod").one("PrometheusRule", "my-app-alerts")["spec"]))
    done = subprocess.run(
        [promtool, "check", "rules", file], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
