"""Whose objects they are, how they are now, and what Argo CD says of them: on a real cluster."""

import json
from typing import Any

import pytest
from tests.cluster.argo import argo_kinds
from tests.cluster.reach import IMAGE
from tests.cluster.town import API, WORKER, Town

from flaskship.engines.kubernetes.applications import APPLICATIONS, list_applications
from flaskship.engines.kubernetes.resources import DEPLOYMENTS, LEASES
from flaskship.gitops.application import application_of, sync_of
from flaskship.model.project import Environment

# Other tests share the cluster's processors: little is asked for, and waited for patiently.
SMALL = (
    "--set",
    "defaults.resources.requests.cpu=10m",
    "--set",
    "defaults.progressDeadlineSeconds=180",
)
__all__ = ["argo_kinds"]
pytestmark = pytest.mark.timeout(600)
COMMIT = "c0ffee" + "0" * 34


def fields(document: Any) -> dict[str, tuple[Any, Any]]:
    """Every field that a diff tells, by its path, as before and after."""
    return {
        f"{one['kind']}/{one['name']} {field['path']}": (field["before"], field["after"])
        for application in document["applications"]
        for one in application["objects"]
        for field in one["fields"]
    }


async def test_a_live_diff_is_empty_after_a_deploy_and_tells_what_was_changed_by_hand(town: Town) -> None:
    (await town.go("deploy", "dev", *SMALL)).succeeded()
    settled = await town.go("diff", "dev", "--against", "live", *SMALL)
    assert settled.succeeded().document["applications"] == []
    body = {"spec": {"replicas": 2, "revisionHistoryLimit": 3}}
    await town.cluster.patch(DEPLOYMENTS, WORKER, body, town.namespace(), manager="kubectl-edit")
    found = fields((await town.go("diff", "dev", "--against", "live", *SMALL)).succeeded().document)
    assert found[f"Deployment/{WORKER} spec.replicas"][0] == 2
    assert found[f"Deployment/{WORKER} spec.revisionHistoryLimit"][0] == 3
    assert all(f"Deployment/{WORKER}" in one for one in found)


async def test_a_variable_that_was_set_by_hand_shows_and_its_secret_does_not(town: Town) -> None:
    (await town.go("deploy", "dev", *SMALL)).succeeded()
    env = [{"name": "DB_PASSWORD", "value": "hunter2"}, {"name": "EXTRA", "value": "1"}]
    body = {"spec": {"template": {"spec": {"containers": [{"name": WORKER, "env": env}]}}}}
    await town.cluster.patch(
        DEPLOYMENTS,
        WORKER,
        body,
        town.namespace(),
        manager="kubectl-set",
        form="application/strategic-merge-patch+json",
    )
    document = (await town.go("diff", "dev", "--against", "live", *SMALL)).succeeded().document
    assert "hunter2" not in json.dumps(document)
    at = f"Deployment/{WORKER} spec.template.spec.containers[{WORKER}].env"
    found = fields(document)
    assert found[f"{at}[EXTRA]"] == ({"name": "EXTRA", "value": "1"}, None)
    assert found[f"{at}[DB_PASSWORD]"] == ({"name": "DB_PASSWORD", "value": "***"}, None)
    assert len(found) == 2


async def theirs(town: Town, **annotations: str) -> None:
    """An object of another writer where ours would stand; it runs nothing, which any cluster has room for."""
    await town.make_namespace("dev")
    labels = {"app.kubernetes.io/name": API}
    container = {"name": API, "image": IMAGE}
    spec = {
        "replicas": 0,
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
    }
    body = {
        "apiVersion": DEPLOYMENTS.api_version,
        "kind": DEPLOYMENTS.kind,
        "metadata": {"name": API, "annotations": annotations},
        "spec": spec,
    }
    await town.cluster.create(DEPLOYMENTS, body, town.namespace())


async def test_a_second_writer_is_named_before_anything_changes(town: Town) -> None:
    await theirs(town, **{"flaskship.dev/writer": "terraform"})
    for command, more in (
        ("deploy", ()),
        ("scale", (API, "2")),
        ("restart", ()),
        ("rollback", ("1",)),
        ("pause", (API,)),
        ("abort", (API,)),
        ("down", ()),
    ):
        refused = await town.go(command, "dev", *more)
        assert refused.code == 5, command
        assert refused.document["error"]["code"] == "TwoWriters"
        message = refused.document["error"]["message"]
        assert f"Deployment/{API} carries flaskship.dev/writer: terraform" in message
    assert (await town.cluster.list(LEASES, town.namespace())).items == ()
    now = (await town.cluster.get(DEPLOYMENTS, API, town.namespace()))["metadata"]
    assert now["generation"] == 1


async def test_objects_that_argo_cd_tracks_are_its_own_whatever_their_stamp(town: Town) -> None:
    mark = f"dev:apps/Deployment:{town.namespace()}/{API}"
    await theirs(town, **{"argocd.argoproj.io/tracking-id": mark, "flaskship.dev/writer": "cli"})
    refused = await town.go("deploy")
    assert refused.code == 5
    assert "Argo CD" in refused.document["error"]["message"]
    assert "writer: cli" in refused.document["error"]["message"]


async def test_a_reason_takes_an_environment_over(town: Town) -> None:
    (await town.go("deploy", "dev", *SMALL)).succeeded()
    body = {"metadata": {"annotations": {"flaskship.dev/writer": "terraform"}}}
    await town.cluster.patch(DEPLOYMENTS, API, body, town.namespace(), manager="somebody")
    assert (await town.go("deploy", "dev", *SMALL)).code == 5
    (await town.go("deploy", "dev", *SMALL, "--take-over", "Terraform let it go")).succeeded()
    assert (await town.go("history")).document["revisions"][-1]["reason"] == "Terraform let it go"
    after = await town.cluster.get(DEPLOYMENTS, API, town.namespace())
    assert after["metadata"]["annotations"]["flaskship.dev/writer"] == "cli"


async def test_fields_of_another_writers_manager_are_not_overwritten(town: Town) -> None:
    """Who sets fields of what is there leaves no mark but the name that the API server notes."""
    (await town.go("deploy", "dev", *SMALL)).succeeded()
    # A person's own change is no other writer: the next deploy takes it back.
    await set_replicas(town, "kubectl-edit")
    (await town.go("scale", "dev", API, "1")).succeeded()

    await set_replicas(town, "Terraform")
    for words in (("deploy", "dev", *SMALL), ("scale", "dev", API, "1")):
        refused = await town.go(*words)
        assert (refused.code, refused.document["error"]["code"]) == (5, "TwoWriters"), refused
        message, hint = (refused.document["error"][part] for part in ("message", "hint"))
        assert f"dev is written by Terraform: Deployment/{API}" in message
        assert "fields of the field manager Terraform" in message
        assert "terraform -chdir=infra/terraform apply -var-file=environments/dev.tfvars" in hint
    assert await replicas(town) == 2
    assert len((await town.go("history")).document["revisions"]) == 1
    # What has it is taken over once, and then is ours.
    (await town.go("deploy", "dev", *SMALL, "--take-over", "Terraform let it go")).succeeded()
    assert await replicas(town) == 1
    (await town.go("deploy", "dev", *SMALL)).succeeded()

    for manager, owner in (
        ("terraform-provider-helm_v3.1.1_x5", "Terraform"),
        ("argocd-controller", "Argo CD"),
    ):
        await set_replicas(town, manager)
        refused = await town.go("scale", "dev", API, "1")
        assert refused.code == 5, refused
        assert f"dev is written by {owner}" in refused.document["error"]["message"]
        assert manager in refused.document["error"]["message"]
        (await town.go("scale", "dev", API, "1", "--take-over", f"{owner} let it go")).succeeded()
        assert await replicas(town) == 1


async def set_replicas(town: Town, manager: str) -> None:
    body = {
        "apiVersion": DEPLOYMENTS.api_version,
        "kind": DEPLOYMENTS.kind,
        "metadata": {"name": API},
        "spec": {"replicas": 2},
    }
    await town.cluster.apply(DEPLOYMENTS, body, town.namespace(), manager=manager, force=True)


async def replicas(town: Town) -> int:
    return int((await town.cluster.get(DEPLOYMENTS, API, town.namespace()))["spec"]["replicas"])


@pytest.mark.usefixtures("argo_kinds")
async def test_what_argo_cd_says_is_read_from_the_cluster(town: Town) -> None:
    await town.make_namespace("dev")
    application = {
        "apiVersion": APPLICATIONS.api_version,
        "kind": APPLICATIONS.kind,
        "metadata": {"name": "dev"},
        "spec": {
            "destination": {"namespace": town.namespace()},
            "source": {"helm": {"releaseName": "dev-apps"}},
        },
        "status": {"sync": {"status": "Synced", "revision": COMMIT}, "health": {"status": "Healthy"}},
    }
    await town.cluster.create(APPLICATIONS, application, town.namespace())
    dev = Environment("dev", "dev-apps", town.namespace(), "kubernetes", town.context, None, "argocd")
    found = application_of(dev, await list_applications(dev))
    assert found is not None
    assert sync_of(found).reached(COMMIT)
