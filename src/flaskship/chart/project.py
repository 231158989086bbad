"""flaskship.yaml, from text to a frozen Project."""

import difflib
import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from flaskship.chart import schema
from flaskship.chart.yamlfile import YamlFile, read_yaml
from flaskship.model.errors import ConfigurationError
from flaskship.model.location import Location
from flaskship.model.project import Environment, ImageSource, Project

FILE = "flaskship.yaml"


def load_project(path: Path) -> Project:
    """The project whose flaskship.yaml is at `path`, in it, or in the nearest folder above it."""
    file = find_project_file(path)
    source = read_yaml(file)
    document = _load(source)
    schema.check(document, _schema(), source.location)
    return _project(file.parent, document, source)


def find_project_file(path: Path) -> Path:
    """The flaskship.yaml that rules `path`, or a ConfigurationError that says how to make one."""
    start = path.absolute()
    if start.is_file():
        return start.resolve()
    for folder in (start, *start.parents):
        if (folder / FILE).is_file():
            return (folder / FILE).resolve()
    raise ConfigurationError(
        f"no {FILE} here or in any folder above",
        location=Location(start),
        hint="go to the project's folder, name it with --project, or write one: "
        "docs/how-to/run-the-environments.md shows how",
    )


@cache
def _schema() -> Mapping[str, Any]:
    text = (files("flaskship.chart") / "flaskship.schema.json").read_text(encoding="utf-8")
    loaded: Mapping[str, Any] = json.loads(text)
    return loaded


def _load(source: YamlFile) -> dict[str, Any]:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        document = YAML(typ="safe", pure=True).load(source.text)
    except (YAMLError, ValueError) as error:
        raise ConfigurationError(f"not valid YAML: {error}", location=Location(source.path)) from None
    if not isinstance(document, dict):
        raise ConfigurationError("is empty or not a map", location=Location(source.path, 1))
    return document


def _project(root: Path, document: Mapping[str, Any], source: YamlFile) -> Project:
    environments = tuple(
        Environment(
            name=name,
            release=given["release"],
            namespace=given["namespace"],
            engine=given["engine"],
            context=given.get("context"),
            promotes_from=given.get("promotes_from"),
            writer=given.get("writer", "cli"),
        )
        for name, given in document["environments"].items()
    )
    _verify_promotions(environments, source)
    chart = root / document["chart"]
    if not (chart / "Chart.yaml").is_file():
        raise ConfigurationError(
            f"chart: {document['chart']} has no Chart.yaml", location=source.location(("chart",))
        )
    images = tuple(
        ImageSource(repository, root / given["context"])
        for repository, given in (document.get("images") or {}).items()
    )
    for image in images:
        if not image.context.is_dir():
            raise ConfigurationError(
                f"images: the context of {image.repository} is no folder: {image.context}",
                location=source.location(("images", image.repository, "context")),
            )
    return Project(root, document["name"], chart, images, environments)


def _verify_promotions(environments: tuple[Environment, ...], source: YamlFile) -> None:
    sources = {environment.name: environment.promotes_from for environment in environments}
    for name, origin in sources.items():
        location = source.location(("environments", name, "promotes_from"))
        if origin is not None and origin not in sources:
            near = difflib.get_close_matches(origin, set(sources) - {name}, n=1, cutoff=0.5)
            raise ConfigurationError(
                f"environments.{name}.promotes_from: there is no environment {origin}"
                + (f"; did you mean {near[0]}?" if near else ""),
                location=location,
                hint=f"the environments here: {', '.join(sources)}",
            )
        seen = {name}
        while origin is not None:
            if origin in seen:
                raise ConfigurationError(
                    f"environments.{name}.promotes_from: goes in a circle", location=location
                )
            seen.add(origin)
            origin = sources[origin]  # noqa: PLW2901
