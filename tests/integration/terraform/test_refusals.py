"""What the root refuses, in the words that a person reads, and that nothing was changed by it."""

import hashlib
import json
from pathlib import Path

import pytest
from tests.terraform import Root, words

from .conftest import KUBECONFIG

PLACE = f"-var=kubeconfig={KUBECONFIG}"


def of(environment: str) -> tuple[str, str]:
    return f"-var-file=environments/{environment}.tfvars", PLACE


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def devs(root: Root) -> Root:
    """A root whose state is that of dev, with a namespace that no cluster has to be asked about."""
    done = root.run("apply", "-auto-approve", "-target=terraform_data.environment", *of("dev"))
    assert done.returncode == 0, done.stdout
    path = root.folder / "terraform.tfstate"
    state = json.loads(path.read_text())
    provider = 'provider["registry.terraform.io/hashicorp/kubernetes"]'
    metadata = {"name": "my-app-dev", "labels": {}, "annotations": None, "generate_name": None}
    metadata |= {"generation": 0, "resource_version": "1", "uid": "1"}
    attributes = {"id": "my-app-dev", "metadata": [metadata], "wait_for_default_service_account": None}
    instance = {"index_key": 0, "schema_version": 0, "attributes": attributes | {"timeouts": None}}
    instance["dependencies"] = ["terraform_data.environment"]
    namespace = {"mode": "managed", "type": "kubernetes_namespace_v1", "name": "this", "provider": provider}
    state["resources"].append(namespace | {"instances": [instance]})
    path.write_text(json.dumps(state | {"serial": state["serial"] + 1}))
    return root


@pytest.mark.parametrize("environment", ["staging", "prod"])
@pytest.mark.parametrize("verb", [("plan",), ("apply", "-auto-approve")], ids=["plan", "apply"])
def test_another_environment_is_refused_in_the_state_of_dev(
    devs: Root, verb: tuple[str, ...], environment: str
) -> None:
    before = digest(devs.folder / "terraform.tfstate")
    done = devs.run(*verb, *of(environment))
    said = words(done.stdout)
    assert done.returncode == 1
    assert f"This state is that of dev, and not of {environment}. Nothing was changed." in said
    assert f"terraform workspace select -or-create {environment}" in said
    assert f"-backend-config=environments/{environment}.s3.tfbackend" in said
    assert "Refreshing state... [id=my-app-dev]" not in said, "no cluster is asked before"
    assert digest(devs.folder / "terraform.tfstate") == before


@pytest.mark.parametrize("options", [(), ("-refresh=false",)], ids=["", "without a refresh"])
def test_destroying_another_environment_is_refused_in_the_state_of_dev(
    devs: Root, options: tuple[str, ...]
) -> None:
    """A destroy only warns of conditions: the provider's context is what stops it."""
    done = devs.run("destroy", "-auto-approve", *options, *of("staging"))
    assert done.returncode == 1
    assert 'context "(the state is that of dev)" does not exist' in words(done.stdout)
    kept = json.loads((devs.folder / "terraform.tfstate").read_text())["resources"]
    assert {"terraform_data", "kubernetes_namespace_v1"} <= {item["type"] for item in kept}


def test_the_workspace_has_to_be_that_of_the_environment(root: Root) -> None:
    assert root.run("workspace", "select", "-or-create", "staging").returncode == 0
    done = root.run("plan", *of("prod"))
    assert done.returncode == 1
    said = words(done.stdout)
    assert "Workspace staging is not that of prod. Nothing was changed." in said
    assert "terraform workspace select -or-create prod" in said


@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
def test_the_workspace_of_the_environment_is_right(root: Root, environment: str) -> None:
    assert root.run("workspace", "select", "-or-create", environment).returncode == 0
    done = root.run("plan", *of(environment))
    assert done.returncode == 0, done.stdout
    assert "Plan: 3 to add, 0 to change, 0 to destroy." in done.stdout


BAD = {
    "no environment": (
        (PLACE,),
        'environment is dev, staging or prod: give -var-file="environments/dev.tfvars"',
    ),
    "an unknown one": ((PLACE, "-var=environment=qa"), "environment is dev, staging or prod"),
    "no context": (
        (PLACE, "-var=environment=dev"),
        "kube_context is missing: name the context of the cluster",
    ),
    "a context that is not there": (
        (*of("dev"), "-var=kube_context=minikube"),
        "has no context minikube; it has: docker-desktop, prod, staging. Name one by -var kube_context=NAME",
    ),
    "no kubeconfig": ((*of("dev"), "-var=kubeconfig=/nowhere"), "kubeconfig names a file that is not there"),
    "a timeout": ((*of("dev"), "-var=timeout_seconds=5"), "timeout_seconds is a whole number from 30"),
    "a timeout in words": ((*of("dev"), "-var=timeout_seconds=soon"), "a number is required"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_gets_a_sentence_and_no_providers_error(prepared: Root, case: str) -> None:
    arguments, sentence = BAD[case]
    done = prepared.run("plan", *arguments)
    said = words(done.stdout)
    assert done.returncode == 1
    assert sentence in said
    assert "with provider[" not in said.split("Error:", 1)[1], "the provider was not asked"


def test_a_second_writer_is_told(prepared: Root) -> None:
    assert (
        "flaskship.yaml names argocd as the writer of prod. Two writers undo one another: set writer: "
        in (words(prepared.run("plan", *of("prod")).stdout))
    )


def test_who_writes_by_terraform_says_so_and_hears_nothing(root: Root) -> None:
    project = root.folder.parents[1] / "flaskship.yaml"
    project.write_text(project.read_text().replace("writer: argocd", "writer: terraform"))
    done = root.run("plan", *of("prod"))
    assert done.returncode == 0
    assert "Two writers" not in words(done.stdout)
