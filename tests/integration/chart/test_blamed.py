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


@pytest.mark.parametrize("name", ["a-copy", "z-copy"])
def test_a_copy_with_the_host_of_its_role_is_the_newcomer(refused, name: str) -> None:
    text = f"applications:\n  {name}:\n    role: api\n"
    message = refused(text, environment="prod", line=2)
    assert message.startswith(f"applications.{name}.ingress: the host api.")
    assert message.endswith("is taken by my-tomorrows-api already")


@pytest.mark.parametrize(("said", "line"), [("maxReplicas: 1", 4), ("minReplicas: 11\n      cpu: {}", 4)])
def test_of_fewest_and_most_the_one_that_somebody_wrote_is_blamed(refused, said: str, line: int) -> None:
    text = f"applications:\n  my-tomorrows-api:\n    autoscaling:\n      {said}\n      enabled: true\n"
    assert "autoscaling.minReplicas: " in refused(text, line=line)


def test_of_surge_and_missing_the_one_that_somebody_wrote_is_blamed(refused) -> None:
    text = "applications:\n  my-tomorrows-api:\n    strategy:\n      rollingUpdate:\n        maxSurge: 0\n"
    assert "leave no step to take" in refused(text, line=5)


@pytest.mark.parametrize("wrong", ["name: x, mountPath: /x", "name: c, mountPath: /tmp"])
def test_of_several_mounts_the_wrong_one_is_blamed(refused, wrong: str) -> None:
    text = (
        "defaults:\n  volumes: [{name: c, emptyDir: {}}]\n  volumeMounts:\n    - {name: c, mountPath: /c}\n"
    )
    assert "volumeMounts[1]: " in refused(f"{text}    - {{{wrong}}}\n", line=5)


def test_of_several_volumes_the_wrong_one_is_blamed(refused) -> None:
    text = "defaults:\n  volumes:\n    - {name: c, emptyDir: {}}\n    - {name: tmp, emptyDir: {}}\n"
    assert "volumes[1]: there is a volume tmp already" in refused(text, line=4)


@pytest.mark.parametrize(("first", "second"), [("alpha", "omega"), ("omega", "alpha")])
def test_of_two_that_want_one_node_port_the_later_is_the_newcomer(refused, first, second) -> None:
    one = "  {0}:\n    service: {{type: NodePort, nodePort: 30099}}\n"
    message = refused("applications:\n" + one.format(first) + one.format(second), line=5)
    assert message == f"applications.{second}.service.nodePort: 30099 is taken by {first} already"
