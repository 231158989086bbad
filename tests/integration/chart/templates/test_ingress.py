"""ingress.yaml: one Ingress with a rule for each exposed application."""

import pytest

PREFIX = "alb.ingress.kubernetes.io/"
CERTIFICATE = "arn:aws:acm:us-west-2:111122223333:certificate/x"


def hosts(release) -> dict[str, str]:
    rules = release.one("Ingress", "my-app-ingress")["spec"]["rules"]
    return {rule["host"]: rule["http"]["paths"][0]["backend"]["service"]["name"] for rule in rules}


@pytest.mark.on
def test_prod_exposes_api_and_admin(render) -> None:
    assert hosts(render(environment="prod")) == {
        "api.mytomorrows.com": "my-tomorrows-api",
        "admin.mytomorrows.com": "my-tomorrows-admin",
    }


@pytest.mark.on
def test_the_load_balancer_is_told_what_it_needs(render) -> None:
    ingress = render(environment="prod").one("Ingress", "my-app-ingress")
    annotations = ingress["metadata"]["annotations"]
    assert ingress["spec"]["ingressClassName"] == "alb"
    assert annotations[PREFIX + "target-type"] == "ip"
    assert annotations[PREFIX + "listen-ports"] == '[{"HTTP":80},{"HTTPS":443}]'
    assert annotations[PREFIX + "ssl-redirect"] == "443"
    assert annotations[PREFIX + "healthcheck-path"] == "/ready"
    assert annotations[PREFIX + "healthcheck-interval-seconds"] == "30"
    assert annotations[PREFIX + "healthcheck-timeout-seconds"] == "5"
    assert PREFIX + "certificate-arn" not in annotations


@pytest.mark.off
def test_dev_has_none_and_none_is_made_for_nobody(render) -> None:
    assert not render().all("Ingress")
    off = "ingress: {enabled: true}\nroles: {api: {ingress: {enabled: false}}}\n"
    assert not render(off).all("Ingress")


@pytest.mark.override
def test_another_class_gets_a_plain_ingress(render) -> None:
    text = "ingress: {className: nginx, tlsSecret: cert, annotations: {a: b}}\n"
    ingress = render(text, environment="staging").one("Ingress", "my-app-ingress")
    assert ingress["metadata"]["annotations"] == {"flaskship.dev/writer": "cli", "a": "b"}
    assert ingress["spec"]["ingressClassName"] == "nginx"
    assert ingress["spec"]["tls"][0]["secretName"] == "cert"
    assert ingress["spec"]["tls"][0]["hosts"] == list(hosts(render(environment="staging")))


@pytest.mark.override
def test_ones_own_annotation_wins(render) -> None:
    text = f"ingress: {{annotations: {{{PREFIX}scheme: internal}}, certificateArn: '{CERTIFICATE}'}}\n"
    annotations = render(text, environment="prod").one("Ingress", "my-app-ingress")["metadata"]["annotations"]
    assert annotations[PREFIX + "scheme"] == "internal"
    assert annotations[PREFIX + "certificate-arn"] == CERTIFICATE


@pytest.mark.override
def test_a_host_may_be_said_whole(render) -> None:
    text = "applications:\n  my-tomorrows-api: {ingress: {host: www.example.org}}\n"
    assert "www.example.org" in hosts(render(text, environment="prod"))


@pytest.mark.bad
def test_a_host_is_given_once(refused) -> None:
    text = "applications:\n  my-tomorrows-api:\n    ingress: {host: admin.mytomorrows.com}\n"
    message = refused(text, environment="prod", line=3)
    assert "the host admin.mytomorrows.com is taken by my-tomorrows-admin already" in message


@pytest.mark.bad
def test_a_service_that_is_off_cannot_be_exposed(refused) -> None:
    text = "applications:\n  my-tomorrows-api:\n    service: {enabled: false}\n"
    assert "exposes a service that is off" in refused(text, environment="prod")


@pytest.mark.bad
@pytest.mark.parametrize(
    "ingress", ["{domain: 'a b'}", "{scheme: public}", "{enabled: 'yes'}", "{clasName: x}"]
)
def test_an_ingress_that_cannot_be_is_refused(refused, ingress: str) -> None:
    assert "ingress." in refused(f"ingress: {ingress}\n", line=1)


ATTRIBUTES = PREFIX + "target-group-attributes"
LONG = f"{{{ATTRIBUTES}: 'stickiness.enabled=true,deregistration_delay.timeout_seconds=300'}}"


@pytest.mark.bad
def test_the_delay_is_no_annotation_which_nobody_would_judge(refused) -> None:
    message = refused(f"ingress:\n  annotations: {LONG}\n", environment="prod", line=2)
    assert "ingress.annotations: " in message
    assert "set deregistrationDelaySeconds under ingress" in message
    text = f"applications:\n  my-tomorrows-api:\n    service: {{annotations: {LONG}}}\n"
    message = refused(text, environment="prod", line=3)
    assert "applications.my-tomorrows-api.service.annotations" in message
    assert "set deregistrationDelaySeconds under ingress" in message


@pytest.mark.override
def test_ones_own_attributes_keep_the_delay(render) -> None:
    own = f"{{{ATTRIBUTES}: stickiness.enabled=true}}"
    text = (
        f"ingress: {{annotations: {own}}}\n"
        f"applications:\n  my-tomorrows-api:\n    service: {{annotations: {own}}}\n"
    )
    release = render(text, environment="prod")
    for kind, name in (("Ingress", "my-app-ingress"), ("Service", "my-tomorrows-api")):
        said = release.one(kind, name)["metadata"]["annotations"][ATTRIBUTES]
        assert said == "deregistration_delay.timeout_seconds=15,stickiness.enabled=true"


def test_what_no_load_balancer_of_aws_reads_is_left_alone(render) -> None:
    text = f"ingress: {{className: nginx, annotations: {LONG}}}\n"
    ingress = render(text, environment="staging").one("Ingress", "my-app-ingress")
    assert ingress["metadata"]["annotations"][ATTRIBUTES].endswith("=300")


LISTEN = PREFIX + "listen-ports"
# annotations that contradict what the chart makes -> the sentence's essence
CONTRADICTIONS = {
    f"{{{PREFIX}target-type: instance}}": "target-type: instance leads to nodes",
    f"{{{PREFIX}healthcheck-path: /nonexistent}}": "set path under probes, readiness",
    f"{{{PREFIX}healthcheck-port: web}}": "web is no port",
    f"{{{PREFIX}healthcheck-port: '70000'}}": "70000 is no port",
    f"{{{PREFIX}scheme: bogus}}": "scheme: bogus is none of internal and internet-facing",
    f"{{{PREFIX}ssl-redirect: '8443'}}": "ssl-redirect: nobody listens for HTTPS on port 8443",
    f"{{{LISTEN}: '[{{\"HTTP\":80}}]'}}": "listen-ports: nobody would listen for HTTPS on port 443",
    f"{{{LISTEN}: '[{{\"HTTPS\":8443}}]'}}": "listen-ports: nobody would listen for HTTPS on port 443",
    f"{{{LISTEN}: '[{{\"HTTP\":443}}]'}}": "listen-ports: nobody would listen for HTTPS on port 443",
}


@pytest.mark.bad
@pytest.mark.parametrize("annotations", CONTRADICTIONS)
def test_an_annotation_that_contradicts_the_chart_is_refused_at_its_line(refused, annotations: str) -> None:
    text = f"ingress:\n  annotations: {annotations}\n"
    message = refused(text, environment="prod", line=2)
    assert message.startswith(f"ingress.annotations: {PREFIX}")
    assert CONTRADICTIONS[annotations] in message


@pytest.mark.bad
def test_an_annotation_of_a_service_that_contradicts_its_application_is_refused(refused) -> None:
    own = f"{{annotations: {{{PREFIX}healthcheck-path: /health}}}}"
    text = f"applications:\n  my-tomorrows-api:\n    service: {own}\n"
    assert "set path under probes, readiness" in refused(text, environment="prod", line=3)


@pytest.mark.off
@pytest.mark.parametrize(
    "annotations",
    [
        f"{{{PREFIX}target-type: ip, {PREFIX}healthcheck-path: /ready, {PREFIX}scheme: internal, "
        f"{PREFIX}healthcheck-port: traffic-port}}",
        f"{{{LISTEN}: '[{{\"HTTP\": 80}}, {{\"HTTPS\": 8443}}]', {PREFIX}ssl-redirect: '8443'}}",
        f"{{{PREFIX}group.name: shared, {PREFIX}idle: '60'}}",
    ],
)
def test_annotations_that_agree_with_the_chart_pass(render, annotations: str) -> None:
    assert render(f"ingress: {{annotations: {annotations}}}\n", environment="prod").all("Ingress")


@pytest.mark.override
def test_several_certificates_have_commas_between(render) -> None:
    release = render(f"ingress: {{certificateArn: '{CERTIFICATE},{CERTIFICATE}'}}\n", environment="prod")
    annotations = release.one("Ingress", "my-app-ingress")["metadata"]["annotations"]
    assert annotations[PREFIX + "certificate-arn"] == f"{CERTIFICATE},{CERTIFICATE}"


@pytest.mark.bad
@pytest.mark.parametrize("wrong", ["arn:aws:acm:us-west-2", "arn:aws:acm:us-west-2:1:certificate/x", "x"])
def test_what_is_no_whole_name_of_a_certificate_is_refused(refused, wrong: str) -> None:
    message = refused(f"ingress:\n  certificateArn: '{wrong}'\n", environment="prod", line=2)
    assert "ingress.certificateArn: " in message
