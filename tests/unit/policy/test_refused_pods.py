"""What the API server of a real Kubernetes refused of pods is told, and nothing of what it took."""

import pytest
from tests.unit.policy.refused_pods import Case, cases

from flaskship.policy.kubernetes.refused import refused
from flaskship.policy.kubernetes.table import load_table
from flaskship.policy.node import Node
from flaskship.policy.objects import Object


def told(case: Case) -> list[tuple[str, str]]:
    one = Object(Node(case.manifest), None)
    return [(violation.path, violation.message) for violation, _ in refused(load_table(), one)]


@pytest.mark.parametrize("case", cases("refused"), ids=lambda case: case.name)
def test_a_pod_that_a_server_refused_is_told_at_its_field(case: Case) -> None:
    assert any(path.endswith(case.at) and case.says in message for path, message in told(case)), told(case)


@pytest.mark.parametrize("case", cases("taken"), ids=lambda case: case.name)
def test_of_a_pod_that_a_server_took_nothing_is_told(case: Case) -> None:
    assert told(case) == []
