"""namespace.yaml: the labels of the restricted standard, where the chart owns the namespace."""

import pytest


@pytest.mark.on
def test_the_namespace_is_made_on_demand_with_its_labels(render) -> None:
    assert not render().all("Namespace")
    namespace = render("namespace: {create: true}\n").one("Namespace", "my-app-dev")
    for mode in ("enforce", "audit", "warn"):
        assert namespace["metadata"]["labels"][f"pod-security.kubernetes.io/{mode}"] == "restricted"
    assert namespace["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"


@pytest.mark.override
def test_behind_an_aws_load_balancer_pods_wait_until_it_sends_to_them(render) -> None:
    gate = "elbv2.k8s.aws/pod-readiness-gate-inject"
    made = render("namespace: {create: true}\n", environment="prod").one("Namespace", "my-app-prod")
    assert made["metadata"]["labels"][gate] == "enabled"
    other = render("namespace: {create: true}\ningress: {className: nginx}\n", environment="prod")
    assert gate not in other.one("Namespace", "my-app-prod")["metadata"]["labels"]


@pytest.mark.off
def test_somebody_else_makes_it(render) -> None:
    for environment in ("dev", "staging", "prod"):
        assert not render(environment=environment).all("Namespace")


@pytest.mark.bad
@pytest.mark.parametrize("text", ["{create: 'yes'}", "{creat: true}", "[]"])
def test_a_namespace_that_cannot_be_is_refused(refused, text: str) -> None:
    assert "namespace" in refused(f"namespace: {text}\n", line=1)
