"""What a deploy has to be allowed: asked for all at once, before anything is read or written."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flaskship.engines.kubernetes.client import Cluster, Rule
from flaskship.engines.kubernetes.failures import ForbiddenError
from flaskship.engines.kubernetes.place import Place
from flaskship.engines.kubernetes.reflecting import NEEDED, USEFUL
from flaskship.engines.kubernetes.resources import (
    CONFIG_MAPS,
    CRON_JOBS,
    ENDPOINT_SLICES,
    JOBS,
    LEASES,
    NAMESPACES,
    PODS,
    QUOTAS,
    SECRETS,
    Resource,
)
from flaskship.model.release import Document

AT_ONCE = 8
WRITES = ("get", "create", "patch", "delete")
"""What Helm does to the objects of a release; an upgrade and an undo delete what is no longer in it."""
WATCHES = ("list", "watch")
LOCKS = ("get", "create", "update")
"""What is done to the Lease of an environment."""
Kinds = Mapping[tuple[str, str], Resource]


@dataclass(frozen=True, slots=True, order=True)
class Permission:
    """One verb on one kind of object, or on a part of it."""

    group: str
    plural: str
    sub: str
    verb: str
    namespaced: bool = True

    @property
    def what(self) -> str:
        """The kind as RBAC writes it."""
        return f"{self.plural}/{self.sub}" if self.sub else self.plural

    def __str__(self) -> str:
        return f"{self.verb} {self.what}{f'.{self.group}' if self.group else ''}"

    def granted_by(self, rule: Rule) -> bool:
        """Tell whether a rule of the namespace grants it for every name."""
        return (
            self.namespaced
            and not rule.names
            and bool({self.verb, "*"} & rule.verbs)
            and bool({self.group, "*"} & rule.groups)
            and bool({self.what, "*", *([f"*/{self.sub}"] if self.sub else [])} & rule.resources)
        )


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a deploy cannot do without, and what it goes on without, with what stays unseen then."""

    needed: frozenset[Permission]
    blind: Mapping[Permission, str]


@dataclass(frozen=True, slots=True)
class Missing:
    """What of it the user may not do; whole: all that was wanted, granted or not."""

    needed: tuple[Permission, ...] = ()
    blind: tuple[tuple[Permission, str], ...] = ()
    whole: tuple[Permission, ...] = ()

    @property
    def all(self) -> tuple[Permission, ...]:
        """Everything that is missing, by kind."""
        return tuple(sorted({*self.needed, *(one for one, _ in self.blind)}))

    def remarks(self) -> Iterator[str]:
        """Yield what stays unseen for want of which permission, a line each."""
        by_what: dict[str, list[str]] = {}
        for one, what in self.blind:
            by_what.setdefault(what, []).append(str(one))
        # What is looked at before the write says by itself that it could not.
        yield from (f"{what}: its user may not {', '.join(of)}" for what, of in by_what.items() if what)


@dataclass(frozen=True, slots=True)
class Purpose:
    """What is to be permitted: what cannot be done without it, what it holds, and the name of its Role."""

    cannot: str
    holds: str
    role: str = ""
    instead: str = ""
    """What can be done without these permissions."""


DEPLOYING = Purpose("cannot be deployed to", "all that a deploy of these values takes")
READ_SPACE = Permission("", NAMESPACES.plural, "", "get")
"""Its namespace is read by its own name, which a Role inside of it may allow."""


def of(resource: Resource, *verbs: str, sub: str = "") -> tuple[Permission, ...]:
    """Return permissions for a kind."""
    return tuple(Permission(resource.group, resource.plural, sub, one, resource.namespaced) for one in verbs)


async def wanted_of(cluster: Cluster, place: Place, documents: Iterable[Document]) -> Wanted:
    """Return the same for a cluster, whose namespace may have to be made."""
    kinds, space = await asyncio.gather(cluster.api_resources(), _namespace(cluster, place))
    want = wanted(documents, kinds)
    return want if space else Wanted(want.needed | {*of(NAMESPACES, "create")}, want.blind)


async def _namespace(cluster: Cluster, place: Place) -> bool:
    try:
        return await cluster.find(NAMESPACES, place.namespace) is not None
    except ForbiddenError:
        return True  # so it is missing among the rest


def wanted(documents: Iterable[Document], kinds: Kinds) -> Wanted:
    """Return what a deploy of these objects does, kinds that the cluster does not know left out."""
    named = {(str(one.get("apiVersion")), str(one.get("kind"))) for one in documents}
    rendered = {kinds[one] for one in named if one in kinds}
    plurals = {(one.group, one.plural) for one in rendered}
    needed = [READ_SPACE]
    for one in rendered:
        needed += of(one, *WRITES)
    for one in (*NEEDED, *(one for one in USEFUL if (one.group, one.plural) in plurals)):
        needed += of(one, *WATCHES)
    needed += of(SECRETS, *WRITES, *WATCHES, "update")
    needed += of(LEASES, *LOCKS)
    for one in (CONFIG_MAPS, JOBS, CRON_JOBS):
        needed += of(one, "list")
    needed += of(CONFIG_MAPS, "delete")
    tests, answers = "the release's own tests", "what Services without an address outside answer"
    blind = {
        **dict.fromkeys(of(PODS, "get", sub="log"), "the last log lines of what fails"),
        **dict.fromkeys(of(PODS, "get", sub="proxy"), "what a failing probe is answered"),
        **dict.fromkeys(
            (*of(PODS, "get", "create", sub="portforward"), *of(ENDPOINT_SLICES, "list")), answers
        ),
        **dict.fromkeys(of(PODS, "create", "get", "delete"), tests),
        # Without it the tests begin later, and see as much.
        **dict.fromkeys(of(PODS, "patch"), ""),
        **dict.fromkeys(of(QUOTAS, "list"), ""),
    }
    return Wanted(frozenset(needed), {one: what for one, what in blind.items() if one not in needed})


class Permissions:
    """Asks a cluster what its user may do; what was granted once is not asked again."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._granted: set[tuple[str, Permission]] = set()

    async def missing(self, place: Place, want: Wanted) -> Missing:
        """Return what of it the user of the context may not do in the place."""
        asked = sorted(
            {*want.needed, *want.blind} - {one for space, one in self._granted if space == place.namespace}
        )
        if asked and (rules := await self._cluster.rules(place.namespace)):
            asked = [one for one in asked if not any(one.granted_by(rule) for rule in rules)]
        slots = asyncio.Semaphore(AT_ONCE)

        # The rules are a summary, which may leave out what another authorizer grants: a refusal is asked for.
        async def refused(one: Permission) -> bool:
            resource = Resource(f"{one.group}/v1" if one.group else "v1", "", one.plural, one.namespaced)
            # A Role inside a namespace may allow to read that namespace.
            own = place.namespace if resource.plural == NAMESPACES.plural else ""
            async with slots:
                return not (
                    await self._cluster.may(
                        one.verb, resource, place.namespace if one.namespaced else None, name=own, sub=one.sub
                    )
                ).allowed

        answers = await asyncio.gather(*(refused(one) for one in asked))
        lacking = {one for one, denied in zip(asked, answers, strict=True) if denied}
        self._granted |= {(place.namespace, one) for one in (*want.needed, *want.blind) if one not in lacking}
        return Missing(
            tuple(sorted(want.needed & lacking)),
            tuple(sorted((one, what) for one, what in want.blind.items() if one in lacking)),
            tuple(sorted({*want.needed, *want.blind})),
        )


async def told(
    cluster: Cluster, place: Place, missing: Missing, purpose: Purpose = DEPLOYING
) -> tuple[str, str]:
    """Return what is missing in a sentence, and the Role of all that is wanted, which grants it to whom."""
    listed = ", ".join(str(one) for one in missing.all)
    by = f"kubectl --context {cluster.context} apply -f FILE, by somebody who may grant it"
    instead = f"{purpose.instead}; or " if purpose.instead else ""
    return (
        f"its user may not {listed} in namespace {place.namespace}",
        f"{instead}save what follows, which holds {purpose.holds} and may be applied again, "
        f"then {by}:\n{manifest(place, missing, await cluster.user(), purpose.role)}",
    )


def manifest(place: Place, missing: Missing, user: str, role: str = "") -> str:
    """Return a Role that grants what is missing, bound to a user, as YAML; a ClusterRole for what is
    cluster-wide. Each holds all that is wanted: applied over an earlier one, it takes nothing away, as one
    for less than a deploy has a name of its own.
    """
    import yaml

    name = f"flaskship-{place.release}{f'-{role}' if role else ''}"
    written: list[dict[str, Any]] = []
    makes = of(NAMESPACES, "create")
    if {*makes} & {*missing.all}:
        written.append({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": place.namespace}})
    lacking = {one.namespaced for one in missing.all if one not in makes}
    whole = [one for one in missing.whole if one not in makes]
    for cluster_wide in (False, True):
        if (not cluster_wide) not in lacking:
            continue
        rules = _rules(one for one in whole if one.namespaced is not cluster_wide)
        prefix, title = ("Cluster", f"{place.namespace}-{name}") if cluster_wide else ("", name)
        metadata = {"name": title} if cluster_wide else {"name": title, "namespace": place.namespace}
        group = "rbac.authorization.k8s.io"
        written += [
            {"apiVersion": f"{group}/v1", "kind": f"{prefix}Role", "metadata": metadata, "rules": rules},
            {
                "apiVersion": f"{group}/v1",
                "kind": f"{prefix}RoleBinding",
                "metadata": metadata,
                "roleRef": {"apiGroup": group, "kind": f"{prefix}Role", "name": title},
                "subjects": [_subject(user)],
            },
        ]
    return str(yaml.safe_dump_all(written, sort_keys=False, default_flow_style=None, width=1000))


def _rules(permissions: Iterable[Permission]) -> list[dict[str, list[str]]]:
    """Kinds of one group that want the same verbs stand in one rule."""
    verbs: dict[tuple[str, str], list[str]] = {}
    for one in permissions:
        verbs.setdefault((one.group, one.what), []).append(one.verb)
    together: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for (group, what), wanted_verbs in verbs.items():
        together.setdefault((group, tuple(sorted(wanted_verbs))), []).append(what)
    return [
        {"apiGroups": [group], "resources": kinds, "verbs": list(given)}
        for (group, given), kinds in sorted(together.items())
    ]


def _subject(user: str) -> dict[str, str]:
    account = user.removeprefix("system:serviceaccount:")
    if account != user and ":" in account:
        space, _, name = account.partition(":")
        return {"kind": "ServiceAccount", "name": name, "namespace": space}
    return {"kind": "User", "name": user, "apiGroup": "rbac.authorization.k8s.io"}
