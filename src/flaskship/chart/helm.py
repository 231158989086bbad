"""The only module that knows the Helm binding, imported inside functions: it costs 100 ms and 65 MB."""

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from flaskship.model.errors import ConfigurationError
from flaskship.model.frozen import dataclass
from flaskship.model.location import Location

LONGEST_MESSAGE = 1200
SEARCHED = 4000
_YAML_LINE = re.compile(r"yaml: line (\d+)")
_REFUSAL = re.compile(r"(?:execution error at \([^)]*\)|error calling fail):\s*(?P<sentence>.+)", re.DOTALL)
_TEMPLATE_LINE = re.compile(r"(?<![\w./-])(?P<file>[\w./-]+\.(?:yaml|yml|tpl|txt)):(?P<line>\d+)(?::\d+)?")


@dataclass(frozen=True, slots=True)
class ReleaseFacts:
    """What templates see as .Release, and the Kubernetes they render for."""

    name: str
    namespace: str
    revision: int = 1
    is_upgrade: bool = False
    kube_version: str | None = None


def load() -> None:
    """Load the binding, whose load takes a moment; what is wrong with it, its first use tells."""
    with suppress(ImportError, OSError):
        import helm_python  # noqa: F401


def render(chart: Path, values: Mapping[str, Any], release: ReleaseFacts) -> dict[str, str]:
    """Every template's path with its text, as Helm makes it; a failure is a ConfigurationError."""
    from helm_python import Chart, HelmError, _native

    options: dict[str, Any] = {
        "name": release.name,
        "namespace": release.namespace,
        "revision": release.revision,
        "is_upgrade": release.is_upgrade,
        "is_install": not release.is_upgrade,
    }
    if release.kube_version:
        options["kube_version"] = release.kube_version
    try:
        # A render changes the handle it is given, so each one loads its own: 2 ms.
        with Chart.load(chart) as handle:
            text = _native.call_string("helm_render", handle._raw(), json.dumps(values), json.dumps(options))
    except HelmError as error:
        raise _explained(chart, error.detail) from None
    files: dict[str, str] = json.loads(text)
    return files


class InvalidYamlError(Exception):
    """What Helm's YAML reader refuses, and on which line, 0 when it does not say."""

    def __init__(self, problem: str) -> None:
        found = _YAML_LINE.search(problem)
        self.line = int(found[1]) if found else 0
        super().__init__(shortened(problem.rpartition("yaml: ")[2]))


def parse_yaml(text: str) -> dict[str, Any]:
    """A YAML map as Helm reads it (YAML 1.1: an unquoted on is true)."""
    from helm_python import HelmError, values_from_yaml

    try:
        return values_from_yaml(text) or {}
    except HelmError as error:
        if "cannot unmarshal" in error.detail:
            raise InvalidYamlError("is not a map of keys and values") from None
        raise InvalidYamlError(error.detail) from None


def parse_values(text: str, file: Path) -> dict[str, Any]:
    """A values file as Helm reads it."""
    try:
        return parse_yaml(text)
    except InvalidYamlError as error:
        raise ConfigurationError(str(error), location=Location(file, error.line)) from None


def metadata(chart: Path) -> dict[str, Any]:
    """Chart.yaml, as Helm reads it."""
    from helm_python import Chart, HelmError

    try:
        with Chart.load(chart) as handle:
            return handle.metadata
    except HelmError as error:
        raise ConfigurationError(shortened(error.detail), location=Location(chart / "Chart.yaml")) from None


def shortened(message: str) -> str:
    """The message without its endless middle."""
    message = message.strip()
    if len(message) <= LONGEST_MESSAGE:
        return message
    half = LONGEST_MESSAGE // 2
    return f"{message[:half]} ... {message[-half:]}"


def _explained(chart: Path, detail: str) -> ConfigurationError:
    """Our own refusals become their sentence; all else keeps Helm's words and its last template line."""
    # Places stand before the endless part of a message; past it the search would take its square.
    places = list(_TEMPLATE_LINE.finditer(detail[:SEARCHED]))
    location = Location(chart)
    if places:
        last = places[-1]
        _, _, inside = last["file"].partition("/")
        location = Location(chart / inside, int(last["line"]))
    if refused := _REFUSAL.search(detail):
        return ConfigurationError(shortened(refused["sentence"]), location=location)
    return ConfigurationError(f"the chart does not render: {shortened(detail)}", location=location)
