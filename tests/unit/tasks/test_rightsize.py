import pytest

from flaskship.model.usage import Use
from flaskship.tasks.rightsize import MIB, Fit, Kind, asked, fitted


def use(cpu: float, mebibytes: int) -> Use:
    return Use(cpu, mebibytes * MIB)


def fits(uses: list[Use], cpu: int | None, mebibytes: int | None) -> dict[Kind, str | None]:
    requests: dict[Kind, int | None] = {"cpu": cpu, "memory": None if mebibytes is None else mebibytes * MIB}
    found = fitted("api", uses, requests)
    return {fit.kind: fit.text if fit.fitting is not None else None for fit in found}


@pytest.mark.parametrize(
    ("cpu", "asked_for", "fitting"),
    [
        (8.0, 100, "20m"),  # 8 * 1.3 = 10.4, in steps of 10
        (0.0, 100, "10m"),  # never less than the least
        (70.0, 100, None),  # 91, up to 100: fits as it is
        (95.0, 100, "130m"),  # 123.5, up to 130: more than 20 % off
        (92.0, 100, None),  # 119.6, up to 120: not more than 20 % off
        (8.0, None, "20m"),  # nothing asked for
    ],
)
def test_the_processor_that_would_fit(cpu: float, asked_for: int | None, fitting: str | None) -> None:
    assert fits([use(cpu, 100)], asked_for, 128)["cpu"] == fitting


@pytest.mark.parametrize(
    ("mebibytes", "asked_for", "fitting"),
    [
        (100, 128, None),  # 120, up to 128
        (40, 128, "48Mi"),
        (1, 128, "32Mi"),
        (200, 128, "240Mi"),
        (101, None, "128Mi"),  # 121.2, up to 128
    ],
)
def test_the_memory_that_would_fit(mebibytes: int, asked_for: int | None, fitting: str | None) -> None:
    assert fits([use(70, mebibytes)], 100, asked_for)["memory"] == fitting


def test_the_hungriest_replica_decides_for_each_resource_alone() -> None:
    found = fitted("api", [use(10, 200), use(300, 20)], {"cpu": 100, "memory": 128 * MIB})
    assert [(fit.kind, fit.used) for fit in found] == [("cpu", 300), ("memory", 200 * MIB)]


def test_nothing_measured_proposes_nothing() -> None:
    assert fitted("api", [], {"cpu": 100, "memory": 128}) == ()


def test_the_path_is_that_of_the_one_application() -> None:
    assert Fit("api", "cpu", 8, 100, 20).path == "applications.api.resources.requests.cpu"


def test_the_main_container_is_the_one_that_is_named_as_the_application() -> None:
    containers = [
        {"name": "proxy", "resources": {"requests": {"cpu": "1"}}},
        {"name": "api", "resources": {"requests": {"cpu": "250m"}}},
    ]
    template = {"spec": {"containers": containers}}
    found = asked({"kind": "Deployment", "metadata": {"name": "api"}, "spec": {"template": template}})
    assert found == {"cpu": 250, "memory": None}
