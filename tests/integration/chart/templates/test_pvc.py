"""pvc.yaml: one claim that those with a database share."""

import pytest


@pytest.mark.on
def test_dev_shares_one_claim_between_those_with_a_database(render) -> None:
    release = render()
    claim = release.one("PersistentVolumeClaim", "my-app-data")
    assert claim["spec"] == {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    assert claim["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"
    for name in ("my-tomorrows-api", "my-tomorrows-worker"):
        assert {"name": "data", "mountPath": "/data"} in release.container(name)["volumeMounts"]
        assert {"name": "data", "mountPath": "/data"} in release.pod(name)["initContainers"][0][
            "volumeMounts"
        ]


@pytest.mark.off
def test_without_a_database_nothing_is_mounted(render) -> None:
    release = render("", "applications.my-tomorrows-api.database=false")
    assert [mount["name"] for mount in release.container()["volumeMounts"]] == ["tmp"]
    assert "DATABASE_URL" not in release.env()


@pytest.mark.off
def test_staging_and_prod_have_no_claim(render) -> None:
    assert not render(environment="staging").all("PersistentVolumeClaim")
    assert not render(environment="prod").all("PersistentVolumeClaim")


@pytest.mark.override
def test_a_claim_is_overridden(render) -> None:
    claim = render("persistence: {size: 5Gi, storageClassName: fast}\n").one(
        "PersistentVolumeClaim", "my-app-data"
    )
    assert claim["spec"]["storageClassName"] == "fast"
    assert claim["spec"]["resources"]["requests"]["storage"] == "5Gi"


@pytest.mark.bad
@pytest.mark.parametrize("text", ["{size: big}", "{mountPath: data}", "{sise: 1Gi}"])
def test_a_claim_that_cannot_be_is_refused(refused, text: str) -> None:
    assert "persistence." in refused(f"persistence: {text}\n", line=1)
