"""The stack of Helm releases: its own chart as Helm renders it, and its plan where a helm provider is."""

import shutil
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from tests.integration.aws.conftest import AWS, Run

from flaskship.aws.terraform import cli_configuration
from flaskship.chart import helm
from flaskship.model.errors import ConfigurationError

pytestmark = pytest.mark.timeout(600)
STACK = AWS / "stacks" / "charts"
CHART = STACK / "cluster-defaults"
TAGS = {"Project": "my-app", "Environment": "prod", "Stack": "charts", "ManagedBy": "terraform"}
LIMITS = {"onDemand": 64, "spot": 128}
VALUES = {"cluster": "my-app-prod", "nodeRole": "my-app-prod-nodes", "cpuLimits": LIMITS, "tags": TAGS}


def rendered(**values: object) -> list[dict]:
    manifests = render(VALUES | values)
    return [one for one in YAML(typ="safe").load_all(manifests) if one]


def render(values: dict) -> str:
    release = helm.ReleaseFacts("cluster-defaults", "kube-system")
    return "\n---\n".join(helm.render(CHART, values, release).values())


def test_the_default_class_is_encrypted() -> None:
    (storage,) = [one for one in rendered() if one["kind"] == "StorageClass"]
    assert storage["parameters"] == {"type": "gp3", "encrypted": "true"}
    assert storage["metadata"]["annotations"]["storageclass.kubernetes.io/is-default-class"] == "true"


def test_spot_nodes_are_tainted_as_the_charts_applications_tolerate() -> None:
    pools = {one["metadata"]["name"]: one for one in rendered() if one["kind"] == "NodePool"}
    assert pools.keys() == {"on-demand", "spot"}
    (taint,) = pools["spot"]["spec"]["template"]["spec"]["taints"]
    assert (taint["key"], taint["value"]) == ("eks.amazonaws.com/capacityType", "SPOT")
    assert "taints" not in pools["on-demand"]["spec"]["template"]["spec"]


def test_each_pool_has_a_limit_of_its_own() -> None:
    pools = {one["metadata"]["name"]: one for one in rendered() if one["kind"] == "NodePool"}
    assert {name: pool["spec"]["limits"]["cpu"] for name, pool in pools.items()} == {
        "on-demand": "64",
        "spot": "128",
    }
    for wrong in ({"onDemand": 64, "spot": 1}, {"onDemand": 64, "spot": 8, "gpu": 8}):
        with pytest.raises(ConfigurationError, match="cpuLimits"):
            rendered(cpuLimits=wrong)


def test_nodes_start_where_the_network_is_tagged() -> None:
    (nodes,) = [one for one in rendered() if one["kind"] == "EC2NodeClass"]
    assert nodes["spec"]["subnetSelectorTerms"] == [{"tags": {"karpenter.sh/discovery": "my-app-prod"}}]
    assert nodes["spec"]["metadataOptions"]["httpPutResponseHopLimit"] == 1
    assert nodes["spec"]["tags"] == TAGS
    text = (AWS / "modules" / "network" / "subnets.tf").read_text()
    assert '"karpenter.sh/discovery" = var.cluster_name' in text


def test_the_releases_plan(with_helm: Path, run_terraform: Run, tmp_path: Path) -> None:
    infra = AWS.parents[1]
    there = tmp_path / "infra" / AWS.relative_to(infra)
    shutil.copytree(AWS, there, ignore=shutil.ignore_patterns(".terraform*"))
    configuration = tmp_path / "terraform.rc"
    (tmp_path / "plugins").mkdir()
    configuration.write_text(cli_configuration(with_helm, tmp_path / "plugins"))
    folder = there / "stacks" / "charts"
    for arguments in (["init", "-backend=false"], ["test"]):
        done = run_terraform(*arguments, "-no-color", folder=folder, TF_CLI_CONFIG_FILE=str(configuration))
        assert done.returncode == 0, done.stdout + done.stderr
