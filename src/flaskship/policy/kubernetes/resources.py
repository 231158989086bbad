"""What an API server refuses of the resources that a container asks for."""

import re
from collections.abc import Iterator

from flaskship.policy.kubernetes.forms import KEY, invalid, one_of, refused_by
from flaskship.policy.kubernetes.validate import Breach, Violation
from flaskship.policy.node import Node
from flaskship.policy.quantity import amount_of, quantity

STANDARD = frozenset({"cpu", "memory", "ephemeral-storage"})
_HUGE = "hugepages-"
_OWN = re.compile(r"(.*\.)?kubernetes\.io/.*")
_RESIZES = (
    ("resizePolicy[].resourceName", one_of("cpu", "memory")),
    ("resizePolicy[].restartPolicy", one_of("NotRequired", "RestartContainer")),
)


def refused_of_resources(spec: Node, container: Node) -> Iterator[Violation]:
    """Every violation of a container's resources."""
    resources = container.at("resources")
    for kind in ("requests", "limits"):
        for name, amount in resources.at(kind).entries():
            yield from _amount(name, amount)
    yield from _without_surplus(resources)
    yield from refused_by(_RESIZES, container)
    yield from _once(container.at("resizePolicy"), "resourceName")
    claimed = {one.at("name").text for one in spec.at("resourceClaims").items()}
    for claim in resources.at("claims").items():
        if claim.at("name").text not in claimed:
            yield invalid(claim.at("name"), f"{claim.at('name').content} is none of the pod's resourceClaims")


def _amount(name: str, amount: Node) -> Iterator[Violation]:
    asked = quantity(amount)
    if asked is not None and asked < 0:
        yield invalid(amount, f"{amount.content} of {name} is less than nothing")
    if name.startswith(_HUGE):
        page = amount_of(name.removeprefix(_HUGE))
        if asked and page and asked % page:
            yield invalid(amount, f"{amount.content} of {name} is no whole number of pages")
    if name in STANDARD or name.startswith(_HUGE):
        return
    if "/" not in name:
        known = ", ".join(sorted(STANDARD))
        yield invalid(amount, f"{name!r} is no resource of a container: {known}, or one with a domain")
    elif not KEY.fullmatch(name):
        yield invalid(amount, f"{name!r} is no name of a resource")
    elif asked is not None and asked % 1 and not _OWN.fullmatch(name):
        yield invalid(amount, f"{amount.content} of {name} is not whole")


def _without_surplus(resources: Node) -> Iterator[Violation]:
    """What cannot be shared is limited to what is asked for."""
    requests, limits = resources.at("requests"), resources.at("limits")
    names = {name for part in (requests, limits) for name, _ in part.entries()}
    for name, asked in requests.entries():
        if name.startswith(_HUGE) or ("/" in name and not _OWN.fullmatch(name)):
            if not limits.at(name):
                yield invalid(asked, f"{name} needs a limit that is the same")
            elif quantity(asked) != quantity(limits.at(name)):
                yield invalid(asked, f"{asked.content} of {name} is not its limit, {limits.at(name).content}")
    if names and not names & {"cpu", "memory"} and any(name.startswith(_HUGE) for name in names):
        yield invalid(resources, "huge pages need cpu or memory beside them")


def _once(entries: Node, key: str) -> Iterator[Violation]:
    told: set[str | None] = set()
    for one in entries.items():
        if (name := one.at(key)).text in told:
            yield Violation(Breach.DUPLICATE, name.path, f"{name.text} stands twice in this list")
        told.add(one.at(key).text)
