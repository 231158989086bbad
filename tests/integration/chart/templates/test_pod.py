"""_pod.tpl: the hardened pod of an application, the same under a Deployment and a Rollout."""

import pytest

API = "applications:\n  my-tomorrows-api:\n    "


def test_the_image_runs_its_own_command_until_told_otherwise(render) -> None:
    assert "command" not in render().container()
    told = render("", "applications.my-tomorrows-api.command={/bin/false}").container()
    assert told["command"] == ["/bin/false"]
    assert "command" not in render("", "applications.my-tomorrows-api.command={/bin/false}").container(
        "my-tomorrows-worker"
    )


def test_a_digest_pins_the_image_beside_the_tag(render) -> None:
    digest = "sha256:" + "a" * 64
    image = render(API + f"image: {{digest: '{digest}'}}\n").container()["image"]
    assert image == f"cloudandparth/my-demo-app:1.0@{digest}"


@pytest.mark.parametrize("tag", ["1.10", "true", "null", "on"])
def test_a_quoted_tag_stays_text(render, tag: str) -> None:
    assert render(API + f"image: {{tag: '{tag}'}}\n").container()["image"].endswith(f":{tag}")


@pytest.mark.bad
@pytest.mark.parametrize(
    "image", ["{tag: 1.10}", "{tag: on}", "{digest: sha256:abc}", "{repository: ''}", "{tag: ''}"]
)
def test_an_image_that_cannot_be_is_refused(refused, image: str) -> None:
    assert "applications.my-tomorrows-api.image." in refused(API + f"image: {image}\n", line=3)


@pytest.mark.on
def test_the_container_is_restricted(render) -> None:
    for environment in ("dev", "staging", "prod"):
        release = render(environment=environment)
        for name in release.all("Deployment"):
            pod = release.pod(name)
            assert pod["automountServiceAccountToken"] is False
            assert pod["securityContext"]["fsGroup"] == 10001
            for container in (*pod.get("initContainers", ()), *pod["containers"]):
                assert container["securityContext"] == {
                    "runAsNonRoot": True,
                    "runAsUser": 10001,
                    "runAsGroup": 10001,
                    "readOnlyRootFilesystem": True,
                    "allowPrivilegeEscalation": False,
                    "capabilities": {"drop": ["ALL"]},
                    "seccompProfile": {"type": "RuntimeDefault"},
                }
                assert {"name": "tmp", "mountPath": "/tmp"} in container["volumeMounts"]
                assert container["resources"]["limits"]["memory"]


@pytest.mark.on
def test_the_probes_ask_the_named_port(render) -> None:
    container = render().container()
    assert container["ports"] == [{"name": "http", "containerPort": 5000, "protocol": "TCP"}]
    for kind, path in (("startup", "/startup"), ("readiness", "/ready"), ("liveness", "/health")):
        assert container[f"{kind}Probe"]["httpGet"] == {"path": path, "port": "http"}
    assert container["readinessProbe"]["periodSeconds"] == 1


@pytest.mark.override
def test_a_probe_can_be_off_and_its_numbers_changed(render) -> None:
    probes = "probes: {liveness: {enabled: false}, readiness: {periodSeconds: 9, initialDelaySeconds: 3}}\n"
    container = render(API + probes).container()
    assert "livenessProbe" not in container
    assert container["readinessProbe"]["periodSeconds"] == 9
    assert container["readinessProbe"]["initialDelaySeconds"] == 3


def test_a_probe_path_without_slash_is_refused(refused) -> None:
    assert "probes.readiness.path" in refused(API + "probes: {readiness: {path: ready}}\n", line=3)


def test_the_last_requests_have_time_to_finish(render) -> None:
    for environment in ("dev", "staging", "prod"):
        release = render(environment=environment)
        for name in release.all("Deployment"):
            pod = release.pod(name)
            sleep = pod["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
            graceful = int(release.settings(name)["GRACEFUL_TIMEOUT"])
            assert pod["terminationGracePeriodSeconds"] >= sleep + graceful + 5


def test_a_grace_period_that_would_kill_requests_is_refused_with_the_sum(refused) -> None:
    message = refused(API + "preStopSeconds: 20\n    gracefulTimeoutSeconds: 30\n")
    assert "15 is less than preStopSeconds 20 + gracefulTimeoutSeconds 30 + 5 = 55" in message
    assert "raise it to 55" in message


@pytest.mark.off
def test_no_seconds_before_the_end_render_no_hook(render) -> None:
    assert "lifecycle" not in render(API + "preStopSeconds: 0\n").container()
    assert "lifecycle" in render(API + "preStopSeconds: 1\n").container()


@pytest.mark.override
def test_env_of_the_application_wins(render) -> None:
    env = render(
        API + "env: {APP_NAME: other, COUNT: 1000000, DEBUG: true, DATABASE_URL: 'sqlite://'}\n"
    ).env()
    assert (env["APP_NAME"], env["COUNT"], env["DEBUG"]) == ("other", "1000000", "true")
    assert env["DATABASE_URL"] == "sqlite://"


def test_env_may_come_from_elsewhere(render) -> None:
    source = {"fieldRef": {"fieldPath": "spec.nodeName"}}
    text = API + "env: {NODE: {valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}}\n"
    assert render(text).env()["NODE"] == source


@pytest.mark.bad
@pytest.mark.parametrize("env", ["{A-B: x}", "{A: 1.5}", "{A: [x]}", "{A: {from: x}}", "[A]"])
def test_an_environment_that_cannot_be_is_refused(refused, env: str) -> None:
    assert "applications.my-tomorrows-api.env" in refused(API + f"env: {env}\n", line=3)


def test_no_pod_address_is_set(render) -> None:
    assert "POD_IP" not in render(environment="prod").rendered.manifests


@pytest.mark.on
def test_the_database_is_migrated_first_by_those_that_use_it(render) -> None:
    release = render(environment="prod")
    for name in ("api", "worker", "admin"):
        (migrate,) = release.pod(f"my-tomorrows-{name}")["initContainers"]
        assert (migrate["name"], migrate["command"]) == ("migrate", ["python", "-m", "tomorrows.migrate"])
        assert migrate["image"] == release.container(f"my-tomorrows-{name}")["image"]
    assert "initContainers" not in release.pod("my-tomorrows-monitoring")


@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
def test_a_migration_gives_up_before_the_deadline_would_speak_for_it(render, environment: str) -> None:
    release = render(environment=environment)
    own = 60.0  # what `python -m tomorrows.migrate` waits where nothing is set
    migrating = [
        name
        for name in release.all("Deployment")
        if "migrate" in [one["name"] for one in release.pod(name).get("initContainers", ())]
    ]
    assert {"my-tomorrows-api", "my-tomorrows-worker"} <= set(migrating)
    for name in migrating:
        given = float(release.settings(name).get("MIGRATE_TIMEOUT", own))
        # The start, the last try and the verdict take their part of the deadline, too.
        assert given + 20 <= release.one("Deployment", name)["spec"]["progressDeadlineSeconds"]


@pytest.mark.override
@pytest.mark.parametrize(("name", "amount"), [("nvidia.com/gpu", 1), ("hugepages-2Mi", "4Mi")])
def test_a_migration_takes_no_devices_and_no_huge_pages(render, name: str, amount: object) -> None:
    release = render(API + f"resources: {{requests: {{{name}: {amount}}}, limits: {{{name}: {amount}}}}}\n")
    (migrate,), served = release.pod()["initContainers"], release.container()["resources"]
    for part in ("requests", "limits"):
        assert served[part].pop(name) == amount
    # Everything else is the same.
    assert migrate["resources"] == served != {}


@pytest.mark.off
def test_migrations_can_be_off(render) -> None:
    assert "initContainers" not in render(API + "migrations: false\n").pod()


def test_an_init_container_of_ones_own_follows(render) -> None:
    pod = render(API + "initContainers: [{name: mine, image: x}]\n").pod()
    assert [container["name"] for container in pod["initContainers"]] == ["migrate", "mine"]


@pytest.mark.override
def test_what_a_pod_may_still_need(render) -> None:
    text = (
        API + "podLabels: {team: a}\n    podAnnotations: {note: '1'}\n    nodeSelector: {disk: ssd}\n"
        "    volumes: [{name: x, emptyDir: {}}]\n    volumeMounts: [{name: x, mountPath: /x}]\n"
        "    args: ['--on']\n    envFrom: [{secretRef: {name: s}}]\n    image: {pullSecrets: [r]}\n"
    )
    release = render(text)
    template = release.one("Deployment")["spec"]["template"]
    assert template["metadata"]["labels"]["team"] == "a"
    assert template["metadata"]["annotations"] == {"note": "1"}
    assert template["spec"]["nodeSelector"] == {"disk": "ssd"}
    assert template["spec"]["imagePullSecrets"] == [{"name": "r"}]
    assert {"name": "x", "emptyDir": {}} in template["spec"]["volumes"]
    assert {"name": "x", "mountPath": "/x"} in release.container()["volumeMounts"]
    assert release.container()["args"] == ["--on"]
    assert release.container()["envFrom"][-1] == {"secretRef": {"name": "s"}}


INJECTED = "instrumentation.opentelemetry.io/inject-python"
SIGNALS = "aws: {applicationSignals: true}"


def annotations(release, name: str = "my-tomorrows-api", kind: str = "Deployment") -> dict[str, str]:
    found: dict[str, str] = release.one(kind, name)["spec"]["template"]["metadata"].get("annotations", {})
    return found


@pytest.mark.on
def test_who_is_traced_asks_for_the_instrumentation_under_its_own_name(render) -> None:
    release = render(API + SIGNALS + "\n")
    assert annotations(release) == {INJECTED: "true"}
    env = release.env()
    assert env["OTEL_SERVICE_NAME"] == "my-tomorrows-api"
    assert env["OTEL_AWS_PYTHON_DEFER_TO_WORKERS_ENABLED"] == "true"
    assert env["OTEL_AWS_SERVICE_EVENTS_ENABLED"] == "false"
    for environment in ("staging", "prod"):
        release = render(environment=environment)
        for name in release.all("Deployment"):
            assert annotations(release, name)[INJECTED] == "true"
            assert release.env(name)["OTEL_SERVICE_NAME"] == name


@pytest.mark.off
def test_nothing_is_asked_for_where_nobody_is_traced(render) -> None:
    for release in (render(), render("defaults: {aws: {applicationSignals: false}}\n", environment="prod")):
        assert "opentelemetry" not in release.rendered.manifests
        assert "OTEL_" not in release.rendered.manifests


@pytest.mark.override
def test_what_an_application_says_itself_of_its_tracing_wins(render) -> None:
    own = f"podAnnotations: {{{INJECTED}: 'false', team: blue}}"
    env = "env: {OTEL_SERVICE_NAME: shop, OTEL_AWS_SERVICE_EVENTS_ENABLED: 'true'}"
    release = render(f"{API}{SIGNALS}\n    {own}\n    {env}\n")
    assert annotations(release) == {INJECTED: "false", "team": "blue"}
    assert release.env()["OTEL_SERVICE_NAME"] == "shop"
    assert release.env()["OTEL_AWS_SERVICE_EVENTS_ENABLED"] == "true"
    beside = render(f"{API}{SIGNALS}\n    podAnnotations: {{team: blue}}\n")
    assert annotations(beside) == {INJECTED: "true", "team": "blue"}


@pytest.mark.on
def test_a_rollout_is_traced_under_its_own_name_too(render) -> None:
    release = render(API + SIGNALS + "\n    strategy: {type: Canary}\n")
    assert annotations(release, kind="Rollout") == {INJECTED: "true"}
    (container,) = release.one("Rollout")["spec"]["template"]["spec"]["containers"]
    assert {"name": "OTEL_SERVICE_NAME", "value": "my-tomorrows-api"} in container["env"]


@pytest.mark.bad
@pytest.mark.parametrize("value", ["'true'", "1", "{enabled: true}"])
def test_tracing_that_is_neither_on_nor_off_is_refused(refused, value: str) -> None:
    text = f"{API}aws: {{applicationSignals: {value}}}\n"
    assert "applications.my-tomorrows-api.aws.applicationSignals" in refused(text, line=3)
