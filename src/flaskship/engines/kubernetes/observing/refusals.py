"""Why a workload gets no pods at all: its controller was refused."""

import re

from flaskship.engines.kubernetes.observing.conditions import changed_at, condition, is_ready
from flaskship.engines.kubernetes.observing.ownership import Family, about, standing, template_hash
from flaskship.engines.kubernetes.observing.problems import GRACE_SECONDS
from flaskship.engines.kubernetes.observing.surroundings import Event
from flaskship.engines.kubernetes.observing.workloads import ReplicaSet
from flaskship.model.snapshot import Problem

_QUOTA = re.compile(r"exceeded quota: (?P<name>[^,]+), (?P<figures>.*)|(?:failed|must specify) quota: .*")
_REQUESTED = re.compile(r"requested: (?P<name>[^=,\s]+)=|must specify (?P<unsaid>[^\s;,]+)")
_SECURITY = re.compile(r'violates PodSecurity "(?P<level>[^"]+)": (?P<why>.*)')
_SET = re.compile(
    r'containers? "(?P<name>[^"]+)"[^()]*? must (?:not )?(?:set|include .* in) (?P<field>\w[\w.]*)'
)
_OF_THE_POD = (
    ("volume", "volumes"),
    ("host namespaces", "hostNetwork"),
    ("hostPort", "ports"),
    ("hostProbes", "probes"),
    ("sysctls", "securityContext.sysctls"),
)
_WEBHOOK = re.compile(r'admission webhook "(?P<name>[^"]+)" denied the request: ?(?P<why>.*)')
_POLICY = re.compile(r"ValidatingAdmissionPolicy '(?P<name>[^']+)' .*denied request: (?P<why>.*)")
_LIMITS = re.compile(r"(?:maximum|minimum) (?:cpu|memory|.*) usage per (?:Container|Pod) is .*")
_ACCOUNT = re.compile(r'serviceaccount "(?P<name>[^"]+)" not found')


def refusal_of(
    newest: ReplicaSet | None, family: Family, events: tuple[Event, ...], applied_at: float, now: float
) -> Problem | None:
    """Return why the newest ReplicaSet cannot make its pods; None once it can."""
    if newest is None:
        return None
    failed = condition(newest.status.conditions, "ReplicaFailure")
    if failed is None or failed.status != "True" or failed.reason != "FailedCreate":
        return None
    told = tuple(one for one in about(events, newest.metadata.uid) if one.reason == "FailedCreate")
    message = failed.message or (told[-1].message if told else "")
    evidence = tuple(dict.fromkeys((*(one.message for one in told[-2:]), message)))[:3]
    since = changed_at(failed)
    # One that stood before the apply is an earlier revision's until the deadline.
    ours = since >= applied_at
    stood = now - since >= GRACE_SECONDS and not _gives_back(newest, told, family, events)
    return named(message, evidence, ours=ours, stood=stood)


def _gives_back(
    newest: ReplicaSet, told: tuple[Event, ...], family: Family, events: tuple[Event, ...]
) -> bool:
    """Tell whether pods that the update retires may still make room: none was refused since they are gone."""
    if any(pod.metadata.deletion_timestamp is not None for pod in family.pods):
        return True
    new = family.of_template(template_hash(newest.metadata))
    old = sum(standing(pod) for pod in family.pods) - len(new)
    if old and any(not is_ready(pod) for pod in new):
        return True  # an old one goes when a new one is ready
    retired = [
        event.at
        for one in family.replica_sets
        for event in about(events, one.metadata.uid)
        if event.reason == "SuccessfulDelete"
    ]
    # A controller asks again after ever longer pauses.
    return bool(retired) and max((one.at for one in told), default=0.0) < max(retired) + GRACE_SECONDS


def named(message: str, evidence: tuple[str, ...], *, ours: bool, stood: bool) -> Problem:
    """Return the problem that an API server's refusal of a pod names."""
    text = " ".join(message.split())
    if found := _QUOTA.search(text):
        said = f"The quota {found['name']} is used up: {found['figures']}" if found["name"] else found[0]
        # The pods that an update retires give their share back.
        return Problem("QuotaExceeded", said, quota_field(text), evidence, terminal=ours and stood)
    if found := _SECURITY.search(text):
        said = f"The namespace enforces the Pod Security level {found['level']}: {found['why']}"
        return Problem("PodSecurityViolated", said, security_field(found["why"]), evidence, terminal=ours)
    if found := _WEBHOOK.search(text) or _POLICY.search(text):
        said = f"{found['name']} denied the pod: {found['why'] or 'without a reason'}"
        return Problem("AdmissionDenied", said, None, evidence, terminal=ours)
    if found := _LIMITS.search(text):
        said = f"A LimitRange of the namespace forbids the pod: {found[0]}"
        return Problem("AdmissionDenied", said, "resources.limits", evidence, terminal=ours)
    if found := _ACCOUNT.search(text):
        said = f"ServiceAccount {found['name']} does not exist"
        return Problem("PodCreationFailed", said, "serviceAccountName", evidence, terminal=ours and stood)
    said = f"Its pods cannot be created: {text}"
    return Problem("PodCreationFailed", said, None, evidence, terminal=False)


def quota_field(message: str) -> str:
    """Return the field that asks for what the quota is short of, or that does not say how much it wants."""
    found = _REQUESTED.search(message)
    name = (found["name"] or found["unsaid"]) if found else ""
    if name == "pods" or name.startswith("count/"):
        return "replicas"
    kind, dot, resource = name.partition(".")
    if dot and kind in ("requests", "limits"):
        return f"resources.{kind}.{_escaped(resource)}"
    return f"resources.requests.{_escaped(name)}" if name else "resources.requests"


def security_field(why: str) -> str:
    """Return the first field that breaks the level; of a container, with its name."""
    first = re.split(r"\), ", why, maxsplit=1)[0]
    if found := _SET.search(first):
        return f"containers[{found['name']}].{found['field']}"
    return next((field for word, field in _OF_THE_POD if word in first), "securityContext")


def _escaped(name: str) -> str:
    return name.replace(".", "\\.")
