"""Promotion by the command line's own writer, with the real chart."""

from dataclasses import replace

import pytest
from ruamel.yaml import YAML
from tests.contract.world import API, DIGEST, WORKER
from tests.integration.promotion.conftest import LOCAL_IMAGE, SOURCE, Town, git

from flaskship.chart.difference import Change
from flaskship.containers.shipment import Pushed
from flaskship.model.errors import ConfigurationError, DeployError, PreflightError, TwoWritersError
from flaskship.model.verdict import Outcome
from flaskship.tasks.promotion.plan import PromotionRefusedError

ADMIN, MONITORING = "my-tomorrows-admin", "my-tomorrows-monitoring"
IMAGE = f"r.example.com/app:1.0-555555@{DIGEST}"


def images(town: Town, environment: str) -> dict[str, dict[str, str]]:
    given = YAML(typ="safe").load(town.values(environment).read_text())["applications"]
    return {name: one["image"] for name, one in given.items() if "image" in one}


def accept_untested(town: Town, environment: str, source: str) -> None:
    """Accept what is not yet exercised, as a team would that knows."""
    file = town.values(environment)
    text = file.read_text().replace(
        "policy:\n  accept:\n", "policy:\n  accept:\n    - {rule: untested, reason: the team knows it}\n"
    )
    file.write_text(text)
    town.commit(f"Accept what {source} does not exercise")


@pytest.fixture
def ours(town: Town) -> Town:
    town.write("cli")
    accept_untested(town, "staging", "dev")
    town.deploy("dev")
    return town


def test_the_digests_of_what_ran_arrive_and_nothing_else(ours: Town) -> None:
    before = ours.values("staging").read_text()
    promoted = ours.promote("dev", "staging")
    assert promoted.exit_code == 0
    assert promoted.moved is not None
    assert promoted.moved.move.verdict.outcome is Outcome.SUCCESSFUL
    assert set(promoted.choices) == {API, WORKER, ADMIN}
    expected = {"repository": "r.example.com/app", "tag": "1.0-555555", "digest": DIGEST}
    assert images(ours, "staging") == dict.fromkeys((API, WORKER, ADMIN), expected)
    assert [
        one for one in before.splitlines() if one not in ours.values("staging").read_text().splitlines()
    ] == []
    release = ours.cluster("staging").of("staging").releases[1]
    running = {
        container["image"]
        for document in release.documents
        if document["kind"] == "Deployment"
        for container in document["spec"]["template"]["spec"]["containers"]
    }
    assert running == {IMAGE}
    assert release.provenance.reason == "Promote dev revision 1 to staging"


def test_the_proof_names_the_source_with_its_receipt(ours: Town) -> None:
    ours.deploy("dev")
    promoted = ours.promote("dev", "staging")
    assert (promoted.proof.environment, promoted.proof.revision, promoted.proof.engine) == ("dev", 2, "local")
    assert promoted.proof.receipt is not None
    assert promoted.proof.receipt.sent == 120
    assert {image.choices[-1].digest for image in promoted.proof.images.values()} == {DIGEST}


def test_an_application_that_the_source_does_not_run_gets_the_image_that_it_runs_for_others(
    ours: Town,
) -> None:
    promoted = ours.promote("dev", "staging", dry_run=True)
    assert [name for name, one in promoted.choices.items() if one.inherited] == [ADMIN]
    assert any(ADMIN in warning for warning in ours.told.warnings)


def test_a_dry_run_writes_nothing(ours: Town) -> None:
    before = ours.values("staging").read_text()
    promoted = ours.promote("dev", "staging", dry_run=True)
    assert promoted.moved is None
    assert {
        field.path.rpartition("].")[2] for one in promoted.difference.changes for field in one.fields
    } == {"image"}
    assert {one.change for one in promoted.difference.changes} == {Change.CHANGED}
    assert ours.values("staging").read_text() == before
    assert not ours.cluster("staging").of("staging").revisions


def test_only_one_application_can_be_promoted(ours: Town) -> None:
    ours.promote("dev", "staging", application=WORKER)
    assert set(images(ours, "staging")) == {WORKER}
    with pytest.raises(ConfigurationError, match="not part of"):
        ours.promote("dev", "staging", application="wrker")


def test_from_cluster_to_cluster_the_same_digest_goes_on_and_the_placeholder_goes(ours: Town) -> None:
    accept_untested(ours, "prod", "staging")
    ours.promote("dev", "staging")
    ours.commit("Promote")
    ours.pushed.clear()
    promoted = ours.promote("staging", "prod")
    assert promoted.exit_code == 0
    assert set(promoted.choices) == {API, WORKER, ADMIN, MONITORING}
    assert {one["digest"] for one in images(ours, "prod").values()} == {DIGEST}
    text = ours.values("prod").read_text()
    assert "image-digest" not in text
    assert "# What staging never exercises" in text


def test_the_placeholder_stays_while_one_application_has_no_digest(ours: Town) -> None:
    accept_untested(ours, "prod", "staging")
    ours.promote("dev", "staging")
    with pytest.raises(PreflightError, match="by its tag"):
        ours.promote("staging", "prod", application=API)
    assert "image-digest" in ours.values("prod").read_text()
    assert images(ours, "prod") == {}


def test_a_cluster_that_runs_a_tag_has_no_digest_to_promote(ours: Town) -> None:
    accept_untested(ours, "prod", "staging")
    ours.deploy("staging")
    with pytest.raises(PreflightError, match="by a tag") as refused:
        ours.promote("staging", "prod")
    assert "flaskship deploy staging --image my-tomorrows-" in str(refused.value.hint)


def test_a_source_that_failed_is_not_promoted(ours: Town) -> None:
    ours.deploy("dev", f"applications.{API}.command={{/bin/false}}", rollback=False)
    with pytest.raises(DeployError, match="revision 2 is failed") as refused:
        ours.promote("dev", "staging")
    assert refused.value.exit_code == 1


def test_a_source_that_is_no_longer_healthy_is_not_promoted(ours: Town) -> None:
    workload = ours.machine.of("dev").workloads[API]
    for replica in workload.replicas:
        replica.pod["spec"]["containers"][0]["command"] = ["/bin/false"]  # type: ignore[index]
    workload.replicas[0].created_at = ours.clock() - 100
    with pytest.raises(DeployError, match="is not healthy now"):
        ours.promote("dev", "staging")


def test_a_source_that_somebody_scaled_to_nothing_is_not_promoted(ours: Town) -> None:
    workload = ours.machine.of("dev").workloads[API]
    workload.replicas.clear()
    workload.desired = 0
    with pytest.raises(DeployError, match="dev is not what was verified") as refused:
        ours.promote("dev", "staging")
    assert API in refused.value.message
    assert refused.value.exit_code == 1


def test_a_source_that_never_ran_has_proven_nothing(town: Town) -> None:
    town.write("cli")
    with pytest.raises(DeployError, match="does not run"):
        town.promote("dev", "staging")


def test_another_path_than_that_of_flaskship_yaml_is_refused(ours: Town) -> None:
    for ends, words in (
        (("dev", "prod"), "promoted from staging"),
        (("staging", "dev"), "nothing is promoted"),
    ):
        with pytest.raises(ConfigurationError, match=words) as refused:
            ours.promote(*ends)
        assert refused.value.exit_code == 2


def test_a_source_that_was_never_pushed_names_the_command(ours: Town) -> None:
    ours.pushed[:] = [Pushed("r.example.com/app", "1.0", DIGEST, "another source", 1.0)]
    with pytest.raises(PreflightError) as refused:
        ours.promote("dev", "staging")
    assert refused.value.exit_code == 4
    assert "flaskship build --push" in str(refused.value.hint)
    ours.pushed[:] = [Pushed("r.example.com/app", "1.0", DIGEST, SOURCE, 1.0)]
    ours.sources.clear()
    with pytest.raises(PreflightError):
        ours.promote("dev", "staging")


def test_a_repository_of_the_targets_own_stays_and_must_have_the_image(ours: Town) -> None:
    file = ours.values("staging")
    file.write_text(
        file.read_text().replace("defaults:\n", "defaults:\n  image: {repository: eu.example.com/app}\n", 1)
    )
    with pytest.raises(PreflightError) as refused:
        ours.promote("dev", "staging")
    assert refused.value.hint == "flaskship build --push --to eu.example.com/app"
    ours.pushed.append(Pushed("eu.example.com/app", "1.0-555555", DIGEST.replace("d", "e"), SOURCE, 2.0))
    ours.promote("dev", "staging")
    assert images(ours, "staging")[API] == {"tag": "1.0-555555", "digest": DIGEST.replace("d", "e")}


def test_what_is_untested_and_not_accepted_is_refused_with_the_line_that_brings_it(town: Town) -> None:
    town.write("cli")
    town.deploy("dev")
    with pytest.raises(PromotionRefusedError) as refused:
        town.promote("dev", "staging")
    assert refused.value.exit_code == 3
    assert "dev has never exercised" in refused.value.message
    assert f"(and {len(refused.value.listed) - 1} more)" in refused.value.message
    assert len(set(refused.value.listed)) == len(refused.value.listed) > 1
    location = refused.value.location
    assert location is not None
    assert not any(str(town.root) in one for one in refused.value.listed), (
        "as somebody in the project writes it"
    )
    # In the file that the user has, not in the one that was rendered aside.
    assert (town.root / location.file).is_file(), location
    assert 0 < location.line <= len((town.root / location.file).read_text().splitlines())
    assert images(town, "staging") == {}


def test_the_image_that_is_promoted_is_proven_and_not_untested(town: Town) -> None:
    town.write("cli")
    file = town.values("staging")
    entry = '    - {rule: untested, object: "[!i]*", reason: all but images}\n'
    file.write_text(file.read_text().replace("policy:\n  accept:\n", f"policy:\n  accept:\n{entry}"))
    town.commit("Accept all but images")
    town.deploy("dev")
    town.promote("dev", "staging")
    assert images(town, "staging")


def test_other_changes_that_piled_up_are_refused(ours: Town) -> None:
    ours.promote("dev", "staging")
    file = ours.values("staging")
    file.write_text(file.read_text().replace("maxReplicas: 4", "maxReplicas: 5"))
    with pytest.raises(PromotionRefusedError, match="more than images against its revision 1") as refused:
        ours.promote("dev", "staging")
    assert refused.value.exit_code == 3
    assert "flaskship diff staging" in str(refused.value.hint)


def test_a_failure_in_the_target_goes_back_and_so_does_the_file(ours: Town) -> None:
    ours.promote("dev", "staging")
    good = ours.values("staging").read_text()
    newer = replace(ours.pushed[0], digest=DIGEST.replace("d", "f"), tag="1.0-666666")
    ours.pushed[:] = [newer]
    ours.breaks = True
    promoted = ours.promote("dev", "staging")
    assert promoted.exit_code == 1
    assert promoted.moved is not None
    assert promoted.moved.rolled_back_to == 1
    assert ours.values("staging").read_text() == good


def test_a_failure_that_is_left_for_study_stays_in_the_file(ours: Town) -> None:
    ours.breaks = True
    promoted = ours.promote("dev", "staging", rollback=False)
    assert promoted.exit_code == 1
    assert images(ours, "staging")[API]["digest"] == DIGEST


def test_objects_of_another_writer_are_refused_before_anything_is_written(ours: Town) -> None:
    ours.cluster("staging").strangers.append(
        {
            "kind": "Deployment",
            "metadata": {"name": API, "annotations": {"flaskship.dev/writer": "terraform"}},
        }
    )
    with pytest.raises(TwoWritersError, match="Terraform"):
        ours.promote("dev", "staging")
    assert images(ours, "staging") == {}
    assert ours.promote("dev", "staging", take_over="Terraform let it go").exit_code == 0


def test_terraform_gets_the_file_and_the_user_its_command(town: Town) -> None:
    town.write("terraform")
    accept_untested(town, "staging", "dev")
    town.deploy("dev")
    promoted = town.promote("dev", "staging")
    assert promoted.moved is None
    assert promoted.next is not None
    assert "terraform -chdir=infra/terraform apply -var-file=environments/staging.tfvars" in promoted.next
    assert images(town, "staging")[API]["digest"] == DIGEST
    assert git(town.root, "log", "-1", "--format=%s") == "Accept what dev does not exercise"
    assert town.machine.of("dev").releases[1].images["cloudandparth/my-demo-app:1.0"] == LOCAL_IMAGE
