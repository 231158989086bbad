"""Who may write to an environment, and what a second writer is told."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from tests.contract.fake import FakeState
from tests.contract.world import API, Stage, Told

from flaskship.engines.base import Engine
from flaskship.model.errors import ConfigurationError, TwoWritersError
from flaskship.model.project import Environment, Writer
from flaskship.tasks.deploy import deploy
from flaskship.tasks.prepare import Wish
from flaskship.tasks.single_writer import INSTANCE, STAMP, TRACKING, Claim, claims, conflict, owner_of
from flaskship.tasks.targets import open_to_write


def environment(writer: Writer = "cli") -> Environment:
    return Environment("staging", "staging-apps", "my-app-staging", "kubernetes", "staging", "dev", writer)


def stamped(writer: str, name: str = API) -> dict[str, Any]:
    return {"kind": "Deployment", "metadata": {"name": name, "annotations": {STAMP: writer}}}


@pytest.mark.parametrize("writer", ["cli", "terraform", "argocd"])
def test_the_stamp_tells_the_writer(writer: Writer) -> None:
    assert claims([stamped(writer)]) == (Claim(writer, f"Deployment/{API}", f"{STAMP}: {writer}"),)


@pytest.mark.parametrize(
    "metadata",
    [
        {"annotations": {TRACKING: "staging:apps/Deployment:my-app-staging/api", STAMP: "cli"}},
        {"labels": {INSTANCE: "staging"}},
        {"annotations": {INSTANCE: "staging"}},
    ],
)
def test_argo_cds_own_mark_counts_more_than_the_stamp(metadata: dict[str, Any]) -> None:
    (claim,) = claims([{"kind": "Service", "metadata": {"name": "api", **metadata}}])
    assert claim.writer == "argocd"
    assert "argocd.argoproj.io/" in str(claim)


@pytest.mark.parametrize("document", [{}, {"kind": "Service"}, stamped("somebody"), stamped("")])
def test_an_object_without_a_known_mark_claims_nothing(document: dict[str, Any]) -> None:
    assert claims([document]) == ()


def with_fields_of(*managers: str, stamp: str | None = "cli") -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": API, "managedFields": [{"manager": one} for one in managers]}
    if stamp is not None:
        metadata["annotations"] = {STAMP: stamp}
    return {"kind": "Deployment", "metadata": metadata}


@pytest.mark.parametrize(
    "manager",
    [
        "Terraform",
        "terraform",
        "HashiCorp",
        "terraform-provider-helm",
        "terraform-provider-helm_v3.1.1_x5",
        "terraform-provider-helm_v2.13.0_x5",
        "terraform-provider-helm_v3.2.0-beta.1_x5.exe",
        "terraform-provider-kubernetes_v2.38.0_x5",
    ],
)
def test_terraforms_providers_are_known_by_their_field_managers(manager: str) -> None:
    assert owner_of(manager) == "terraform"


@pytest.mark.parametrize("manager", ["argocd-controller", "argocd-application-controller"])
def test_argo_cd_is_known_by_its_field_managers(manager: str) -> None:
    assert owner_of(manager) == "argocd"


@pytest.mark.parametrize(
    "manager",
    [
        "",
        "helm",
        "flaskship",
        "kubectl",
        "kubectl-edit",
        "kubectl-client-side-apply",
        "kubectl-terraform",
        "kubelet",
        "kube-controller-manager",
        "horizontal-pod-autoscaler",
        "vpa-recommender",
        "external-secrets",
        "rollouts-controller",
        "terraform-operator",
        "terraformer",
        "my-terraform-provider-helm_v3.1.1_x5",
        "terraform-provider-helmfile_v1.0.0",
        "terraform-provider-aws_v6.0.0_x5",
        "hashicorp-vault",
        "argocd",
        "argocd-server",
        "argocd-controller-of-ours",
        "argo-rollouts",
    ],
)
def test_a_manager_with_a_name_like_theirs_owns_nothing(manager: str) -> None:
    assert owner_of(manager) is None
    (claim,) = claims([with_fields_of(manager)])
    assert claim == Claim("cli", f"Deployment/{API}", f"{STAMP}: cli")
    assert conflict(environment(), [claim]) is None


@pytest.mark.parametrize("stamp", ["cli", None])
def test_fields_set_since_count_more_than_our_own_stamp(stamp: str | None) -> None:
    """Whoever rendered stamps; who sets fields of what is there does not."""
    found = conflict(environment(), claims([with_fields_of("kubectl-edit", "Terraform", stamp=stamp)]))
    assert found is not None
    assert found.message == (
        f"staging is written by Terraform: Deployment/{API} carries fields of the field manager Terraform; "
        "flaskship.yaml says flaskship or helm (writer: cli)"
    )
    assert "terraform -chdir=infra/terraform apply -var-file=environments/staging.tfvars" in found.hint
    assert "--take-over REASON" in found.hint


def test_fields_of_argo_cd_lead_to_git() -> None:
    found = conflict(environment(), claims([with_fields_of("argocd-controller")]))
    assert found is not None
    assert "staging is written by Argo CD" in found.message
    assert "first say writer: argocd for staging in flaskship.yaml" in found.hint


def test_the_stamp_of_another_writer_is_what_is_told() -> None:
    """An environment that Terraform applies is told as before, by the mark that each of its objects has."""
    (claim,) = claims([with_fields_of("terraform-provider-helm_v3.1.1_x5", stamp="terraform")])
    assert claim == Claim("terraform", f"Deployment/{API}", f"{STAMP}: terraform")
    (claim,) = claims([with_fields_of("HashiCorp", stamp="argocd")])
    assert claim.writer == "argocd"


def test_an_environment_of_the_command_line_is_free_to_it() -> None:
    assert conflict(environment(), ()) is None
    assert conflict(environment(), claims([stamped("cli")])) is None


def test_argo_cds_environment_is_refused_with_the_commands_that_go_through_git() -> None:
    found = conflict(environment("argocd"), claims([stamped("argocd")]))
    assert found is not None
    assert found.message == (
        f"staging is written by Argo CD: Deployment/{API} carries flaskship.dev/writer: argocd"
    )
    assert "flaskship promote dev staging or flaskship rollback staging" in found.hint
    assert "--take-over REASON" in found.hint


def test_terraforms_environment_is_refused_with_its_apply() -> None:
    found = conflict(environment("terraform"), claims([stamped("terraform")]))
    assert found is not None
    assert "-var-file=environments/staging.tfvars" in found.hint


def test_a_declared_writer_counts_before_it_wrote_anything() -> None:
    found = conflict(environment("argocd"), ())
    assert found is not None
    assert found.message == "flaskship.yaml gives staging to Argo CD"


def test_objects_that_contradict_flaskship_yaml_are_named_both_ways() -> None:
    theirs = conflict(environment("cli"), claims([stamped("cli", "other"), stamped("terraform")]))
    assert theirs is not None
    assert f"Deployment/{API} carries {STAMP}: terraform" in theirs.message
    assert theirs.message.endswith("flaskship.yaml says flaskship or helm (writer: cli)")
    ours = conflict(environment("argocd"), claims([stamped("cli")]))
    assert ours is not None
    assert ours.message == (
        f"flaskship.yaml gives staging to Argo CD, while Deployment/{API} carries {STAMP}: cli"
    )


@pytest.mark.parametrize(
    ("declared", "first"), [("argocd", "argocd app sync APPLICATION"), ("terraform", "terraform -chdir=")]
)
def test_between_a_declared_writer_and_the_stamp_of_the_command_line_there_is_a_way_out(
    declared: Writer, first: str
) -> None:
    """promote and rollback are refused there as deploy is: neither may be named."""
    found = conflict(environment(declared), claims([stamped("cli")]))
    assert found is not None
    assert first in found.hint
    assert "say writer: cli for staging in flaskship.yaml" in found.hint
    assert "--take-over REASON" in found.hint
    assert "flaskship promote" not in found.hint
    assert "flaskship rollback" not in found.hint


def on_cluster(*strangers: dict[str, Any], writer: Writer = "cli") -> Stage:
    stage = Stage()
    stage.cluster = FakeState(stage.clock)
    stage.cluster.strangers.extend(strangers)
    dev, staging = stage.project.environments
    stage.project = replace(stage.project, environments=(dev, replace(staging, writer=writer)))
    return stage


def opened(stage: Stage, take_over: str | None = None, engine: str = "kubernetes") -> Engine:
    staging = stage.environment("staging")
    story = open_to_write(stage.world(), stage.project, staging, engine, "deploy staging", take_over)
    return asyncio.run(story)[0]


def test_a_write_is_refused_before_anything_happened_and_the_engine_is_closed() -> None:
    stage = on_cluster(stamped("terraform"))
    with pytest.raises(TwoWritersError) as refused:
        opened(stage)
    assert (refused.value.exit_code, refused.value.code) == (5, "TwoWriters")
    assert stage.cluster is not None
    assert stage.cluster.holders == {}
    assert not stage.cluster.of("staging").revisions
    assert all(engine.closed for engine in stage.engines)


def test_a_write_over_fields_of_terraform_needs_a_reason() -> None:
    stage = on_cluster(with_fields_of("terraform-provider-helm_v3.1.1_x5"))
    with pytest.raises(
        TwoWritersError, match=r"field manager terraform-provider-helm_v3\.1\.1_x5"
    ) as refused:
        opened(stage)
    assert refused.value.exit_code == 5
    assert opened(stage, "Terraform no longer applies it").name == "kubernetes"


def test_an_object_of_another_name_is_nobodys_claim() -> None:
    assert opened(on_cluster(stamped("terraform", "somebody-elses"))).name == "kubernetes"


def test_a_reason_takes_the_environment_over() -> None:
    assert opened(on_cluster(stamped("argocd"), writer="argocd"), "Argo CD is gone").name == "kubernetes"


def test_a_machines_own_run_has_no_other_writer() -> None:
    stage = on_cluster(writer="argocd")
    assert opened(stage, engine="local").name == "local"
    with pytest.raises(ConfigurationError, match="no other writer"):
        opened(stage, "because", engine="local")


def test_files_that_do_not_render_keep_nobody_from_seeing_the_other_writer() -> None:
    stage = on_cluster()
    engine = opened(stage)
    plan = deploy(stage.world(), stage.project, stage.environment("staging"), engine, Wish(), Told())
    asyncio.run(plan)
    assert stage.cluster is not None
    stage.cluster.strangers.append(stamped("argocd"))

    def broken(*_: object) -> Any:
        raise ConfigurationError("values-staging.yaml is not valid YAML")

    stage._render = broken  # type: ignore[method-assign]
    with pytest.raises(TwoWritersError, match="Argo CD"):
        opened(stage)


@pytest.mark.parametrize(
    ("writer", "command"),
    [
        ("terraform", "terraform -chdir=infra/terraform destroy -var-file=environments/staging.tfvars"),
        ("argocd", "argocd app delete APPLICATION"),
    ],
)
def test_whoever_ends_anothers_environment_is_told_how_its_owner_does(writer: Writer, command: str) -> None:
    found = conflict(environment(writer), claims([stamped(writer)]), ends=True)
    assert found is not None
    assert command in found.hint
    assert "apply" not in found.hint
    assert found.hint.endswith("--take-over REASON")
