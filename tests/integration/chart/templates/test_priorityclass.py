"""priorityclass.yaml: who goes first, cluster-wide, made by one release alone."""

import pytest


@pytest.mark.on
def test_prod_makes_the_priority_classes_and_none_is_the_default(render) -> None:
    classes = render(environment="prod").all("PriorityClass")
    assert {name: item["value"] for name, item in classes.items()} == {
        "my-app-critical": 1000,
        "my-app-normal": 100,
        "my-app-low": 10,
    }
    for item in classes.values():
        assert item["globalDefault"] is False
        assert "namespace" not in item["metadata"]


@pytest.mark.off
def test_they_are_off_where_another_release_makes_them(render) -> None:
    for environment in ("dev", "staging"):
        assert not render(environment=environment).all("PriorityClass")


@pytest.mark.override
def test_another_can_be_added(render) -> None:
    text = "priorityClasses: {classes: {urgent: {value: 1000000, description: Now}}}\n"
    assert render(text, environment="prod").all("PriorityClass")["my-app-urgent"]["value"] == 1_000_000


@pytest.mark.bad
def test_a_priority_class_that_cannot_be_is_refused(refused) -> None:
    assert "priorityClasses.classes.x.value" in refused(
        "priorityClasses: {classes: {x: {value: high, description: ''}}}\n", line=1
    )
