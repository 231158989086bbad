"""A NetworkPolicy cuts an application off from what it needs."""

from collections.abc import Iterator
from dataclasses import replace

from flaskship.policy.context import Context
from flaskship.policy.database import Way, databases, way
from flaskship.policy.destinations import destinations, way_to
from flaskship.policy.finding import Severity
from flaskship.policy.network import Need, accepts_from, dependencies, resolves_names, sends_to
from flaskship.policy.objects import Fault, Pod

CODE = "network-cut"
SEVERITY = Severity.ERROR


def find(context: Context) -> Iterator[Fault]:
    """Find Services that a pod's configuration names and the policies keep it from, and missing DNS."""
    for pod in context.serving:
        if not resolves_names(context, pod):
            yield pod.owner.fault("its policies allow no DNS over UDP and TCP", "spec", ".networkPolicy")
        yield from _cut(context, pod)
        yield from _without_database(context, pod)
        yield from _without_way(context, pod)


def _cut(context: Context, pod: Pod) -> Iterator[Fault]:
    for needed in dependencies(context, pod):
        for target in context.selected_by(needed.service):
            if not sends_to(context, pod, target, needed.port):
                message = f"{needed.variable} names {needed.service.name}, and no policy lets it out to there"
                yield _blamed(pod, needed, message, "networkPolicy.egress")
            elif not accepts_from(context, target, pod, needed.port):
                message = f"{needed.variable} names {needed.service.name}, which lets it not in"
                yield _blamed(pod, needed, message, "networkPolicy.from")


def _blamed(pod: Pod, needed: Need, message: str, setting: str) -> Fault:
    """The fault at the value that names the Service, which a person changes, else at the policy."""
    return replace(pod.owner.fault(message, needed.at, setting), candidates=needed.settings)


def _without_way(context: Context, pod: Pod) -> Iterator[Fault]:
    for one in destinations(context, pod):
        if way_to(context, pod, one) is Way.CLOSED:
            message = (
                f"{one.variable} names {one.host} with port {one.port}, and no policy lets it out to there"
            )
            fault = pod.owner.fault(message, one.at, "networkPolicy.egress")
            yield replace(fault, candidates=one.settings)


def _without_database(context: Context, pod: Pod) -> Iterator[Fault]:
    for database in databases(context, pod):
        if way(context, pod, database) is Way.CLOSED:
            where = "its address" if database.address else "there"
            message = f"{database.variable} needs port {database.port}, and no policy lets it out to {where}"
            yield pod.owner.fault(message, database.at, "networkPolicy.egress")
