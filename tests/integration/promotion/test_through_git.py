"""Promotion and its way back where Argo CD writes: real Git, and a double of what Argo CD would say."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from tests.contract.world import API, DIGEST
from tests.integration.promotion.conftest import Town, git
from tests.integration.promotion.test_promote import accept_untested, images

from flaskship.cli.promotions import promoted_screen
from flaskship.model.errors import ConfigurationError, TwoWritersError
from flaskship.model.release import Provenance
from flaskship.model.verdict import Outcome
from flaskship.tasks.gitops import NOT_APPLIED, SYNC_FAILED, Pushing
from flaskship.tasks.revert import Reverted, revert

OTHER = DIGEST.replace("d", "e")


@pytest.fixture
def argo(town: Town, tmp_path: Path) -> Town:
    accept_untested(town, "staging", "dev")
    town.deploy("dev")
    git(tmp_path, "init", "-q", "--bare", "-b", "main", "remote.git")
    git(town.root, "remote", "add", "origin", str(tmp_path / "remote.git"))
    git(town.root, "push", "-q", "-u", "origin", "main")
    return town


def remote_head(town: Town) -> str:
    return git(town.root.parent / "remote.git", "rev-parse", "main")


def go_back(town: Town, push: bool = False) -> Reverted:
    environment = town.project.environment("staging")
    by = Provenance("ada", "it was too slow")
    return asyncio.run(revert(town.world(), town.project, environment, by, Pushing(push, 60.0), town.told))


def following(town: Town, *states: tuple[str, str], failed: str = "") -> None:
    """A double of Argo CD: it shows these states one after the other, of what the remote's branch has."""
    left = list(states)

    def applications() -> list[dict[str, Any]]:
        status, health = left.pop(0) if len(left) > 1 else left[0]
        revision = remote_head(town) if status == "Synced" else "0" * 40
        return [
            {
                "metadata": {"name": "staging"},
                "spec": {"destination": {"namespace": "my-app-staging"}},
                "status": {
                    "sync": {"status": status, "revision": revision},
                    "health": {"status": health, "message": failed},
                },
            }
        ]

    town.argo = applications


def test_a_promotion_is_one_commit_of_one_file_that_says_what_was_proven(argo: Town) -> None:
    before = git(argo.root, "rev-parse", "HEAD")
    argo.deploy("dev")
    promoted = argo.promote("dev", "staging", reason="friday release")
    assert promoted.delivery is not None
    assert promoted.delivery.verdict.causes[0].code == NOT_APPLIED
    assert (promoted.exit_code, promoted.next) == (0, "git push origin HEAD:main")
    assert git(argo.root, "rev-parse", "HEAD^") == before
    assert git(argo.root, "diff", "--name-only", "HEAD^") == "infra/helmchart/values-staging.yaml"
    assert git(argo.root, "status", "--porcelain") == ""
    message = git(argo.root, "log", "-1", "--format=%B")
    assert message.startswith("Promote dev revision 2 to staging\n")
    assert f"{API}: r.example.com/app:1.0-555555@{DIGEST}" in message
    assert "under 120 requests, of which 0 failed" in message
    assert "friday release" in message
    assert message.endswith("Flaskship-Promotion: dev -> staging\nFlaskship-Actor: ada")
    assert images(argo, "staging")[API]["digest"] == DIGEST
    assert remote_head(argo) == before
    assert not argo.cluster("staging").of("staging").revisions


def test_a_pushed_promotion_is_followed_until_exactly_it_is_applied_and_healthy(argo: Town) -> None:
    following(argo, ("OutOfSync", "Healthy"), ("Synced", "Progressing"), ("Synced", "Healthy"))
    promoted = argo.promote("dev", "staging", push=True)
    assert promoted.delivery is not None
    assert promoted.delivery.verdict.outcome is Outcome.SUCCESSFUL
    assert promoted.delivery.commit == remote_head(argo) == git(argo.root, "rev-parse", "HEAD")
    assert promoted.delivery.pushed_to == "origin main"
    states = [step for step in argo.told.steps if step.startswith("staging: ")]
    assert [state.split()[1] for state in states if "sync" in state.lower()] == [
        "OutOfSync",
        "Synced",
        "Synced",
    ]


def test_what_argo_cd_cannot_make_healthy_is_a_failure(argo: Town) -> None:
    following(argo, ("OutOfSync", "Degraded"), ("Synced", "Degraded"), failed="crash loop")
    promoted = argo.promote("dev", "staging", push=True)
    assert promoted.exit_code == 1
    assert promoted.delivery is not None
    (cause,) = promoted.delivery.verdict.causes
    assert cause.code == SYNC_FAILED
    assert "crash loop" in cause.message


def test_a_sync_that_never_comes_ends_with_the_patience(argo: Town) -> None:
    following(argo, ("OutOfSync", "Healthy"))
    begun = argo.clock()
    promoted = argo.promote("dev", "staging", push=True)
    assert promoted.exit_code == 1
    assert 60 <= argo.clock() - begun < 70


def test_a_cluster_that_does_not_answer_leaves_the_sync_unknown(argo: Town) -> None:
    promoted = argo.promote("dev", "staging", push=True)
    assert promoted.delivery is not None
    assert promoted.delivery.unknown == "no cluster answers"
    assert promoted.delivery.verdict.outcome is Outcome.INCONCLUSIVE
    assert promoted.exit_code == 0


def test_what_is_not_committed_stops_a_promotion_before_anything(argo: Town) -> None:
    file = argo.values("prod")
    file.write_text(file.read_text() + "# a thought\n")
    head = git(argo.root, "rev-parse", "HEAD")
    with pytest.raises(ConfigurationError, match=r"values-prod\.yaml"):
        argo.promote("dev", "staging")
    assert git(argo.root, "rev-parse", "HEAD") == head


def test_the_same_promotion_twice_makes_no_empty_commit(argo: Town) -> None:
    argo.promote("dev", "staging")
    head = git(argo.root, "rev-parse", "HEAD")
    again = argo.promote("dev", "staging")
    assert again.delivery is None
    assert git(argo.root, "rev-parse", "HEAD") == head
    told = "\n".join(promoted_screen(again))
    assert "nothing to write: infra/helmchart/values-staging.yaml has these already" in told
    assert "written:" not in told


def test_objects_of_somebody_else_than_argo_cd_are_named(argo: Town) -> None:
    argo.cluster("staging").strangers.append(
        {
            "kind": "Deployment",
            "metadata": {"name": API, "annotations": {"flaskship.dev/writer": "terraform"}},
        }
    )
    with pytest.raises(TwoWritersError, match=r"gives staging to Argo CD, and Deployment/.*terraform"):
        argo.promote("dev", "staging")


def test_a_rollback_takes_the_last_promotion_back_by_a_commit(argo: Town) -> None:
    argo.promote("dev", "staging")
    first, good = git(argo.root, "rev-parse", "HEAD"), argo.values("staging").read_text()
    argo.pushed[:] = [type(argo.pushed[0])("r.example.com/app", "1.0-666666", OTHER, "5" * 64, 2.0)]
    argo.promote("dev", "staging")
    second = git(argo.root, "rev-parse", "HEAD")
    following(argo, ("OutOfSync", "Healthy"), ("Synced", "Healthy"))
    back = go_back(argo, push=True)
    assert back.promotion.sha == second
    assert argo.values("staging").read_text() == good
    assert back.delivery.verdict.outcome is Outcome.SUCCESSFUL
    assert back.delivery.commit == remote_head(argo)
    message = git(argo.root, "log", "-1", "--format=%B")
    assert message.startswith('Revert "Promote dev revision 1 to staging"\n\nit was too slow\n')
    assert f"Flaskship-Reverts: {second}" in message
    fields = {field.after for one in back.difference.changes for field in one.fields}
    assert fields == {f"r.example.com/app:1.0-555555@{DIGEST}"}
    earlier = go_back(argo)
    assert earlier.promotion.sha == first
    assert images(argo, "staging") == {}
    with pytest.raises(ConfigurationError, match="no promotion to take back"):
        go_back(argo)


def test_edits_that_came_after_the_promotion_stay(argo: Town) -> None:
    argo.promote("dev", "staging")
    file = argo.values("staging")
    file.write_text(
        file.read_text().replace("terminationGracePeriodSeconds: 35", "terminationGracePeriodSeconds: 36")
    )
    argo.commit("Wait longer")
    go_back(argo)
    assert "terminationGracePeriodSeconds: 36" in file.read_text()
    assert images(argo, "staging") == {}


def test_a_promotion_that_was_changed_by_hand_since_is_not_guessed_at(argo: Town) -> None:
    argo.promote("dev", "staging")
    file = argo.values("staging")
    file.write_text(file.read_text().replace(DIGEST, OTHER))
    argo.commit("Another digest by hand")
    head = git(argo.root, "rev-parse", "HEAD")
    with pytest.raises(ConfigurationError, match="was changed since"):
        go_back(argo)
    assert git(argo.root, "rev-parse", "HEAD") == head


def test_a_push_without_a_remote_branch_is_refused_before_the_commit(argo: Town) -> None:
    git(argo.root, "checkout", "-q", "--detach")
    head = git(argo.root, "rev-parse", "HEAD")
    with pytest.raises(ConfigurationError, match="follows no remote branch"):
        argo.promote("dev", "staging", push=True)
    assert git(argo.root, "rev-parse", "HEAD") == head
    assert images(argo, "staging") == {}
