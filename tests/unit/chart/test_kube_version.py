import pytest

from flaskship.chart.kube_version import satisfies
from flaskship.model.errors import ConfigurationError


@pytest.mark.parametrize(
    ("version", "constraint", "expected"),
    [
        ("1.30", ">=1.30.0-0", True),
        ("v1.29.9", ">=1.30.0-0", False),
        ("v1.33.4-gke.1245000", ">=1.30.0-0", True),
        ("1.37.2", ">=1.30.0-0 <1.37.0", False),
        ("1.36", ">=1.30, <1.37", True),
        ("1.20", "<1.10 || >=1.20", True),
        ("1.9", ">=1.10", False),
        ("1.30.1", "!=1.30.1", False),
        ("1.30.1", "1.30.1", True),
    ],
)
def test_versions_compare_as_numbers(version: str, constraint: str, expected: bool) -> None:
    assert satisfies(version, constraint) is expected


@pytest.mark.parametrize("version", ["", "new", "1", "v1.x"])
def test_what_is_no_version_is_refused(version: str) -> None:
    with pytest.raises(ConfigurationError, match="no version of Kubernetes"):
        satisfies(version, ">=1.30")


@pytest.mark.parametrize("constraint", ["", "~1.30", "1.30 - 1.32", "latest"])
def test_a_constraint_that_is_not_understood_is_not_taken_for_met(constraint: str) -> None:
    with pytest.raises(ConfigurationError, match="not understood"):
        satisfies("1.33", constraint)
