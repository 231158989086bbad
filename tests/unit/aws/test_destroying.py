"""What is protected has to refuse first; whatever does not is told."""

from pathlib import Path
from typing import Any

import pytest

from flaskship.aws.rehearsal import by_hand, run
from flaskship.aws.rehearsal.children import Ended
from flaskship.aws.rehearsal.outcome import StackRun
from flaskship.aws.rehearsal.stacks import STACKS
from flaskship.aws.terraform import Terraform

REFUSAL = Ended(1, ("refused",))
DONE = Ended(0, ())
APP, NETWORK, ACCOUNT = (
    next(one for one in STACKS if one.name == name) for name in ("app", "network", "account")
)


class Silent:
    def step(self, message: str) -> None:
        """Hear nothing."""


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A stage whose terraform answers as the test says, and what was asked of it beside destroying."""

    def made(environment: str, *answers: Ended) -> tuple[run.Stage, list[str]]:
        left, asked = list(answers), []
        monkeypatch.setattr(run, "_terraform", lambda *_: left.pop(0))
        monkeypatch.setattr(run, "run_terraform", lambda command, *_: asked.append(command[-1]))
        monkeypatch.setattr(by_hand, "take_off", lambda _: asked.append("take off"))
        terraform = Terraform(Path("terraform"), Path(), "5.100.0")
        return run.Stage(terraform, Path(), {}, 0, environment, Silent()), asked

    return made


def test_each_lock_refuses_in_its_turn(stage: Any) -> None:
    there, asked = stage("prod", REFUSAL, REFUSAL, DONE)
    outcome = run._destroy(there, APP, StackRun("app"), refresh=False)
    assert (outcome.destroyed, outcome.errors, outcome.refused) == (True, (), "refused; then: refused")
    assert asked == ["terraform_data.protection", "take off"]


def test_a_lock_that_lets_go_at_once_is_an_error(stage: Any) -> None:
    there, _ = stage("prod", DONE)
    outcome = run._destroy(there, NETWORK, StackRun("network"), refresh=False)
    assert outcome.errors == ("Terraform did not refuse to destroy it",)
    there, _ = stage("prod", REFUSAL, DONE)
    outcome = run._destroy(there, APP, StackRun("app"), refresh=False)
    assert outcome.errors == ("AWS did not refuse to destroy it",)


def test_what_did_not_stand_may_lack_its_lock(stage: Any) -> None:
    there, _ = stage("prod", DONE)
    assert run._destroy(there, NETWORK, StackRun("network", errors=("broke",)), False).errors == ("broke",)


def test_where_nothing_is_protected_one_destroy_is_enough(stage: Any) -> None:
    for environment, stack in (("dev", NETWORK), ("staging", APP), ("prod", ACCOUNT)):
        there, asked = stage(environment, DONE)
        outcome = run._destroy(there, stack, StackRun(stack.name), refresh=False)
        assert (outcome.destroyed, outcome.errors, outcome.refused, asked) == (True, (), "", [])


def test_a_destroy_that_fails_for_good_is_told(stage: Any) -> None:
    there, _ = stage("dev", REFUSAL)
    outcome = run._destroy(there, NETWORK, StackRun("network"), refresh=False)
    assert (outcome.destroyed, outcome.errors) == (False, ("refused",))
