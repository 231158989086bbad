"""Containers: what they declare, and what is refused."""

import pytest

from flaskship.engines.local.spec import ContainerPort, Mount, Resources

C = "Deployment/web: spec.template.spec.containers[0]"
VOLUME = [{"name": "tmp", "emptyDir": {}}]


def test_a_container_that_says_nothing(document, deployment):
    main = deployment(document).template.main
    assert (main.name, main.image, main.command, main.args) == ("web", "web:1", None, None)
    assert (main.env, main.ports, main.resources, main.startup) == ((), (), Resources(), None)


@pytest.mark.parametrize(
    ("fields", "attribute", "expected"),
    [
        ({"command": ["a", "b"]}, "command", ("a", "b")),
        ({"command": []}, "command", None),
        ({"args": ["-x"]}, "args", ("-x",)),
        ({"workingDir": "/srv"}, "working_dir", "/srv"),
        ({"ports": [{"containerPort": 5000}]}, "ports", (ContainerPort(5000, None, "TCP"),)),
        (
            {"ports": [{"containerPort": 53, "name": "dns", "protocol": "UDP"}]},
            "ports",
            (ContainerPort(53, "dns", "UDP"),),
        ),
        (
            {"resources": {"limits": {"cpu": "500m", "memory": "128Mi"}}},
            "resources",
            Resources(128 * 2**20, 128 * 2**20, 500, 500),
        ),
        (
            {"resources": {"limits": {"cpu": 1}, "requests": {"cpu": 0.25, "memory": "64M"}}},
            "resources",
            Resources(None, 64_000_000, 1000, 250),
        ),
    ],
)
def test_a_field_reaches_the_container(with_container, deployment, fields, attribute, expected):
    assert getattr(deployment(with_container(**fields)).template.main, attribute) == expected


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"name": "Web"}, ".name: 'Web' is no name here"),
        ({"name": "w" * 64}, f".name: '{'w' * 64}' is no name here"),
        ({"image": None}, ".image: is missing"),
        ({"image": ""}, ".image: must not be empty"),
        ({"command": "run"}, ".command: a list is expected, not text"),
        ({"args": ["--port", 5000]}, ".args[1]: text is expected, not a whole number"),
        ({"ports": [{}]}, ".ports[0].containerPort: is missing"),
        ({"ports": [{"containerPort": 0}]}, ".ports[0].containerPort: 0 is too small"),
        ({"ports": [{"containerPort": 65536}]}, ".ports[0].containerPort: 65536 is too large"),
        ({"ports": [{"containerPort": 1, "name": "a_b"}]}, ".ports[0].name: 'a_b' is no port name"),
        ({"ports": [{"containerPort": 1, "name": "80"}]}, ".ports[0].name: '80' is no port name"),
        ({"ports": [{"containerPort": 1, "name": "a" * 16}]}, ".ports[0].name: "),
        ({"ports": [{"containerPort": 1, "protocol": "HTTP"}]}, ".ports[0].protocol: 'HTTP' is none of"),
        (
            {"ports": [{"containerPort": 1, "name": "x"}, {"containerPort": 2, "name": "x"}]},
            ".ports[1].name: 'x' is used twice",
        ),
        ({"resources": {"limits": {"memory": "1 GB"}}}, ".resources.limits.memory: '1 GB' is not a quantity"),
        ({"resources": {"limits": {"cpu": "-1"}}}, ".resources.limits.cpu: '-1' is negative"),
        ({"resources": {"limits": {"cpu": True}}}, ".resources.limits.cpu: a quantity is expected, not true"),
        (
            {"resources": {"limits": {"cpu": "1"}, "requests": {"cpu": "1001m"}}},
            ".resources.requests.cpu: is more than its limit",
        ),
        (
            {"volumeMounts": [{"name": "x", "mountPath": "/x"}]},
            ".volumeMounts[0].name: the pod has no volume named 'x'",
        ),
        (
            {"volumeMounts": [{"name": "x", "mountPath": "x"}]},
            ".volumeMounts[0].mountPath: 'x' is no absolute",
        ),
        ({"restartPolicy": "Perhaps"}, ".restartPolicy: 'Perhaps' is none of"),
    ],
)
def test_what_is_refused(with_container, refuse, fields, sentence):
    assert refuse(with_container(**fields)).startswith(C + sentence)


@pytest.mark.parametrize(
    ("mount", "expected"),
    [
        ({"mountPath": "/tmp/"}, Mount("tmp", "/tmp")),
        ({"mountPath": "/", "readOnly": True}, Mount("tmp", "/", "", True)),
        ({"mountPath": "/x", "subPath": "a/b"}, Mount("tmp", "/x", "a/b")),
        ({"mountPath": "/x", "subPathExpr": "$(POD)"}, Mount("tmp", "/x", sub_path_expr="$(POD)")),
    ],
)
def test_mounts(with_pod, deployment, put, mount, expected):
    made = put(
        with_pod(volumes=VOLUME), "spec/template/spec/containers/0/volumeMounts", [{"name": "tmp", **mount}]
    )
    assert deployment(made).template.main.mounts == (expected,)


@pytest.mark.parametrize(
    ("mounts", "sentence"),
    [
        ([{"mountPath": "/x"}, {"mountPath": "/x/"}], "[1].mountPath: /x is mounted twice"),
        ([{"mountPath": "/x", "subPath": "../a"}], "[0].subPath: '../a' leaves its folder"),
        ([{"mountPath": "/x", "subPath": "/a"}], "[0].subPath: '/a' leaves its folder"),
        ([{"mountPath": "/x", "subPath": "a", "subPathExpr": "b"}], "[0]: subPath and subPathExpr exclude"),
    ],
)
def test_bad_mounts(with_pod, refuse, put, mounts, sentence):
    named = [{"name": "tmp", **mount} for mount in mounts]
    made = put(with_pod(volumes=VOLUME), "spec/template/spec/containers/0/volumeMounts", named)
    assert refuse(made).startswith(f"{C}.volumeMounts{sentence}")


@pytest.mark.parametrize(
    ("pod", "sentence"),
    [
        ({"containers": []}, "containers: is missing"),
        (
            {"containers": [{"name": "a", "image": "x"}, {"name": "a", "image": "x"}]},
            "containers: the name 'a' is",
        ),
        ({"initContainers": [{"name": "web", "image": "x"}]}, "initContainers: the name 'web' is used twice"),
        (
            {"initContainers": [{"name": "i", "image": "x", "livenessProbe": {"exec": {"command": ["a"]}}}]},
            "initContainers[0].livenessProbe: an initContainer that is no sidecar has no probes",
        ),
        (
            {
                "initContainers": [
                    {"name": "i", "image": "x", "lifecycle": {"preStop": {"sleep": {"seconds": 1}}}}
                ]
            },
            "initContainers[0].lifecycle: an initContainer that is no sidecar has no lifecycle hooks",
        ),
        ({"volumes": [{"name": "a"}, {"name": "a"}]}, "volumes: the name 'a' is used twice"),
        ({"terminationGracePeriodSeconds": "30"}, "terminationGracePeriodSeconds: a whole number"),
    ],
)
def test_bad_pods(with_pod, refuse, pod, sentence):
    assert refuse(with_pod(**pod)).startswith(f"Deployment/web: spec.template.spec.{sentence}")


def test_a_sidecar_may_have_probes_and_is_marked(with_pod, deployment):
    sidecar = {
        "name": "proxy",
        "image": "x",
        "restartPolicy": "Always",
        "startupProbe": {"tcpSocket": {"port": 1}},
    }
    [found] = deployment(with_pod(initContainers=[sidecar])).template.init_containers
    assert found.always
    assert found.startup is not None


@pytest.mark.parametrize(("given", "seconds"), [(0, 0), (5, 5), (-3, 1), (None, 30)])
def test_grace_as_kubernetes_counts_it(with_pod, deployment, given, seconds):
    assert deployment(with_pod(terminationGracePeriodSeconds=given)).template.termination_grace == seconds


@pytest.mark.parametrize(
    ("pod", "attribute", "expected"),
    [
        ({"serviceAccountName": "robot"}, "service_account", "robot"),
        ({"serviceAccount": "old"}, "service_account", "old"),
        ({"priorityClassName": "high"}, "priority_class", "high"),
        ({"enableServiceLinks": False}, "service_links", False),
    ],
)
def test_a_field_reaches_the_template(with_pod, deployment, pod, attribute, expected):
    assert getattr(deployment(with_pod(**pod)).template, attribute) == expected
