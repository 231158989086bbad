"""servicemonitor.yaml: what Prometheus reads, behind a switch."""

import pytest


@pytest.mark.off
def test_it_is_off_unless_asked_for(render) -> None:
    assert not render(environment="prod").all("ServiceMonitor")
    text = "monitoring: {serviceMonitor: {enabled: true}}\n"
    release = render(text, "applications.my-tomorrows-worker.service.enabled=false")
    assert list(release.all("ServiceMonitor")) == ["my-tomorrows-api"]


@pytest.mark.on
def test_it_reads_the_metrics_of_each_service(render) -> None:
    release = render("monitoring: {serviceMonitor: {enabled: true}}\n", environment="prod")
    assert sorted(release.all("ServiceMonitor")) == sorted(release.all("Service"))
    selector = release.one("ServiceMonitor")["spec"]["selector"]["matchLabels"]
    assert selector.items() <= release.one("Service")["metadata"]["labels"].items()


@pytest.mark.override
def test_labels_and_interval_are_values(render) -> None:
    release = render(
        "monitoring: {labels: {release: kube}, serviceMonitor: {enabled: true, interval: 15s}}\n"
    )
    labels = release.one("ServiceMonitor")["metadata"]["labels"]
    assert (labels["release"], labels["app.kubernetes.io/name"]) == ("kube", "my-tomorrows-api")
    (endpoint,) = release.one("ServiceMonitor")["spec"]["endpoints"]
    assert endpoint == {"port": "http", "path": "/metrics", "interval": "15s"}


@pytest.mark.bad
@pytest.mark.parametrize("text", ["{interval: soon}", "{enabled: 1}", "{intervall: 1s}"])
def test_a_monitor_that_cannot_be_is_refused(refused, text: str) -> None:
    assert "monitoring.serviceMonitor" in refused(f"monitoring: {{serviceMonitor: {text}}}\n", line=1)


def test_prometheus_may_read_what_it_is_told_to_read(render) -> None:
    text = "monitoring: {namespace: metrics, serviceMonitor: {enabled: true}}\n"
    (rule,) = render(text, environment="prod").one("NetworkPolicy")["spec"]["ingress"]
    peer = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "metrics"}}}
    assert peer in rule["from"]
    (rule,) = render(environment="prod").one("NetworkPolicy")["spec"]["ingress"]
    assert peer not in rule["from"]
