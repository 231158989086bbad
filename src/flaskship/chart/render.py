"""Values in, manifests out: what `helm template` prints, parsed and in Helm's order."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flaskship.chart import helm, kube_version, manifests
from flaskship.chart.set_syntax import parse_path
from flaskship.chart.values import LayeredValues
from flaskship.chart.yamlfile import KeyPath
from flaskship.model.errors import ConfigurationError
from flaskship.model.location import Location
from flaskship.model.project import Environment, Project

_VALUE_PATH = re.compile(r"[a-zA-Z][\w-]*(\.([\w/-]|\\\.)+(\[\d+\])?)+")
# Names of values inside a sentence: with a dot or a capital inside, which no other word has.
_TAKEN = re.compile(r" is taken by (\S+) already")
_KEPT = re.compile(r": this name is kept for .*\((?P<path>[\w.]+)\)")
_MENTIONED = re.compile(r"(?<![\w./-])[a-z]+(?:[A-Z][a-z]+|\.[a-z][A-Za-z]*)+(?![\w.-]*[\w/-])")
CHART_PARTS = ("Chart.yaml", "Chart.lock", "values.yaml", "values.schema.json", "templates", "charts", "crds")


@dataclass(frozen=True, slots=True)
class RenderedChart:
    """The manifests of one environment; hooks are printed and kept apart from `documents`."""

    manifests: str = field(repr=False)
    documents: tuple[Mapping[str, Any], ...] = field(repr=False)
    hooks: tuple[Mapping[str, Any], ...] = field(repr=False)
    notes: str | None
    chart_digest: str
    sources: Mapping[tuple[str, str], str] = field(default_factory=dict, repr=False)
    """Kind and name of each object -> the file of this checkout that made it."""


def render_environment(
    project: Project,
    environment: Environment,
    layered: LayeredValues,
    *,
    revision: int = 1,
    is_upgrade: bool = False,
    kube_version: str | None = None,
) -> RenderedChart:
    """Render as Helm would for this release; whatever fails is a ConfigurationError with its place."""
    release = helm.ReleaseFacts(
        environment.release, environment.namespace, revision, is_upgrade, kube_version
    )
    _verify_kube_version(project.chart, kube_version)
    try:
        files = helm.render(project.chart, layered.supplied, release)
    except ConfigurationError as error:
        raise _blamed(layered, error) from None
    try:
        documents = manifests.arrange(files)
    except ConfigurationError as error:
        raise _placed(project.chart, error) from None
    chart_folder = str(project.chart)
    notes = next((text for name, text in files.items() if name.endswith("templates/NOTES.txt")), None)
    return RenderedChart(
        manifests.printed(documents),
        tuple(document.content for document in documents if not document.is_hook),
        tuple(document.content for document in documents if document.is_hook),
        notes,
        digest(project.chart, layered),
        {_identity(one.content): _file(chart_folder, one.source) for one in documents},
    )


def _identity(content: Mapping[str, Any]) -> tuple[str, str]:
    return str(content.get("kind", "")), str((content.get("metadata") or {}).get("name", ""))


def _file(chart: str | Path, source: str) -> str:
    """The file of a template's name inside the chart."""
    return f"{chart}/{source.partition('/')[2]}"


def digest(chart: Path, layered: LayeredValues) -> str:
    """A hash of the chart's own files and the values given to it: equal digests render equal manifests."""
    total = hashlib.sha256()
    for file in _chart_files(chart):
        content = file.read_bytes()
        total.update(f"{file.relative_to(chart).as_posix()}\0{len(content)}\0".encode())
        total.update(content)
    # What check accepts changes no manifest.
    rendered = {key: value for key, value in layered.supplied.items() if key != "policy"}
    total.update(json.dumps(rendered, sort_keys=True).encode())
    return f"sha256:{total.hexdigest()}"


def _chart_files(chart: Path) -> Iterator[Path]:
    for part in CHART_PARTS:
        path = chart / part
        if path.is_dir():
            yield from (file for file in sorted(path.rglob("*")) if file.is_file())
        elif path.is_file():
            yield path


def _verify_kube_version(chart: Path, version: str | None) -> None:
    wanted = helm.metadata(chart).get("kubeVersion")
    if version and wanted and not kube_version.satisfies(version, wanted):
        raise ConfigurationError(
            f"the chart needs Kubernetes {wanted}, not {version}", location=Location(chart / "Chart.yaml")
        )


def _blamed(layered: LayeredValues, error: ConfigurationError) -> ConfigurationError:
    """The chart's own refusals begin with the path of a value: they point at its line.

    Where the sentence compares it with others, somebody changed the one that the highest layer set.
    """
    path, colon, sentence = error.message.partition(": ")
    if not colon or not _VALUE_PATH.fullmatch(path):
        return error
    keys = parse_path(path)
    root = keys[:2] if keys[0] == "applications" else ()
    others = [(*root, *parse_path(one)) for one in dict.fromkeys(_MENTIONED.findall(sentence))]
    if kept := _KEPT.search(error.message):
        # A value of the whole environment, where somebody changed it; not one of the application.
        others = [one for one in [parse_path(kept["path"])] if layered.height(one) > 0]
    if taken := _TAKEN.search(sentence):
        newcomer = _newcomer(layered, keys, taken[1])
        if newcomer[1] != keys[1]:
            # The chart goes by names, and cannot see which of the two came last.
            swapped = sentence.replace(taken[0], f" is taken by {keys[1]} already")
            path = ".".join(("applications", str(newcomer[1]), *map(str, keys[2:])))
            error = ConfigurationError(f"{path}: {swapped}", hint=error.hint)
        keys = newcomer
    chosen = max((keys, *others), key=layered.height)
    location = layered.location(chosen) or layered.location(keys)
    return ConfigurationError(error.message, location=location, hint=error.hint) if location else error


def _newcomer(layered: LayeredValues, keys: KeyPath, other: str) -> KeyPath:
    """What gave the later of two applications what both want: by layer, and inside a file by line."""
    ends: tuple[KeyPath, ...] = (keys[2:], *((*keys[2:], part) for part in ("host", "subdomain")))
    said = [
        (layered.height(path), location.line, path)
        for name in (str(keys[1]), other)
        for end in ends
        if layered.height(path := ("applications", name, *end)) >= 0 and (location := layered.location(path))
    ]
    if not said:
        return keys
    top = max(said, key=lambda one: one[:2])
    if top[0] == 0 and len(said) > 1 and len({one[:2] for one in said}) == 1:
        # Both have it from one line of the chart's, as two of one role do: the later to be named came last.
        return max((("applications", str(keys[1])), ("applications", other)), key=layered.first_named)
    # What the chart itself says nobody changed beside one that says nothing: a null took something away.
    return keys if top[0] == 0 and len({path[1] for *_, path in said}) == 1 else top[2]


def _placed(chart: Path, error: ConfigurationError) -> ConfigurationError:
    """The same error with the template's file in this checkout instead of its name inside the chart."""
    if error.location is None:
        return error
    location = Location(_file(chart, error.location.file), error.location.line)
    return ConfigurationError(error.message, location=location, hint=error.hint)
