"""Why a pod cannot start: the first reason that the cluster names, with a cause's code.

A reason that may pass by itself ends a rollout only when it has stood for GRACE_SECONDS.
"""

import re
from collections.abc import Iterator

from flaskship.engines.kubernetes.observing.conditions import changed_at, condition
from flaskship.engines.kubernetes.observing.exits import NEVER_RAN, last_end, runs
from flaskship.engines.kubernetes.observing.missing import missing
from flaskship.engines.kubernetes.observing.observed import Observed
from flaskship.engines.kubernetes.observing.pods import Container, ContainerStatus, Pod, PodSpec
from flaskship.engines.kubernetes.observing.surroundings import Event
from flaskship.model.snapshot import Problem

GRACE_SECONDS = 10.0
IMAGE_REASONS = frozenset(
    {"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError"}
)
CONFIG_REASONS = frozenset({"CreateContainerConfigError", "CreateContainerError", "RunContainerError"})
MOUNT_REASONS = frozenset({"FailedMount", "FailedAttachVolume", "FailedMapVolume"})
MOUNT_TRIES = 3
# What a registry answers when it is there and has made up its mind; anything else may be the network.
_FINAL = re.compile(
    r"not found|manifest unknown|unauthorized|denied|forbidden|does not exist|invalid|couldn't parse"
    r"|not present with pull policy",
    re.IGNORECASE,
)
_EMPTY_WORDS = re.compile(r"Error: \w+$|Back-off pulling image \"[^\"]*\"$")
_NO_FILE = re.compile(r"executable file not found|no such file or directory|cannot find the file")
_NO_RIGHT = re.compile(r"permission denied|exec format error|is a directory")
# A kubelet that has just met the pod has not read its objects yet.
_NOT_YET = re.compile(
    r"failed to sync (configmap|secret) cache|not registered|timed out waiting for the cond"
)


def problem_of(pod: Pod, events: tuple[Event, ...], observed: Observed, now: float) -> Problem | None:
    """Return why the pod does not start; None while nothing says so."""
    if pod.metadata.deletion_timestamp is not None:
        return None
    return next(_problems(pod, events, observed, now), None)


def _problems(pod: Pod, events: tuple[Event, ...], observed: Observed, now: float) -> Iterator[Problem]:
    if (unscheduled := _unscheduled(pod, events, now)) is not None:
        yield unscheduled
    for _, container, status in runs(pod):
        if (found := _of_container(container, status, events, observed)) is not None:
            yield found
    if (unmounted := _unmounted(pod, events, observed, now)) is not None:
        yield unmounted
    if pod.status.reason == "Evicted":
        yield Problem("Evicted", f"The node evicted the pod: {pod.status.message}", terminal=False)


def _unscheduled(pod: Pod, events: tuple[Event, ...], now: float) -> Problem | None:
    found = condition(pod.status.conditions, "PodScheduled")
    if found is None or found.status != "False" or found.reason not in ("Unschedulable", "SchedulerError"):
        return None
    growing = any(event.reason == "TriggeredScaleUp" for event in events)
    message = f"No node takes the pod: {found.message}"
    if growing:
        message += " (the cluster is being given another node)"
    return Problem(
        "Unschedulable",
        message,
        field=_asked_for(found.message, pod.spec),
        evidence=_said(events, "FailedScheduling") or (found.message,),
        terminal=not growing and now - changed_at(found) >= GRACE_SECONDS,
    )


def _asked_for(message: str, spec: PodSpec) -> str:
    """Return the field that a scheduler's words are about; for two of them it has the same words."""
    if "affinity/selector" in message and spec.node_selector:
        return "nodeSelector"
    for words, field in (
        ("Insufficient", "resources.requests"),
        ("PersistentVolumeClaim", "volumes"),
        ("persistentvolumeclaim", "volumes"),
        ("taint", "tolerations"),
        ("affinity", "affinity"),
        ("selector", "nodeSelector"),
        ("topology spread", "topologySpreadConstraints"),
    ):
        if words in message:
            return field
    return "resources.requests"


def _of_container(
    container: Container,
    status: ContainerStatus,
    events: tuple[Event, ...],
    observed: Observed,
) -> Problem | None:
    waiting = status.state.waiting
    end = last_end(status)
    if status.state.running is None and end is not None and end.reason in NEVER_RAN:
        return _not_started(container, end.message)
    if waiting is None:
        return None
    if waiting.reason in IMAGE_REASONS:
        return _no_image(container, waiting.reason, waiting.message, events)
    if waiting.reason in CONFIG_REASONS:
        if (absent := missing(waiting.message, observed.external_secrets)) is not None:
            return absent
        return _refused(container, waiting.reason, waiting.message)
    if waiting.reason == "PostStartHookError":
        said = f"The postStart hook of {container.name} failed: {waiting.message}"
        return Problem("StartFailed", said, field="lifecycle.postStart", terminal=False)
    return None


def _not_started(container: Container, message: str) -> Problem:
    said = f"{container.name} could not be started: {_last_part(message)}"
    if _NO_FILE.search(message):
        return Problem("CommandNotFound", said, evidence=(message,))
    if _NO_RIGHT.search(message):
        return Problem("NotExecutable", said, evidence=(message,))
    return Problem("StartFailed", said, evidence=(message,))


def _refused(container: Container, reason: str, message: str) -> Problem | None:
    said = f"{container.name} cannot be created: {message or reason}"
    if "runAsNonRoot" in message or "non-root" in message:
        return Problem("StartFailed", said, field="securityContext", evidence=(message,))
    if reason == "RunContainerError":
        return _not_started(container, message)
    # A runtime that is busy says so in this way too.
    return Problem("StartFailed", said, evidence=(message,), terminal=reason == "CreateContainerConfigError")


def _no_image(container: Container, reason: str, message: str, events: tuple[Event, ...]) -> Problem:
    said = tuple(one for one in (*_said(events, "Failed"), message) if one and not _EMPTY_WORDS.match(one))
    why = next((one for one in reversed(said) if _FINAL.search(one)), said[-1] if said else reason)
    final = reason != "ErrImagePull" or bool(_FINAL.search(message))
    return Problem(
        "ImagePullFailed",
        f"The image {container.image} of {container.name} cannot be had: {_last_part(why)}",
        field="image",
        evidence=tuple(dict.fromkeys(said))[-3:],
        terminal=final,
    )


def _unmounted(pod: Pod, events: tuple[Event, ...], observed: Observed, now: float) -> Problem | None:
    if any(status.state.running or last_end(status) for _, _, status in runs(pod)):
        return None
    told = [event for event in events if event.reason in MOUNT_REASONS and not _NOT_YET.search(event.message)]
    if not told:
        return None
    latest = told[-1]
    stood = now - min(event.first_at for event in told) >= GRACE_SECONDS
    again = sum(event.times for event in told) >= MOUNT_TRIES
    absent = missing(latest.message, observed.external_secrets, terminal=stood and again)
    if absent is not None:
        return absent
    # A volume that another node still holds comes free when its last pod there has gone.
    held = "Multi-Attach" in latest.message
    return Problem(
        "VolumeMountFailed",
        f"A volume cannot be mounted: {latest.message}",
        evidence=tuple(event.message for event in told[-3:]),
        terminal=stood and again and not held,
    )


def _said(events: tuple[Event, ...], reason: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(event.message for event in events if event.reason == reason))


def _last_part(message: str) -> str:
    """Return the end of a chain of errors, which is its reason."""
    text = " ".join(message.split())
    for head in ("OCI runtime create failed: ", "failed to resolve reference ", "failed to resolve image: "):
        text = text.rpartition(head)[2]
    return text if len(text) <= 300 else text[:300] + "..."
