"""deployment.yaml: one Deployment for each enabled application, hardened and complete by its defaults."""

import pytest

API = "applications:\n  my-tomorrows-api:\n    "


def test_an_application_that_says_nothing_is_complete(render) -> None:
    release = render("applications:\n  shop: {}\n")
    assert release.container("shop")["image"] == "cloudandparth/my-demo-app:1.0"
    assert release.env("shop")["APP_ROLE"] == "api"
    assert release.one("Service", "shop")["spec"]["ports"][0]["port"] == 80


def test_an_application_that_is_off_leaves_nothing(render) -> None:
    release = render("", "applications.my-tomorrows-worker.enabled=false")
    assert "my-tomorrows-worker" not in release.rendered.manifests


@pytest.mark.parametrize(
    ("name", "role"),
    [("jobs-worker", "worker"), ("the-admin", "admin"), ("shop", "api"), ("my-thing", "api")],
)
def test_the_role_is_the_last_word_of_the_name(render, name: str, role: str) -> None:
    assert render(f"applications:\n  {name}: {{}}\n").env(name)["APP_ROLE"] == role


def test_the_role_may_be_said(render) -> None:
    assert render("applications:\n  shop: {role: worker}\n").env("shop")["APP_ROLE"] == "worker"


def test_a_role_that_is_not_there_is_refused(refused) -> None:
    assert "there is no role boss; the roles are admin, api, monitoring, worker" in refused(
        API + "role: boss\n", line=3
    )


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


@pytest.mark.parametrize(
    "image", ["{tag: 1.10}", "{tag: on}", "{digest: sha256:abc}", "{repository: ''}", "{tag: ''}"]
)
def test_an_image_that_cannot_be_is_refused(refused, image: str) -> None:
    assert "applications.my-tomorrows-api.image." in refused(API + f"image: {image}\n", line=3)


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


def test_the_probes_ask_the_named_port(render) -> None:
    container = render().container()
    assert container["ports"] == [{"name": "http", "containerPort": 5000, "protocol": "TCP"}]
    for kind, path in (("startup", "/startup"), ("readiness", "/ready"), ("liveness", "/health")):
        assert container[f"{kind}Probe"]["httpGet"] == {"path": path, "port": "http"}
    assert container["readinessProbe"]["periodSeconds"] == 1


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


def test_dev_fails_and_stops_quickly(render) -> None:
    spec = render().one("Deployment")["spec"]
    assert spec["progressDeadlineSeconds"] == 60
    assert spec["template"]["spec"]["terminationGracePeriodSeconds"] == 15


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


@pytest.mark.parametrize("env", ["{A-B: x}", "{A: 1.5}", "{A: [x]}", "{A: {from: x}}", "[A]"])
def test_an_environment_that_cannot_be_is_refused(refused, env: str) -> None:
    assert "applications.my-tomorrows-api.env" in refused(API + f"env: {env}\n", line=3)


def test_no_pod_address_is_set(render) -> None:
    assert "POD_IP" not in render(environment="prod").rendered.manifests


def test_the_database_is_migrated_first_by_those_that_use_it(render) -> None:
    release = render(environment="prod")
    for name in ("api", "worker", "admin"):
        (migrate,) = release.pod(f"my-tomorrows-{name}")["initContainers"]
        assert (migrate["name"], migrate["command"]) == ("migrate", ["python", "-m", "tomorrows.migrate"])
        assert migrate["image"] == release.container(f"my-tomorrows-{name}")["image"]
    assert "initContainers" not in release.pod("my-tomorrows-monitoring")


def test_migrations_can_be_off(render) -> None:
    assert "initContainers" not in render(API + "migrations: false\n").pod()


def test_an_init_container_of_ones_own_follows(render) -> None:
    pod = render(API + "initContainers: [{name: mine, image: x}]\n").pod()
    assert [container["name"] for container in pod["initContainers"]] == ["migrate", "mine"]


def test_the_rolling_update_keeps_all_that_serve(render) -> None:
    assert render().one("Deployment")["spec"]["strategy"] == {
        "type": "RollingUpdate",
        "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0},
    }


def test_percentages_and_recreate(render) -> None:
    percent = render(API + "strategy: {rollingUpdate: {maxSurge: 25%}}\n").one("Deployment")
    assert percent["spec"]["strategy"]["rollingUpdate"]["maxSurge"] == "25%"
    recreate = render(API + "strategy: {type: Recreate}\n").one("Deployment")
    assert recreate["spec"]["strategy"] == {"type": "Recreate"}


def test_replicas_leave_the_template_to_autoscaling(render) -> None:
    assert render().one("Deployment")["spec"]["replicas"] == 1
    assert "replicas" not in render(API + "autoscaling: {enabled: true}\n").one("Deployment")["spec"]


def test_replicas_beside_autoscaling_are_refused(refused) -> None:
    message = refused(API + "autoscaling: {enabled: true}\n    replicas: 3\n", line=4)
    assert "beside autoscaling.enabled two would decide the number" in message


@pytest.mark.parametrize("replicas", ["two", "-1", "1.5", "99999999999999999999", "true"])
def test_replicas_that_are_no_number_are_refused(refused, replicas: str) -> None:
    assert "applications.my-tomorrows-api.replicas" in refused(API + f"replicas: {replicas}\n", line=3)


def test_null_deletes_an_inherited_limit(render) -> None:
    limits = render(API + "resources: {limits: {cpu: null}}\n").container()["resources"]["limits"]
    assert limits == {"memory": "512Mi"}


def test_null_where_the_chart_needs_a_value_is_refused(refused) -> None:
    assert (
        refused(API + "image: null\n", line=3)
        == "applications.my-tomorrows-api.image: is required and missing"
    )


def test_prod_spreads_over_zones_and_ranks_its_workloads(render) -> None:
    release = render(environment="prod")
    (spread,) = release.pod()["topologySpreadConstraints"]
    assert spread["topologyKey"] == "topology.kubernetes.io/zone"
    assert spread["labelSelector"]["matchLabels"]["app.kubernetes.io/name"] == "my-tomorrows-api"
    assert release.pod()["priorityClassName"] == "my-app-critical"
    assert release.pod("my-tomorrows-worker")["priorityClassName"] == "my-app-normal"


def test_a_priority_that_is_not_there_is_refused(refused) -> None:
    text = API + "scheduling: {priority: high}\n"
    assert "there is no class high; priorityClasses.classes has critical, low, normal" in refused(
        text, line=3
    )


def test_spot_tolerates_and_prefers_and_limits_the_grace(render, refused) -> None:
    pod = render(API + "scheduling: {spot: true}\n").pod()
    assert pod["tolerations"][0]["value"] == "SPOT"
    assert pod["affinity"]["nodeAffinity"]
    long = API + "scheduling: {spot: true}\n    terminationGracePeriodSeconds: 300\n"
    assert "two minutes after its notice" in refused(long, line=4)


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


@pytest.mark.parametrize("name", ["on", "yes", "null", "e1", "y"])
def test_names_that_yaml_reads_otherwise_stay_names(render, name: str) -> None:
    assert name in render(f"applications:\n  '{name}': {{}}\n").all("Deployment")


@pytest.mark.parametrize("name", ["My-App", "a" * 53, "-a", "a_b", "ünï", "1a", "a."])
def test_names_that_kubernetes_refuses_are_refused(refused, name: str) -> None:
    assert "applications." in refused(f"applications:\n  '{name}': {{}}\n", line=2)


def test_a_misspelt_key_names_the_nearest(refused) -> None:
    assert "unknown key; did you mean resources?" in refused(API + "resorces: {}\n", line=3)
