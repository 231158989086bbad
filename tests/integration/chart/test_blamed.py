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
