"""How a test's pod or Job ended, by what the cluster says of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

STUCK = frozenset({"ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"})


@dataclass(frozen=True, slots=True)
class Ending:
    """How a test ended."""

    passed: bool
    message: str = "passed"
    deleted: bool = False


def pod_ending(pod: Mapping[str, Any]) -> Ending | None:
    """Return how a pod ended; None while that is open.

    A pod that restarts nothing has ended with its last container. Its phase says so a second later, when its
    sandbox is gone.
    """
    status, spec = pod.get("status") or {}, pod.get("spec") or {}
    if status.get("phase") == "Succeeded":
        return Ending(True)
    containers = status.get("containerStatuses") or ()
    states = [*(status.get("initContainerStatuses") or ()), *containers]
    if spec.get("restartPolicy") == "Never" or status.get("phase") == "Failed":
        for one in states:
            code = _exit_code(one)
            if code:
                return Ending(False, f"its container {one.get('name')} ended with exit code {code}")
        if len(containers) == len(spec.get("containers") or ()) and all(
            _exit_code(one) == 0 for one in containers
        ):
            return Ending(True)
    if status.get("phase") == "Failed":
        said = status.get("message") or status.get("reason") or "its pod failed"
        return Ending(False, str(said))
    for one in states:
        waiting = (one.get("state") or {}).get("waiting") or {}
        if waiting.get("reason") in STUCK:
            said = f"{waiting['reason']}: {waiting.get('message') or one.get('image')}"
            return Ending(False, f"its container {one.get('name')} does not start: {said}")
    return None


def job_ending(job: Mapping[str, Any]) -> Ending | None:
    """Return how a Job ended; None while that is open."""
    for one in (job.get("status") or {}).get("conditions") or ():
        if one.get("status") == "True" and one.get("type") == "Complete":
            return Ending(True)
        if one.get("status") == "True" and one.get("type") == "Failed":
            return Ending(False, str(one.get("message") or one.get("reason") or "its Job failed"))
    return None


def _exit_code(container: Mapping[str, Any]) -> int | None:
    ended = (container.get("state") or {}).get("terminated")
    return None if ended is None else int(ended.get("exitCode") or 0)
