"""Writing into a values file as its owner would: one value changes, comments and order stay."""

import io
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flaskship.model.errors import ConfigurationError
from flaskship.model.location import Location

if TYPE_CHECKING:
    from ruamel.yaml import YAML

# How a block list stands below its key: by two columns (mapping, sequence, offset), or not at all.
STYLES = ((2, 4, 2), (2, 2, 0))


@dataclass(frozen=True, slots=True)
class ImageKeys:
    """The keys of an application's image that a promotion writes; what is None stays as it is."""

    digest: str
    repository: str | None = None
    tag: str | None = None

    def items(self) -> tuple[tuple[str, str], ...]:
        """The keys with their values, in the order of values.yaml."""
        given = (("repository", self.repository), ("tag", self.tag), ("digest", self.digest))
        return tuple((key, value) for key, value in given if value is not None)


def with_images(text: str, images: Mapping[str, ImageKeys], file: Path, *, without_rule: str = "") -> str:
    """Return the text of a values file in which these applications have these images.

    With `without_rule` the acceptances of that rule in policy.accept go too.
    """
    yaml, document = _load(text, file)
    if not isinstance(document, dict):
        raise ConfigurationError("is empty or not a map", location=Location(file, 1))
    applications = document.setdefault("applications", {})
    for name, keys in images.items():
        application = _application(applications, name)
        if application.get("image") is None:
            _put(application, "image", {})
        for key, value in keys.items():
            _put(application["image"], key, _quoted(value) if key == "tag" else value)
    if without_rule:
        _forgive_no_more(document, without_rule)
    out = io.StringIO()
    yaml.dump(document, out)
    return out.getvalue()


def replace_file(file: Path, text: str) -> None:
    """Give a file a new content at once: a reader sees the old one or the new one, and its mode stays."""
    mode = file.stat().st_mode & 0o777
    handle, name = tempfile.mkstemp(prefix=f".{file.name}-", dir=file.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).chmod(mode)
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _load(text: str, file: Path) -> tuple["YAML", Any]:
    """The document with a writer that leaves what is not touched as it stands."""
    from ruamel.yaml.error import YAMLError

    first: tuple[YAML, Any] | None = None
    for style in STYLES:
        yaml = _writer(style)
        try:
            document = yaml.load(text)
        except YAMLError as error:
            raise ConfigurationError(f"not valid YAML: {error}", location=Location(file)) from None
        out = io.StringIO()
        yaml.dump(document, out)
        # Dumping may settle comments inside the document: it is read again for the change.
        fresh = (_writer(style), yaml.load(text))
        if out.getvalue() == text:
            return fresh
        first = first or fresh
    assert first is not None
    return first


def _writer(style: tuple[int, int, int]) -> "YAML":
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 4096
    mapping, sequence, offset = style
    yaml.indent(mapping=mapping, sequence=sequence, offset=offset)
    return yaml


def _put(mapping: Any, key: str, value: Any) -> None:
    """Set a key; a new one comes last, but above a comment that leads to what follows the map."""
    if key not in mapping and mapping and hasattr(mapping, "insert") and _leads_on(mapping):
        mapping.insert(len(mapping) - 1, key, value)
    else:
        mapping[key] = value


def _leads_on(node: Any) -> bool:
    """Whether lines of comment after this node's last value stand before the next key of somebody else."""
    comments, last = getattr(node, "ca", None), None
    if isinstance(node, dict) and node:
        last = next(reversed(node))
    elif isinstance(node, list) and node:
        last = len(node) - 1
    if comments is None or last is None:
        return False
    tokens = [one for one in comments.items.get(last) or () if one is not None]
    flat = [one for token in tokens for one in (token if isinstance(token, list) else [token])]
    if any("\n" in one.value.rstrip(" \n") or one.value.startswith("\n") for one in flat):
        return True
    return _leads_on(node[last])


def _application(applications: Any, name: str) -> Any:
    if isinstance(applications, list):
        for one in applications:
            if isinstance(one, dict) and one.get("name") == name:
                return one
        applications.append({"name": name})
        return applications[-1]
    if applications.get(name) is None:
        _put(applications, name, {})
    return applications[name]


def _quoted(value: str) -> Any:
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString

    # An unquoted 1.0 would be a number.
    return DoubleQuotedScalarString(value)


def _forgive_no_more(document: Any, rule: str) -> None:
    policy = document.get("policy")
    accepted = policy.get("accept") if isinstance(policy, dict) else None
    if not isinstance(accepted, list):
        return
    for index in reversed(range(len(accepted))):
        entry = accepted[index]
        if isinstance(entry, dict) and entry.get("rule") == rule:
            del accepted[index]
    if not accepted:
        del policy["accept"]
        if not policy:
            del document["policy"]
