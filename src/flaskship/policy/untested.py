"""What one environment has and another never exercises: kinds, fields, choices, variables, features."""

import json
import re
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from flaskship.policy.configuration import variables
from flaskship.policy.context import Context
from flaskship.policy.images import ImageReference, parse_image
from flaskship.policy.kubernetes.table import Table
from flaskship.policy.node import Node
from flaskship.policy.objects import Fault, Object
from flaskship.policy.traits import Chosen, traits
from flaskship.policy.untested_settings import candidates, setting

CODE = "untested"
FEATURES = "FEATURES"
OFF = " off"
_GENERATION = re.compile("-[0-9a-f]{10}$")
"""What the chart adds to the name of a configuration, by its content."""
SWITCHES = frozenset({"true", "false", "on", "off", "yes", "no"})
"""Values of variables that switch something; other values are each environment's own."""


@dataclass(frozen=True, slots=True)
class Delta:
    """One thing that the other environment lacks: its name for acceptances, and where it stands here."""

    name: str
    fault: Fault


def deltas(table: Table, context: Context, against: Context) -> Iterator[Delta]:
    """Every difference that only this environment has, each told once.

    A kind or an application as a whole says nothing of how it is set: its choices are told beside it, so that
    an acceptance of the whole hides nothing that is switched on inside it later.
    """
    other = against.environment.name
    yield from _ways(context, against, other)
    yield from _applications(context, against, other)
    yield from _images(context, against, other)
    theirs = _exercised(table, against)
    yield from _shared_objects(context, against, theirs.whole)
    told: set[str] = set()
    for one in context.objects:
        for trait, at in _untold(table, context, one, theirs):
            name = trait if trait not in theirs.whole else f"{trait} of {one.application}"
            if name not in told:
                told.add(name)
                fault = one.fault(f"{other} has no {name}", at, setting(one.kind, trait))
                given = trait.rpartition(" ")[2]
                yield Delta(name, replace(fault, candidates=candidates(one.kind, trait), given=given))


def _shared_objects(context: Context, against: Context, kinds: frozenset[str]) -> Iterator[Delta]:
    """Objects of no application that have no namesake there; a kind that is not there is told as such."""
    there = {(one.kind, _GENERATION.sub("", one.name)) for one in against.objects}
    for one in context.objects:
        name = _GENERATION.sub("", one.name)
        if one.application is None and one.kind in kinds and (one.kind, name) not in there:
            called = f"{one.kind} {name}"
            yield Delta(called, one.fault(f"{against.environment.name} has no {called}", "metadata.name"))


def _untold(table: Table, context: Context, one: Object, theirs: "_Exercised") -> Iterator[tuple[str, Node]]:
    """What an object exercises and nothing comparable there does, a kind beside its choices."""
    comparable: Container[str] = theirs.of(one.application)
    if one.kind not in comparable:
        yield one.kind, one.node.at("kind")
        comparable = theirs.whole if one.kind in theirs.whole else Chosen()
    yield from traits(table, one, context.environment, comparable)


def _ways(context: Context, against: Context, other: str) -> Iterator[Delta]:
    """The ways that leave nothing in the manifests where they are taken: who makes secrets and accounts."""
    for path, chosen in context.ways.items():
        if against.ways.get(path) != chosen:
            name = f"{path}={chosen}"
            yield Delta(name, Object(Node({}), None).fault(f"{other} has no {name}", "", f".{path}"))


@dataclass(frozen=True)
class _Exercised:
    """What an environment exercises: as a whole, and in each application."""

    whole: frozenset[str]
    parts: Mapping[str, frozenset[str]]

    def of(self, application: str | None) -> frozenset[str]:
        """What an application exercises, of none what any does.

        Of one that is not there: the fields that any sets, and the choices that all make.
        """
        if application is None or not self.parts:
            return self.whole
        if application in self.parts:
            return self.parts[application]
        return self.common

    @cached_property
    def common(self) -> frozenset[str]:
        """What an application of these surely exercises, whichever it is."""
        fields, every = Chosen(), frozenset.intersection(*self.parts.values())
        return every | {trait for trait in self.whole if " " in trait and trait in fields}


def _exercised(table: Table, context: Context) -> _Exercised:
    parts: dict[str | None, set[str]] = {}
    for one in context.objects:
        told = traits(table, one, context.environment)
        parts.setdefault(one.application, set()).update([one.kind, *(trait for trait, _ in told)])
    whole = frozenset(trait for part in parts.values() for trait in part)
    return _Exercised(whole, {name: frozenset(part) for name, part in parts.items() if name})


def _applications(context: Context, against: Context, other: str) -> Iterator[Delta]:
    theirs = {name: frozenset(names) for name, (_, names) in _configured(against).items()}
    common = frozenset.intersection(*theirs.values()) if theirs else frozenset()
    for application, (one, names) in _configured(context).items():
        exercised = theirs.get(application, common)
        if application not in theirs:
            message = f"{other} does not run {application}"
            yield Delta(f"application {application}", one.fault(message, "metadata.name", "enabled"))
            # That others read a secret says nothing of whether this one may.
            exercised -= _confidential(context, application)
        for name in sorted(names.keys() - exercised):
            # Of a variable that is not there at all the value is not told beside.
            if (whole := name.partition("=")[0]) == name or whole in exercised:
                message = f"{other} has no {name} of {application}"
                by = "features" if name.startswith("feature ") else ""
                fault = one.fault(message, names[name], by)
                yield Delta(f"{name} of {application}", replace(fault, candidates=candidates("", name)))
        for name in sorted(exercised - names.keys() if application in theirs else ()):
            if name.startswith("feature ") and not name.endswith(OFF) and f"{name}{OFF}" not in names:
                message = f"{other} has {name} of {application} on"
                yield Delta(f"{name}{OFF} of {application}", one.fault(message, "spec", "features"))


def _confidential(context: Context, application: str) -> frozenset[str]:
    """The variables of an application that a Secret gives, itself or as a file."""
    found: set[str] = set()
    for pod in context.serving:
        secret = {volume.at("name").text for volume in pod.spec.at("volumes").items() if volume.at("secret")}
        for container in pod.containers if pod.owner.application == application else ():
            folders = tuple(
                f"{mount.at('mountPath').text}/"
                for mount in container.node.at("volumeMounts").items()
                if mount.at("name").text in secret
            )
            found.update(
                f"variable {one.at('name').text}"
                for one in container.node.at("env").items()
                if one.at("valueFrom", "secretKeyRef") or (one.at("value").text or "").startswith(folders)
            )
    return frozenset(found)


def _images(context: Context, against: Context, other: str) -> Iterator[Delta]:
    """Images that the same application there, or any where it is not there, does not run."""
    theirs = _run(against)
    whole = frozenset(image for images in theirs.values() for image in images)
    named = {(one.pod.owner.application, one.name) for one in against.containers}
    told: set[str] = set()
    for container in context.containers:
        owner = container.pod.owner
        if owner.application in theirs and (owner.application, container.name) not in named:
            # The container is told itself.
            continue
        image = parse_image(container.image)
        part = _untested_part(image, theirs.get(owner.application, whole))
        name = f"image {container.image}" + (f" of {owner.application}" if owner.application else "")
        if container.image and part and not owner.is_hook and name not in told:
            told.add(name)
            fault = container.fault(f"{other} does not run {name}", container.node.at("image"), part)
            yield Delta(name, fault)


def _run(context: Context) -> Mapping[str | None, frozenset[ImageReference]]:
    found: dict[str | None, set[ImageReference]] = {}
    for container in context.containers:
        if not container.pod.owner.is_hook:
            found.setdefault(container.pod.owner.application, set()).add(parse_image(container.image))
    return {application: frozenset(images) for application, images in found.items()}


def _untested_part(image: ImageReference, run: frozenset[ImageReference]) -> str:
    """The value that makes an image another than all that are run; empty where one is the same.

    Where one of two names no digest, their tags tell: the first promotion writes a digest beside the tag.
    """
    same = [one for one in run if one.repository == image.repository]
    if not same:
        return "image.repository"
    by_digest = [one for one in same if one.digest and image.digest]
    if any(one.digest == image.digest for one in by_digest):
        return ""
    if any(one.tag == image.tag for one in same if one not in by_digest):
        return ""
    return "image.digest" if by_digest else "image.tag"


def _configured(context: Context) -> Mapping[str, tuple[Object, Mapping[str, Node | str]]]:
    """Each application with its variables and the features that are on, by name, and where they stand."""
    found: dict[str, tuple[Object, Mapping[str, Node | str]]] = {}
    for pod in context.serving:
        names: dict[str, Node | str] = {}
        for container in pod.containers:
            for one in container.node.at("env").items():
                names[f"variable {one.at('name').text}"] = one
            for name, text, at in variables(context, container):
                names.setdefault(f"variable {name}", at)
                if text.lower() in SWITCHES:
                    names[f"variable {name}={text.lower()}"] = at
                if name == FEATURES:
                    names.update((f"feature {feature}", "spec") for feature in _features(text, True))
                    # One that is on by its own default is turned off by a word of its own.
                    names.update((f"feature {feature}{OFF}", "spec") for feature in _features(text, False))
        if pod.owner.application is not None:
            found[pod.owner.application] = (pod.owner, names)
    return found


def _features(text: str, on: bool) -> Iterator[str]:
    try:
        given = json.loads(text)
    except ValueError:
        return
    if isinstance(given, dict):
        yield from (str(name) for name, value in given.items() if bool(value) is on)
