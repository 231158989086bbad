"""What the pictures are drawn from, piece by piece: so that a stale one says which line made it so."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from flaskship.aws.diagrams.catalogue import known
from flaskship.aws.diagrams.resources import Resource
from flaskship.aws.literals import read_defaults, read_settings
from flaskship.model.location import Location

CODE = Path("terraform") / "aws"
TABLE = Path("secrets.yaml")
# Blocks as `terraform fmt` writes them, which a test holds the code to.
_BLOCK = re.compile(
    r'^(?P<kind>resource|module|locals)(?: "(?P<first>[\w-]+)")?(?: "(?P<second>[\w-]+)")? \{\n'
    r"(?P<body>.*?)^\}",
    re.MULTILINE | re.DOTALL,
)
_TOKEN = re.compile(
    r'(?P<string>"(?:[^"\\]|\\.)*")|(?P<comment>(?:#|//)[^\n]*|/\*.*?\*/)|(?P<space>\s+)', re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Source:
    """A piece of code: where it begins, and the digest of what it says without comments and spaces."""

    place: str
    digest: str


def read_sources(infra: Path, environment: str) -> dict[str, Source]:
    """Return name -> piece of all below infra/terraform/aws that a picture of the environment shows."""
    found: dict[str, Source] = {}
    code = infra / CODE
    for file in sorted((*code.glob("modules/*/*.tf"), *code.glob("stacks/*/*.tf"))):
        where = str(file.parent.relative_to(code))
        found |= _blocks(file, where, infra)
        found |= {
            f"{where}: variable {name}": Source(str(file.relative_to(infra.parent)), _digest(_json(value)))
            for name, value in read_defaults(file).items()
        }
    for file in sorted(code.glob(f"stacks/*/environments/{environment}.tfvars")):
        where = str(file.parents[1].relative_to(code))
        found |= {
            f"{where}: {name} of {environment}": Source(
                str(file.relative_to(infra.parent)), _digest(_json(value))
            )
            for name, value in read_settings(file).items()
        }
    table = infra / TABLE
    found["secrets.yaml"] = Source(
        str(table.relative_to(infra.parent)), _digest(_stripped(table.read_text()))
    )
    return found


def differences(drawn: Mapping[str, str], now: Mapping[str, Source]) -> list[str]:
    """Return a sentence for each piece that is not as it was drawn, with its file and line."""
    said = [
        f"{now[name].place}: {name} "
        + ("changed since it was drawn" if name in drawn else "is not drawn yet")
        for name in sorted(now)
        if drawn.get(name) != now[name].digest
    ]
    return said + [f"{name} is drawn, but gone from the code" for name in sorted(drawn.keys() - now.keys())]


def helm_releases(infra: Path) -> list[Resource]:
    """Return the releases of the charts stack: its plan wants a cluster, its code says all that is drawn."""
    stack = infra / CODE / "stacks" / "charts"
    versions: dict[str, str] = {}
    found = []
    for file in sorted(stack.glob("*.tf")):
        text = file.read_text()
        versions |= dict(re.findall(r'^\s+([\w-]+)\s+= "(\d+\.\d+\.\d+)"$', text, re.MULTILINE))
        found += [block for block in _BLOCK.finditer(text) if block["first"] == "helm_release"]
    releases = []
    for block in found:
        name = re.search(r'^  name\s+= "([^"]+)"', block["body"], re.MULTILINE)
        key = re.search(r'^  version\s+= local\.versions\["([^"]+)"\]', block["body"], re.MULTILINE)
        values = {
            "name": name[1] if name else str(block["second"]),
            "version": versions.get(key[1], "") if key else "",
        }
        releases.append(Resource("charts", f"helm_release.{block['second']}", "helm_release", values))
    return releases


def _blocks(file: Path, where: str, infra: Path) -> dict[str, Source]:
    text = file.read_text()
    found: dict[str, Source] = {}
    for block in _BLOCK.finditer(text):
        line = text.count("\n", 0, block.start()) + 1
        location = Location(str(file.relative_to(infra.parent)), line)
        place = str(location)
        said = _stripped(block[0])
        if block["kind"] == "resource" and not block["second"]:
            continue  # no resource in Terraform's eyes either, which says so
        if block["kind"] == "resource":
            kind, address = str(block["first"]), f"{block['first']}.{block['second']}"
            # Of what no picture shows only that it is there.
            said = said if known(kind, address, location) else address
            found[f"{where}: {address}"] = Source(place, _digest(said))
        elif block["kind"] == "module":
            found[f"{where}: module.{block['first']}"] = Source(place, _digest(said))
        else:
            name = f"{where}: locals of {file.name}"
            # A file may have several: the second joins the first.
            before = found[name].digest if name in found else ""
            found[name] = Source(found[name].place if before else place, _digest(before + said))
    return found


def _stripped(text: str) -> str:
    return _TOKEN.sub(lambda found: found[0] if found["string"] else " " if found["space"] else "", text)


def _json(value: Any) -> str:
    def plain(one: Any) -> Any:
        if isinstance(one, Decimal):
            return str(one)
        raise TypeError(type(one))

    return json.dumps(value, default=plain, sort_keys=True)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
