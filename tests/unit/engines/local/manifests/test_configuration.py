"""ConfigMaps, Secrets and ExternalSecrets."""

import base64

import pytest


def of(kind, api="v1", name="c", **fields):
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name}, **fields}


def external(**spec):
    return of("ExternalSecret", "external-secrets.io/v1", "db", spec=spec)


def encoded(raw):
    return base64.b64encode(raw).decode()


def test_a_config_map(read):
    [found] = read(of("ConfigMap", data={"A": "1"}, binaryData={"B": encoded(b"\xff")})).configurations
    assert (found.kind, found.name, found.data, found.binary) == (
        "ConfigMap",
        "c",
        {"A": "1"},
        {"B": b"\xff"},
    )


def test_an_empty_one(read):
    [found] = read(of("ConfigMap", data=None)).configurations
    assert found.data == {}


def test_a_secret_is_decoded_and_string_data_wins(read):
    data = {"a": encoded(b"old"), "b": encoded("ü".encode()), "c": encoded(b"\xff\x00"), "d": ""}
    [found] = read(of("Secret", data=data, stringData={"a": "new"})).configurations
    assert found.data == {"a": "new", "b": "ü", "d": ""}
    assert found.binary == {"c": b"\xff\x00"}


def test_a_secret_shows_no_value(read):
    release = read(of("Secret", stringData={"password": "hunter2"}))
    assert "hunter2" not in repr(release)


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        (of("ConfigMap", data={"A": 1}), "ConfigMap/c: data.A: text is expected, not a whole number"),
        (of("ConfigMap", data={"A": True}), "ConfigMap/c: data.A: text is expected, not true or false"),
        (of("ConfigMap", data={"A": {}}), "ConfigMap/c: data.A: text is expected, not a map"),
        (of("ConfigMap", data=["A"]), "ConfigMap/c: data: a map is expected, not a list"),
        (of("ConfigMap", data={"a b": "1"}), "ConfigMap/c: data.a b: is no key"),
        (of("ConfigMap", data={"..data": "1"}), "ConfigMap/c: data...data: is no key"),
        (external(data=[{"secretKey": "../x"}]), "ExternalSecret/db: spec.data[0].secretKey: is no key"),
        (
            external(target={"template": {"data": {"a/b": ""}}}),
            "ExternalSecret/db: spec.target.template.data.a/b: is no key",
        ),
        (of("ConfigMap", data={1: "1"}), "ConfigMap/c: data: the key 1 is not text"),
        (
            of("ConfigMap", data={"A": "1"}, binaryData={"A": ""}),
            "ConfigMap/c: binaryData.A: is in data too",
        ),
        (of("ConfigMap", binaryData={"A": "%"}), "ConfigMap/c: binaryData.A: is not base64"),
        (of("Secret", data={"a": "hunter2!"}), "Secret/c: data.a: is not base64"),
    ],
)
def test_what_is_refused(refuse, document, sentence):
    refused = refuse(document)
    assert refused.startswith(sentence)
    assert "hunter2" not in refused


@pytest.mark.parametrize(
    ("spec", "target", "keys"),
    [
        ({}, "db", ()),
        ({"data": [{"secretKey": "a"}, {"secretKey": "b", "remoteRef": {"key": "x"}}]}, "db", ("a", "b")),
        ({"target": {"name": "t"}, "data": [{"secretKey": "a"}, {"secretKey": "a"}]}, "t", ("a",)),
        (
            {"target": {"template": {"data": {"url": "{{ .a }}"}}}, "data": [{"secretKey": "a"}]},
            "db",
            ("url",),
        ),
        (
            {
                "target": {"template": {"mergePolicy": "Merge", "data": {"url": "{{ .a }}"}}},
                "data": [{"secretKey": "a"}],
            },
            "db",
            ("a", "url"),
        ),
    ],
)
def test_the_keys_that_an_operator_would_write(read, spec, target, keys):
    [found] = read(external(**spec)).external_secrets
    assert (found.name, found.target, found.keys) == ("db", target, keys)


def test_a_claim(read):
    document = of("PersistentVolumeClaim", spec={"resources": {"requests": {"storage": "1Gi"}}})
    [found] = read(document).claims
    assert (found.name, found.bytes) == ("c", 2**30)


def test_a_claim_with_a_bad_size(refuse):
    document = of("PersistentVolumeClaim", spec={"resources": {"requests": {"storage": "much"}}})
    assert refuse(document).startswith(
        "PersistentVolumeClaim/c: spec.resources.requests.storage: 'much' is not a quantity"
    )
