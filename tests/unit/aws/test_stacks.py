from pathlib import Path

import pytest

from flaskship.aws.rehearsal.by_hand import PROTECTION
from flaskship.aws.rehearsal.run import inputs, plainly
from flaskship.aws.rehearsal.stacks import STACKS, chosen, state_key
from flaskship.model.errors import ConfigurationError

CODE = Path(__file__).resolve().parents[3] / "infra" / "terraform" / "aws" / "stacks"


def names(*wanted: str) -> list[str]:
    return [stack.name for stack in chosen(wanted)]


def test_all_in_order_without_a_name() -> None:
    assert names() == ["bootstrap", "account", "network", "platform", "app"]


def test_a_stack_brings_what_it_stands_on() -> None:
    assert names("network") == ["bootstrap", "network"]
    assert names("app") == ["bootstrap", "network", "platform", "app"]
    assert names("app", "account") == names()


def test_every_need_comes_before() -> None:
    seen: set[str] = set()
    for stack in STACKS:
        assert set(stack.needs) <= seen
        seen.add(stack.name)


def test_an_unknown_stack_is_told_with_the_known_ones() -> None:
    with pytest.raises(ConfigurationError, match="netwrok") as caught:
        chosen(["netwrok"])
    assert "network" in (caught.value.hint or "")


def test_environments_have_states_of_their_own() -> None:
    network = chosen(["network"])[-1]
    keys = {state_key(network, environment) for environment in ("dev", "staging", "prod")}
    assert len(keys) == 3
    assert state_key(chosen(["account"])[-1], "dev") == state_key(chosen(["account"])[-1], "prod")


def test_only_what_has_environments_takes_their_file() -> None:
    account, network = chosen(["account"])[-1], chosen(["network"])[-1]
    assert inputs(network, "dev") == ["-var-file=environments/dev.tfvars"]
    assert not any("var-file" in option for option in inputs(account, "dev"))


def test_a_refusal_is_told_without_the_account_of_the_call() -> None:
    said = (
        "deleting RDS DB Instance (my-app-prod): operation error RDS: DeleteDBInstance, https response error "
        "StatusCode: 400, RequestID: 9BjgdAr4-U, api error InvalidParameterValue: Can't delete: protected : "
    )
    assert plainly(said) == (
        "deleting RDS DB Instance (my-app-prod): api error InvalidParameterValue: Can't delete: protected :"
    )


def test_the_stack_of_helm_releases_is_known_and_not_rehearsed() -> None:
    with pytest.raises(ConfigurationError, match="charts is not rehearsed") as caught:
        chosen(["network", "charts"])
    assert "bootstrap, account, network" in (caught.value.hint or "")


def test_what_would_take_data_or_the_service_with_it_is_protected() -> None:
    protected = {stack.name: stack.protected for stack in STACKS}
    assert protected == {
        "bootstrap": ("dev", "staging", "prod"),
        "account": (),
        "network": ("prod",),
        "platform": ("prod",),
        "app": ("prod",),
    }
    # The code says the same, for the stack that is not rehearsed, too.
    for name in [*(name for name, where in protected.items() if where), "charts"]:
        text = (CODE / name / "protection.tf").read_text()
        assert PROTECTION.replace(".", '" "').join('""') in text
        assert "prevent_destroy = true" in text
        assert ('var.environment == "prod" ? 1 : 0' in text) == (name != "bootstrap")


def test_production_names_its_zone_and_who_is_told() -> None:
    app = chosen(["app"])[-1]
    assert inputs(app, "prod", "Z1")[2:] == ["-var=zone_id=Z1", '-var=alarm_emails=["team@example.com"]']
    assert len(inputs(app, "dev")) == 2
