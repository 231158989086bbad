"""The field that a server refuses, in the words that a real one (1.37) said of these objects."""

import pytest

from flaskship.engines.kubernetes.refused_fields import refused_field

CONTAINER = {"name": "x", "image": "y", "comand": ["a"], "env": [{"name": "A", "valu": "b"}]}
POD = {"containers": [{"name": "proxy"}, CONTAINER], "tolerations": [{"ky": "a"}]}
WEB = {"kind": "Deployment", "metadata": {"name": "a"}, "spec": {"template": {"spec": POD}}}
SERVICE = {"kind": "Service", "spec": {"ports": [{"port": 8080}, {"port": 80, "targetPrt": 1}]}}
TYPED = "failed to create typed patch object (default/a; v1, Kind=X): "


@pytest.mark.parametrize(
    ("said", "document", "field"),
    [
        (TYPED + ".dta: field not declared in schema", {"kind": "ConfigMap", "dta": {}}, "dta"),
        (TYPED + ".metadata.labls: field not declared in schema", SERVICE, "metadata.labls"),
        (
            TYPED + 'errors:\n  .spec.ports[port=80,protocol="TCP"].targetPrt: field not declared in schema\n'
            "  .spec.selctor: field not declared in schema",
            SERVICE,
            "spec.ports[1].targetPrt",
        ),
        (
            TYPED
            + '.spec.template.spec.containers[name="x"].env[name="A"].valu: field not declared in schema',
            WEB,
            "spec.template.spec.containers[1].env[0].valu",
        ),
        (
            TYPED + ".spec.template.spec.tolerations[0].ky: field not declared in schema",
            WEB,
            "spec.template.spec.tolerations[0].ky",
        ),
        (
            TYPED
            + '.spec.ports[port="x: y",protocol="TCP"].port: expected numeric (int or float), got string',
            {"spec": {"ports": [{"port": "x: y"}]}},
            "spec.ports[0].port",
        ),
        (
            'Service "a" is invalid: [spec.ports[0].port: Invalid value: 800000: 1 to 65535, '
            "spec.ports[0].targetPort: Invalid value: 800000]",
            SERVICE,
            "spec.ports[0].port",
        ),
        ('Ingress "a" is invalid: spec.rules[0].host: Required value', {}, "spec.rules[0].host"),
        ('Job "a" is invalid: spec.template: Forbidden: field is immutable', {}, "spec.template"),
        ('strict decoding error: unknown field "spec.replicaz"', {}, "spec.replicaz"),
        (TYPED + ".spec.ports[port=99].name: expected string", SERVICE, "spec.ports"),
        ('services "web" is forbidden: exceeded quota: small', SERVICE, ""),
        ('admission webhook "x" denied the request: no', SERVICE, ""),
    ],
)
def test_the_field_is_read_out_of_the_servers_words(
    said: str, document: dict[str, object], field: str
) -> None:
    assert refused_field(said, document) == field
