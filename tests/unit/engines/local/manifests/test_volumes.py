"""Volumes of a pod."""

import pytest

from flaskship.engines.local.spec import FieldRef, Item, ResourceRef, Volume, VolumeSource

V = "Deployment/web: spec.template.spec.volumes[0]"
LABELS = {"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ({}, (VolumeSource("EmptyDir"),)),
        ({"emptyDir": {"medium": "Memory"}}, (VolumeSource("EmptyDir"),)),
        ({"hostPath": {"path": "/"}}, (VolumeSource("EmptyDir"),)),
        ({"csi": {"driver": "x"}}, (VolumeSource("EmptyDir"),)),
        (
            {"persistentVolumeClaim": {"claimName": "c", "readOnly": True}},
            (VolumeSource("Claim", "c", read_only=True),),
        ),
        ({"configMap": {"name": "c"}}, (VolumeSource("ConfigMap", "c", default_mode=0o644),)),
        (
            {"configMap": {"name": "c", "items": [{"key": "k", "path": "a/b", "mode": 0o400}]}},
            (VolumeSource("ConfigMap", "c", (Item("k", "a/b", 0o400),)),),
        ),
        (
            {"secret": {"secretName": "s", "defaultMode": 0o400, "optional": True}},
            (VolumeSource("Secret", "s", optional=True, default_mode=0o400),),
        ),
        (
            {"downwardAPI": {"items": [LABELS]}},
            (VolumeSource("DownwardAPI", fields=(("labels", FieldRef("metadata.labels")),)),),
        ),
        (
            {
                "downwardAPI": {
                    "items": [
                        {
                            "path": "cpu",
                            "resourceFieldRef": {"containerName": "web", "resource": "limits.cpu"},
                        }
                    ]
                }
            },
            (VolumeSource("DownwardAPI", fields=(("cpu", ResourceRef("limits.cpu", "1", "web")),)),),
        ),
        (
            {
                "projected": {
                    "defaultMode": 0o440,
                    "sources": [
                        {"configMap": {"name": "c"}},
                        {"secret": {"name": "s"}},
                        {"serviceAccountToken": {"path": "token"}},
                    ],
                }
            },
            (
                VolumeSource("ConfigMap", "c", default_mode=0o440),
                VolumeSource("Secret", "s", default_mode=0o440),
            ),
        ),
    ],
)
def test_sources(with_pod, deployment, source, expected):
    found = deployment(with_pod(volumes=[{"name": "v", **source}])).template.volumes
    assert found == (Volume("v", expected),)


@pytest.mark.parametrize(
    ("volume", "sentence"),
    [
        ({"emptyDir": {}}, ".name: is missing"),
        ({"name": "V", "emptyDir": {}}, ".name: 'V' is no name here"),
        ({"name": "v", "emptyDir": {}, "configMap": {"name": "c"}}, ": exactly one source"),
        ({"name": "v", "configMap": {}}, ".configMap.name: is missing"),
        ({"name": "v", "secret": {}}, ".secret.secretName: is missing"),
        ({"name": "v", "secret": {"secretName": "s", "defaultMode": 644}}, ".secret.defaultMode: 644 is too"),
        (
            {"name": "v", "configMap": {"name": "c", "items": [{"key": "k", "path": "../x"}]}},
            ".configMap.items[0].path: '../x' leaves its folder",
        ),
        (
            {"name": "v", "configMap": {"name": "c", "items": [{"key": "k", "path": "..data"}]}},
            ".configMap.items[0].path: '..data' begins with two dots",
        ),
        (
            {"name": "v", "configMap": {"name": "c", "items": [{"key": "k", "path": ""}]}},
            ".configMap.items[0].path: must not be empty",
        ),
        (
            {"name": "v", "downwardAPI": {"items": [{"path": "x"}]}},
            ".downwardAPI.items[0]: exactly one of fieldRef, resourceFieldRef",
        ),
        (
            {"name": "v", "downwardAPI": {"items": [{**LABELS, "fieldRef": {"fieldPath": "nope"}}]}},
            ".downwardAPI.items[0].fieldRef.fieldPath: 'nope' is no field",
        ),
        (
            {
                "name": "v",
                "downwardAPI": {"items": [{"path": "x", "resourceFieldRef": {"resource": "limits.cpu"}}]},
            },
            ".downwardAPI.items[0].resourceFieldRef.containerName: is missing",
        ),
        (
            {"name": "v", "projected": {"sources": [{"configMap": {"name": "c"}, "secret": {"name": "s"}}]}},
            ".projected.sources[0]: exactly one source",
        ),
    ],
)
def test_what_is_refused(with_pod, refuse, volume, sentence):
    assert refuse(with_pod(volumes=[volume])).startswith(V + sentence)


def test_what_becomes_an_empty_folder_says_so(with_pod, read):
    release = read(with_pod(volumes=[{"name": "v", "nfs": {"server": "a", "path": "/"}}]))
    reported = {report.field: (report.behaviour, report.note) for report in release.reports}
    assert reported["spec.template.spec.volumes[].nfs"] == ("emulated", "an empty folder here")
