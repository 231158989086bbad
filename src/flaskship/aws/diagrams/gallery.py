"""All pictures of a project: what they are drawn from, where they are kept, which of them are stale."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from flaskship.aws.diagrams.flow_picture import flow_svg
from flaskship.aws.diagrams.flows import cd_flow, ci_flow
from flaskship.aws.diagrams.infrastructure_picture import infrastructure_svg
from flaskship.aws.diagrams.model import Infrastructure
from flaskship.aws.diagrams.network_picture import network_svg
from flaskship.aws.diagrams.png import digest_of, drawn_from
from flaskship.aws.diagrams.sources import differences, read_sources
from flaskship.model.errors import ConfigurationError
from flaskship.model.location import Location
from flaskship.model.project import Project

FOLDER = Path("docs") / "diagrams"
RECORD = FOLDER / "aws.json"
ENVIRONMENT = "prod"
HINT = "make diagrams"


@dataclass(frozen=True, slots=True)
class Record:
    """What the plan was reduced to, and the digest of each piece of code that it was planned from."""

    drawn: Infrastructure
    sources: dict[str, str]


def record_of(infra: Path, drawn: Infrastructure) -> Record:
    """Return the record of a plan of the code as it is now."""
    sources = read_sources(infra, drawn.environment)
    return Record(drawn, {name: source.digest for name, source in sorted(sources.items())})


def read_record(root: Path) -> Record | None:
    """Return the record that is kept; None where there is none yet."""
    file = root / RECORD
    try:
        return msgspec.json.decode(file.read_bytes(), type=Record)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError as error:
        raise ConfigurationError(
            f"this is no record of pictures: {error}", location=Location(file), hint=f"draw it again: {HINT}"
        ) from error


def written(record: Record) -> bytes:
    """Return the record as the file that is kept."""
    return msgspec.json.format(msgspec.json.encode(record), indent=1) + b"\n"


def pictures(project: Project, drawn: Infrastructure, commands: Mapping[str, str]) -> dict[str, str]:
    """Return name -> SVG of every picture."""
    return {
        "aws-network": network_svg(drawn),
        "aws-infrastructure": infrastructure_svg(drawn),
        "ci-flow": flow_svg(ci_flow(project.root)),
        "cd-flow": flow_svg(cd_flow(project.root, project, commands)),
    }


def stale(project: Project, commands: Mapping[str, str]) -> list[str]:
    """Return a sentence for everything that is not as it would be drawn now, without asking Terraform."""
    record = read_record(project.root)
    if record is None:
        return [f"{RECORD} is not there"]
    said = differences(record.sources, read_sources(project.root / "infra", record.drawn.environment))
    for name, svg in pictures(project, record.drawn, commands).items():
        file = project.root / FOLDER / name
        kept = file.with_suffix(".svg").read_text() if file.with_suffix(".svg").is_file() else ""
        if kept != svg:
            said.append(f"{FOLDER / name}.svg is not what would be drawn now")
        png = file.with_suffix(".png")
        if not png.is_file() or drawn_from(png.read_bytes()) != digest_of(kept):
            said.append(f"{FOLDER / name}.png was not made from {name}.svg")
    return said
