"""Which value of a workload a refused pod is about, read out of the server's own words."""

import re
from collections.abc import Iterable, Mapping

from flaskship.model.errors import About
from flaskship.model.release import Document

_OF_A_RANGE = re.compile(
    r"(?:maximum|minimum) (?P<resource>[\w.-]+) usage per \w+ .*?but (?P<kind>limit|request)"
)
_OF_A_RATIO = re.compile(r"(?P<resource>[\w.-]+) max limit to request ratio")
_OF_A_QUOTA = re.compile(r"must specify (?P<field>(?:limits|requests)\.[\w-]+|cpu|memory)")
_CONTAINER = re.compile(r"containers? \"(?P<name>[^\"]+)\"")


def about_pod(workload: str, why: str, documents: Iterable[Document]) -> About:
    """Return the workload (KIND/NAME) and the field of its values that the refusal is about."""
    kind, _, name = workload.partition("/")
    return About(kind, name, _field(why, _inits(kind, name, documents)))


def _field(why: str, inits: frozenset[str]) -> str:
    if found := _OF_A_RANGE.search(why):
        return f"resources.{found['kind']}s.{found['resource']}"
    if found := _OF_A_RATIO.search(why):
        return f"resources.limits.{found['resource']}"
    if found := _OF_A_QUOTA.search(why):
        field = found["field"]
        return f"resources.{field if '.' in field else f'requests.{field}'}"
    if "violates PodSecurity" in why:
        if "volumes (volume" in why or "volume types (volume" in why:
            return "volumes"
        if inits & {one["name"] for one in _CONTAINER.finditer(why)}:
            return "initContainers"
    return ""


def _inits(kind: str, name: str, documents: Iterable[Document]) -> frozenset[str]:
    for one in documents:
        metadata: Mapping[str, object] = one.get("metadata") or {}
        if (one.get("kind"), metadata.get("name")) == (kind, name):
            pod = ((one.get("spec") or {}).get("template") or {}).get("spec") or {}
            return frozenset(str(each.get("name")) for each in pod.get("initContainers") or ())
    return frozenset()
