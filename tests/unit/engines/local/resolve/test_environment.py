"""The variables of a replica: Kubernetes' order, references, and what is local here."""

import pytest

from flaskship.engines.local.resolve import ServiceAddress
from flaskship.engines.local.spec import (
    Configuration,
    Container,
    ContainerPort,
    EnvFrom,
    FieldRef,
    KeyRef,
    Mount,
    PodTemplate,
    ResourceRef,
    Resources,
)


def test_env_beats_env_from_beats_the_image_and_later_beats_earlier(resolve):
    found = resolve(
        ("A", "env"),
        ("A", "env again"),
        env_from=(EnvFrom("ConfigMap", "settings"), EnvFrom("Secret", "keys", "S_")),
        image_env={"A": "image", "B": "image", "C": "image"}.items(),
    )
    assert {key: found.env[key] for key in ("A", "B", "C", "S_A", "S_pin")} == {
        "A": "env again",
        "B": "map",
        "C": "image",
        "S_A": "secret",
        "S_pin": "731946",
    }


def test_a_later_whole_map_beats_an_earlier_one(resolve):
    found = resolve(env_from=(EnvFrom("ConfigMap", "settings"), EnvFrom("Secret", "keys")))
    assert found.env["A"] == "secret"


def test_references_see_what_stands_before_them(resolve):
    found = resolve(
        ("FIRST", "$(SECOND)"),
        ("SECOND", "2"),
        ("THIRD", "$(SECOND)-$(A)-$$(A)"),
        ("LITERAL", KeyRef("ConfigMap", "dollars", "D")),
        env_from=(EnvFrom("ConfigMap", "settings"),),
        around=None,
    )
    assert found.problem is not None
    assert found.problem.code == "ConfigMapMissing"
    found = resolve(
        ("FIRST", "$(SECOND)"),
        ("SECOND", "2"),
        ("THIRD", "$(SECOND)-$(A)-$$(A)"),
        env_from=(EnvFrom("ConfigMap", "settings"),),
    )
    assert found.env["FIRST"] == "$(SECOND)"
    assert found.env["THIRD"] == "2-map-$(A)"


def test_a_referenced_value_is_not_expanded(resolve, context):
    held = {("ConfigMap", "m"): Configuration("ConfigMap", "m", {"D": "$(PATH) $$"})}
    found = resolve(("D", KeyRef("ConfigMap", "m", "D")), around=context(configurations=held))
    assert found.env["D"] == "$(PATH) $$"


def test_a_folder_stands_on_the_path_once(resolve):
    """Two folders of the image can have the one place here."""
    path = "/p/image/venv/bin:/opt/venv/bin:/usr/bin"
    assert resolve(image_env=[("PATH", path)]).env["PATH"] == "/p/image/venv/bin:/usr/bin"


def test_the_image_is_not_seen_by_references(resolve):
    assert resolve(("A", "$(HOME)"), image_env=[("HOME", "/root")]).env["A"] == "$(HOME)"


@pytest.mark.parametrize(
    ("source", "code", "field", "words"),
    [
        (KeyRef("ConfigMap", "gone", "k"), "ConfigMapMissing", "env.X", "'gone'"),
        (KeyRef("Secret", "gone", "k"), "SecretMissing", "env.X", "'gone'"),
        (KeyRef("Secret", "keys", "k"), "KeyMissing", "env.X", "no key 'k'; it has A, pin"),
    ],
)
def test_what_is_missing_is_a_problem_with_its_field(resolve, source, code, field, words):
    problem = resolve(("X", source)).problem
    assert problem is not None
    assert (problem.code, problem.field, problem.terminal) == (code, field, True)
    assert words in problem.message
    assert "731946" not in repr(problem)


@pytest.mark.parametrize("kind", ["ConfigMap", "Secret"])
def test_a_missing_whole_map(resolve, kind):
    problem = resolve(env_from=(EnvFrom(kind, "gone"),)).problem
    assert problem is not None
    assert (problem.code, problem.field) == (f"{kind}Missing", "envFrom")


def test_what_is_optional_may_be_missing(resolve):
    found = resolve(
        ("X", KeyRef("Secret", "gone", "k", optional=True)),
        ("Y", KeyRef("Secret", "keys", "k", optional=True)),
        env_from=(EnvFrom("Secret", "gone", optional=True),),
    )
    assert found.problem is None
    assert not {"X", "Y"} & set(found.env)


def test_a_zero_byte_is_a_problem_and_no_traceback(resolve, context):
    held = {("Secret", "s"): Configuration("Secret", "s", {}, {"k": b"a\0b"})}
    problem = resolve(("X", KeyRef("Secret", "s", "k")), around=context(configurations=held)).problem
    assert problem is not None
    assert (problem.code, problem.field) == ("VariableInvalid", "env.X")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("metadata.name", "web-abc-1"),
        ("metadata.namespace", "shop-dev"),
        ("metadata.uid", "uid-1"),
        ("metadata.labels['tier']", "front"),
        ("metadata.labels['pod-template-hash']", "abc"),
        ("metadata.labels['none']", ""),
        ("metadata.annotations['note']", "api"),
        ("spec.nodeName", "localhost"),
        ("spec.serviceAccountName", "robot"),
        ("status.podIP", "127.9.0.2"),
        ("status.podIPs", "127.9.0.2"),
        ("status.hostIP", "127.0.0.1"),
    ],
)
def test_the_downward_api(resolve, container, context, path, expected):
    template = PodTemplate(
        "abc", (container(),), labels={"tier": "front"}, annotations={"note": "api"}, service_account="robot"
    )
    around = context(labels={"pod-template-hash": "abc"})
    assert resolve(("X", FieldRef(path)), template=template, around=around).env["X"] == expected


@pytest.mark.parametrize(
    ("ref", "expected"),
    [
        (ResourceRef("limits.cpu"), "2"),
        (ResourceRef("limits.cpu", "1m"), "1500"),
        (ResourceRef("requests.cpu"), "1"),
        (ResourceRef("limits.memory"), str(100 * 2**20)),
        (ResourceRef("limits.memory", "1Mi"), "100"),
        (ResourceRef("limits.memory", "1M"), "105"),
        (ResourceRef("requests.memory"), "0"),
        (ResourceRef("limits.memory", "1Mi", "other"), "2048"),
        (ResourceRef("limits.cpu", "1", "other"), "4"),
    ],
)
def test_resources_are_divided_and_rounded_up(resolve, container, context, ref, expected):
    resources = Resources(memory_limit=100 * 2**20, cpu_limit=1500, cpu_request=250)
    main = container(resources=resources)
    template = PodTemplate("h", (main, Container("other", "x")))
    around = context(cpu_millis=4000, memory_bytes=2 * 2**30)
    found = resolve(("X", ref), template=template, around=around, resources=resources)
    assert found.env["X"] == expected


@pytest.mark.parametrize(
    ("ports", "env", "port_map", "expected"),
    [
        ((ContainerPort(5000),), (), {}, "5000"),
        ((ContainerPort(5000),), (), {5000: 41000}, "41000"),
        ((ContainerPort(9, "metrics"), ContainerPort(5000, "http")), (), {}, "5000"),
        ((ContainerPort(9, "a"), ContainerPort(5000, "b")), (), {}, None),
        ((), (), {}, None),
        ((ContainerPort(5000),), (("PORT", "5000"),), {5000: 41000}, "41000"),
        ((ContainerPort(5000),), (("PORT", "7000"),), {5000: 41000}, "7000"),
    ],
)
def test_port(resolve, context, ports, env, port_map, expected):
    found = resolve(*env, ports=ports, around=context(port_map=port_map))
    assert found.env.get("PORT") == expected


def test_the_image_does_not_decide_the_port(resolve):
    assert resolve(image_env=[("PORT", "1")]).env["PORT"] == "5000"


def test_what_is_always_set(resolve):
    env = resolve(("FLASKSHIP_UID", "forged")).env
    assert env["POD_IP"] == "127.9.0.2"
    assert env["FLASKSHIP_UID"] == "uid-1"
    assert env["FLASKSHIP_REPLICA"] == "web-abc-1"
    assert env["FLASKSHIP_ENVIRONMENT"] == "dev"


def test_services_are_linked(resolve, context):
    services = (
        ServiceAddress("my-api", "shop-dev", "127.9.0.1", {80: 8080, 81: 8081}),
        ServiceAddress("far", "other", "127.9.0.3", {80: 8080}),
    )
    env = resolve(
        ("URL", "http://$(MY_API_SERVICE_HOST):$(MY_API_SERVICE_PORT)"), around=context(services=services)
    ).env
    assert (env["MY_API_SERVICE_HOST"], env["MY_API_SERVICE_PORT"]) == ("127.9.0.1", "8080")
    assert "FAR_SERVICE_HOST" not in env
    assert env["URL"] == "http://127.9.0.1:8080"


def test_links_can_be_switched_off(resolve, container):
    template = PodTemplate("h", (container(),), service_links=False)
    assert "API_SERVICE_HOST" not in resolve(template=template).env


def test_a_folder_for_temporary_files(resolve):
    found = resolve(mounts=(Mount("tmp", "/tmp"),))
    assert found.env["TMPDIR"] == "/p/.flaskship/tmp"
    chosen = resolve(("TMPDIR", "/tmp/mine"), mounts=(Mount("tmp", "/tmp"),))
    assert chosen.env["TMPDIR"] == "/p/.flaskship/tmp/mine"
    assert "TMPDIR" not in resolve().env


def test_a_fact_of_the_replica_is_never_rewritten(resolve, container):
    template = PodTemplate("h", (container(),), labels={"app": "api"})
    found = resolve(("WHO", FieldRef("metadata.labels['app']")), template=template)
    assert found.env["WHO"] == "api"
    assert found.findings == ()


def test_neither_values_nor_secrets_are_shown(resolve):
    found = resolve(("X", KeyRef("Secret", "keys", "pin")), ("URL", "http://u:731946@api/x"))
    assert found.env["URL"] == "http://u:731946@127.9.0.1:8080/x"
    assert "731946" not in repr(found)
