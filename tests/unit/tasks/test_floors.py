"""Floors: what is too old, too new, absent or no version; the documents and the chart say the same."""

import re
from pathlib import Path

import pytest

from flaskship.chart import helm
from flaskship.engines.kubernetes.preflight import NEWEST, OLDEST
from flaskship.policy.kubernetes.table import load_table
from flaskship.tasks import floors
from flaskship.tasks.machine import Health, Met

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("v4.3.1", (4, 3, 1)),
        ("v4.2.0+gabc", (4, 2, 0)),
        ("v1.30.4-eks-0a1b2c3", (1, 30, 4)),
        ("1.12.0-beta1", (1, 12, 0)),
        ("", None),
        ("v", None),
        ("latest", None),
        ("1", None),
    ],
)
def test_numbers(text: str, found: tuple[int, ...] | None) -> None:
    assert floors.numbers(text) == found


@pytest.mark.parametrize(
    ("tool", "version", "result"),
    [
        ("helm", "v3.19.0", Health.WARNING),
        ("helm", "v4.0.0", Health.OK),
        ("helm", "v5.1.0", Health.OK),
        ("terraform", "1.10.5", Health.WARNING),
        ("terraform", "1.11.0", Health.OK),
        ("helm", "cannot say", Health.WARNING),
    ],
)
def test_each_version_against_its_floor(tool: str, version: str, result: Health) -> None:
    check = floors.check_floor(Met(tool, version))
    assert check.result is result
    assert (check.advice is None) is (result is Health.OK)


def test_what_is_too_old_fails_only_where_something_needs_it() -> None:
    check = floors.check_floor(Met("terraform", "1.10.9", needed=True))
    assert (check.name, check.result) == ("terraform binary", Health.FAILED)
    assert "Terraform 1.10.9 is too old: from there on S3" in check.message
    assert check.advice == "use Terraform 1.11 or later"


def test_what_is_not_there_is_well_unless_it_is_needed() -> None:
    assert floors.check_floor(Met("helm", None, "none")).result is Health.OK
    check = floors.check_floor(Met("terraform", None, "not here", True, "look"))
    assert (check.result, check.message, check.advice) == (Health.WARNING, "not here", "look")


def test_the_chart_refuses_what_is_below_the_floor_and_the_schemas_cover_what_is_above() -> None:
    chart = helm.parse_yaml((ROOT / "infra/helmchart/Chart.yaml").read_text())
    assert chart["kubeVersion"] == f">={floors.dotted(floors.KUBERNETES.oldest)}.0-0"
    minors = [tuple(map(int, minor.split("."))) for minor in load_table().minors]
    assert (min(minors), max(minors)) == (OLDEST, NEWEST)
    assert floors.KUBERNETES.oldest == OLDEST


@pytest.mark.parametrize("floor", [*floors.FLOORS.values(), floors.KUBERNETES], ids=lambda floor: floor.tool)
def test_the_guide_map_states_each_floor_with_its_reason(floor: floors.Floor) -> None:
    text = (ROOT / "docs/guide-map.md").read_text()
    row = next(line for line in text.splitlines() if line.startswith(f"| {floor.tool} ") and "+ |" in line)
    assert re.search(rf"\b{re.escape(floors.dotted(floor.oldest))}\b", row), row
    assert floor.reason in row
    assert "flaskship doctor" in row
