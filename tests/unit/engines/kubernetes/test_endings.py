"""How a test's pod or Job has ended, of its state alone."""

from typing import Any

import pytest
from tests.unit.engines.kubernetes.trials import RUNNING, STUCK, ended, pod

from flaskship.engines.kubernetes.endings import Ending, job_ending, pod_ending


@pytest.mark.parametrize(
    ("restart", "containers", "status", "ending"),
    [
        ("Never", 1, {}, None),
        ("Never", 1, RUNNING, None),
        ("Never", 1, ended(0), Ending(True)),
        ("Never", 2, ended(0), None),
        ("Never", 2, ended(2), Ending(False, "its container answers ended with exit code 2")),
        ("OnFailure", 1, ended(2), None),
        ("OnFailure", 1, ended(0), None),
        ("OnFailure", 1, {**ended(0), "phase": "Succeeded"}, Ending(True)),
        ("Never", 1, {"phase": "Failed", "message": "Pod was evicted"}, Ending(False, "Pod was evicted")),
        ("Never", 1, {"phase": "Failed"}, Ending(False, "its pod failed")),
        (
            "Never",
            1,
            {"initContainerStatuses": [{"name": "i", "state": {"terminated": {"exitCode": 1}}}]},
            Ending(False, "its container i ended with exit code 1"),
        ),
        (
            "Never",
            1,
            {"containerStatuses": [{"name": "a", "image": "x", "state": {"waiting": {"reason": STUCK}}}]},
            Ending(False, "its container a does not start: ImagePullBackOff: x"),
        ),
        ("Never", 1, {"containerStatuses": [{"state": {"waiting": {"reason": "ContainerCreating"}}}]}, None),
    ],
)  # fmt: skip
def test_how_a_pod_ends(restart: str, containers: int, status: dict[str, Any], ending: Ending | None) -> None:
    assert pod_ending(pod(restart, status, containers)) == ending


@pytest.mark.parametrize(
    ("conditions", "ending"),
    [
        ([], None),
        ([{"type": "Complete", "status": "True"}], Ending(True)),
        ([{"type": "Failed", "status": "False"}], None),
        ([{"type": "Suspended", "status": "True"}], None),
        ([{"type": "Failed", "status": "True", "reason": "Late"}], Ending(False, "Late")),
    ],
)  # fmt: skip
def test_how_a_job_ends(conditions: list[dict[str, str]], ending: Ending | None) -> None:
    assert job_ending({"status": {"conditions": conditions}}) == ending
