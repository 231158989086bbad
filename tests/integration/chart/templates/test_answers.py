"""tests/answers.yaml: helm test asks every application."""

import pytest


@pytest.mark.on
def test_each_application_has_a_test_pod_that_asks_it(render) -> None:
    release = render(environment="prod")
    pods = release.all("Pod")
    assert sorted(pods) == [f"{name}-test" for name in sorted(release.all("Deployment"))]
    pod = pods["my-tomorrows-api-test"]
    assert pod["metadata"]["annotations"]["helm.sh/hook"] == "test"
    assert pod["spec"]["containers"][0]["command"][-3:] == ["my-tomorrows-api", "80", "/health"]
    assert pod["spec"]["restartPolicy"] == "Never"
    assert not render("tests: {enabled: false}\n").all("Pod")


@pytest.mark.on
def test_a_test_reads_whether_it_may_begin_and_promises_its_last_line(render) -> None:
    pod = render().all("Pod")["my-tomorrows-api-test"]
    assert pod["metadata"]["annotations"]["flaskship.dev/begin"] == "now", "helm test lets it begin at once"
    assert pod["spec"]["terminationGracePeriodSeconds"] == 1
    [volume] = pod["spec"]["volumes"]
    [item] = volume["downwardAPI"]["items"]
    assert item["fieldRef"]["fieldPath"] == "metadata.annotations['flaskship.dev/begin']"
    [container] = pod["spec"]["containers"]
    assert container["volumeMounts"] == [
        {"name": volume["name"], "mountPath": "/etc/flaskship", "readOnly": True}
    ]
    program = container["command"][3]
    assert 'open("/etc/flaskship/begin")' in program
    assert program.endswith('print("passed", flush=True)\n')
    assert pod["metadata"]["annotations"]["flaskship.dev/last-line"] == "passed"


@pytest.mark.off
def test_what_has_no_service_is_not_asked(render) -> None:
    assert not render("tests: {enabled: false}\n", environment="prod").all("Pod")
    off = render("", "applications.my-tomorrows-worker.service.enabled=false")
    assert list(off.all("Pod")) == ["my-tomorrows-api-test"]


@pytest.mark.override
def test_it_asks_the_port_and_path_of_the_values(render) -> None:
    text = "{service: {port: 8080}, probes: {liveness: {path: /alive}}, image: {tag: '2'}}"
    pod = render(f"applications: {{my-tomorrows-api: {text}}}\n").all("Pod")["my-tomorrows-api-test"]
    (container,) = pod["spec"]["containers"]
    assert container["command"][-3:] == ["my-tomorrows-api", "8080", "/alive"]
    assert container["image"].endswith(":2")


@pytest.mark.bad
@pytest.mark.parametrize("text", ["{enabled: maybe}", "{enable: true}", "yes please"])
def test_tests_that_cannot_be_are_refused(refused, text: str) -> None:
    assert "tests" in refused(f"tests: {text}\n", line=1)
