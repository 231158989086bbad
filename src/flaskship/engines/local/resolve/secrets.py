"""Secrets that no manifest provides: which keys they need, and what each becomes on this machine."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import field

from flaskship.engines.local.resolve.secret_rules import STAND_INS, Source, source_of, stand_in
from flaskship.engines.local.spec import Configuration, KeyRef, LocalRelease, PodTemplate
from flaskship.model.frozen import dataclass

Stored = Mapping[str, Mapping[str, str]]
ANY_KEY = "*"


@dataclass(frozen=True, slots=True)
class SecretPlan:
    """The Secrets to run with; needed names what a person has to fill before anything is started."""

    secrets: tuple[Configuration, ...] = ()
    stored_after: Stored = field(default_factory=dict, repr=False)
    generated: tuple[tuple[str, str], ...] = ()
    needed: tuple[tuple[str, str, str], ...] = ()


@dataclass(slots=True)
class _Wanted:
    """What the release wants of one Secret: key -> whether it cannot do without."""

    keys: dict[str, bool] = field(default_factory=dict)
    whole: bool = False

    def add(self, key: str, required: bool) -> None:
        self.keys[key] = self.keys.get(key, False) or required


def plan_secrets(
    release: LocalRelease,
    stored: Stored,
    random_text: Callable[[], str],
    database_url: str,
    stand_ins: Mapping[str, str] = STAND_INS,
) -> SecretPlan:
    """Decide the value of every key that the manifests want and do not bring; a stored one always wins."""
    provided = {c.name: c for c in release.configurations if c.kind == "Secret"}
    after = {name: dict(keys) for name, keys in stored.items()}
    secrets: list[Configuration] = []
    generated: list[tuple[str, str]] = []
    needed: list[tuple[str, str, str]] = []
    for name, wanted in _wanted(release, provided).items():
        given = provided.get(name)
        values = dict(stored.get(name, {}))
        for key, required in wanted.keys.items():
            if key in values or (given and (key in given.data or key in given.binary)):
                continue
            source = source_of(name, key, stand_ins)
            if source.by_hand:
                if required:
                    needed.append((name, key, source.value))
                continue
            if source is Source.RANDOM:
                values[key] = after.setdefault(name, {})[key] = random_text()
                generated.append((name, key))
            else:
                values[key] = _fixed(source, key, database_url, stand_ins)
        if wanted.whole and not wanted.keys and name not in stored:
            needed.append((name, ANY_KEY, "no manifest says which keys it has"))
            continue
        base = given or Configuration("Secret", name, {})
        secrets.append(Configuration("Secret", name, {**base.data, **values}, base.binary))
    return SecretPlan(tuple(secrets), after, tuple(generated), tuple(needed))


def _fixed(source: Source, key: str, database_url: str, stand_ins: Mapping[str, str]) -> str:
    if source is Source.DATABASE_URL:
        return database_url
    value = stand_in(key, stand_ins)
    assert value is not None
    return value


def _wanted(release: LocalRelease, provided: Mapping[str, Configuration]) -> dict[str, _Wanted]:
    found: dict[str, _Wanted] = {}
    for external in release.external_secrets:
        entry = found.setdefault(external.target, _Wanted())
        for key in external.keys:
            entry.add(key, required=False)
    for template, needed_now in _templates(release):
        for name, referred, optional in _references(template):
            if name in provided and name not in found:
                continue
            if optional and name not in found:
                continue
            entry = found.setdefault(name, _Wanted())
            for key in referred:
                if not optional or key in entry.keys:
                    entry.add(key, required=needed_now and not optional)
            if not referred and not optional:
                entry.whole = True
                entry.keys.update(dict.fromkeys(entry.keys, needed_now))
    return found


def _templates(release: LocalRelease) -> Iterator[tuple[PodTemplate, bool]]:
    for deployment in release.deployments:
        yield deployment.template, True
    for job in release.jobs:
        yield job.template, not job.hook.startswith("test")


def _references(template: PodTemplate) -> Iterator[tuple[str, tuple[str, ...], bool]]:
    """Yield the name, the keys (none: all of them) and whether it is optional, for every use of a Secret."""
    for container in (*template.init_containers, *template.containers):
        for entry in container.env:
            ref = entry.source
            if isinstance(ref, KeyRef) and ref.kind == "Secret":
                yield ref.name, (ref.key,), ref.optional
        for whole in container.env_from:
            if whole.kind == "Secret":
                yield whole.name, (), whole.optional
    for volume in template.volumes:
        for source in volume.sources:
            if source.kind == "Secret":
                yield source.name, tuple(item.key for item in source.items or ()), source.optional
