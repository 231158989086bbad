"""A refusal of the chart points at the value that somebody changed, whichever of the compared ones it is."""

import pytest

from flaskship.model.errors import ConfigurationError

API = "applications.my-tomorrows-api"
OWN = "applications:\n  my-tomorrows-api:\n    "
REST = "\n    image: {tag: '2'}\n"


@pytest.mark.parametrize(
    ("values", "sets", "line"),
    [
        (f"{OWN}terminationGracePeriodSeconds: 1{REST}", (), 3),
        (f"{OWN}preStopSeconds: 60{REST}", (), 3),
        ("defaults:\n  logLevel: INFO\n  gracefulTimeoutSeconds: 100\n", (), 3),
        ("defaults:\n  resources:\n    limits:\n      memory: 64Mi\n", (), 4),
        ("defaults:\n  resources:\n    requests:\n      memory: 4Gi\n", (), 4),
        (f"{OWN}minReadySeconds: 900{REST}", (), 3),
        ("defaults:\n  progressDeadlineSeconds: 1\n  minReadySeconds: 1\n", (), 3),
        ("ingress:\n  deregistrationDelaySeconds: 300\n", (), 2),
        (f"{OWN}terminationGracePeriodSeconds: 40{REST}", (f"{API}.preStopSeconds=60",), 0),
        (f"{OWN}preStopSeconds: 60{REST}", (f"{API}.terminationGracePeriodSeconds=50",), 0),
    ],
)
def test_the_line_is_that_of_the_compared_value_that_the_highest_layer_set(
    render, tmp_path, values: str, sets: tuple[str, ...], line: int
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        render(values, *sets, environment="prod")
    where = str(caught.value.location)
    assert where == (f"{tmp_path / 'extra.yaml'}:{line}" if line else f"--set {sets[0]}"), (
        caught.value.message
    )


EXPOSED = "  {0}:\n    preStopSeconds: 10\n    ingress: {{enabled: true, host: a.example.org}}\n"


@pytest.mark.parametrize(("first", "second"), [("alpha", "omega"), ("omega", "alpha")])
def test_of_two_that_want_one_host_the_later_in_the_file_is_the_newcomer(refused, first, second) -> None:
    text = "applications:\n" + EXPOSED.format(first) + EXPOSED.format(second)
    message = refused(text, environment="staging", line=7)
    assert message.startswith(f"applications.{second}.ingress: the host a.example.org is taken by {first} ")


@pytest.mark.parametrize(("changed", "there"), [("api", "admin"), ("admin", "api")])
def test_who_asks_for_the_host_of_another_in_a_higher_layer_is_the_newcomer(refused, changed, there) -> None:
    text = f"applications:\n  my-tomorrows-{changed}:\n    ingress: {{subdomain: {there}}}\n"
    message = refused(text, environment="staging", line=3)
    assert message.startswith(f"applications.my-tomorrows-{changed}.ingress: the host {there}.")
    assert message.endswith(f"is taken by my-tomorrows-{there} already")


@pytest.mark.parametrize(("first", "second"), [("alpha", "omega"), ("omega", "alpha")])
def test_of_two_that_want_one_node_port_the_later_is_the_newcomer(refused, first, second) -> None:
    one = "  {0}:\n    service: {{type: NodePort, nodePort: 30099}}\n"
    message = refused("applications:\n" + one.format(first) + one.format(second), line=5)
    assert message == f"applications.{second}.service.nodePort: 30099 is taken by {first} already"
