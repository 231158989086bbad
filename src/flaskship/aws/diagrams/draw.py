"""The story of drawing: plan where the code has changed, draw everything, write what is different."""

from collections.abc import Mapping
from dataclasses import dataclass

from flaskship.aws.diagrams.gallery import (
    ENVIRONMENT,
    FOLDER,
    RECORD,
    Record,
    pictures,
    read_record,
    record_of,
    written,
)
from flaskship.aws.diagrams.planning import plan
from flaskship.aws.diagrams.png import digest_of, drawn_from, rasterise
from flaskship.aws.diagrams.reduction import reduce
from flaskship.aws.diagrams.sources import CODE, differences, read_sources
from flaskship.aws.rehearsal.run import Listener
from flaskship.model.errors import ConfigurationError
from flaskship.model.project import Project


@dataclass(frozen=True, slots=True)
class Drawn:
    """What was drawn: whether Terraform was asked, and which files it changed."""

    planned: bool
    reasons: tuple[str, ...]
    changed: tuple[str, ...]


def draw(
    project: Project,
    commands: Mapping[str, str],
    inherited: Mapping[str, str],
    listener: Listener,
    *,
    again: bool = False,
    write: bool = True,
) -> Drawn:
    """Draw all pictures; `again` asks Terraform in any case, without `write` nothing is kept."""
    infra = project.root / "infra"
    if not (infra / CODE / "stacks").is_dir():
        raise ConfigurationError(
            f"{infra} has no {CODE}/stacks to draw", hint="say which project with --project"
        )
    record = read_record(project.root)
    reasons = ["there is no record yet"] if record is None else _reasons(project, record)
    planned = again or bool(reasons) or record is None
    if record is None or planned:
        stacks = plan(infra, ENVIRONMENT, inherited, listener)
        record = record_of(infra, reduce(ENVIRONMENT, stacks))
    files = {str(RECORD): written(record)}
    for name, svg in pictures(project, record.drawn, commands).items():
        files[f"{FOLDER / name}.svg"] = svg.encode()
        png = project.root / FOLDER / f"{name}.png"
        # Another version of the library makes other bytes of the same picture: that alone changes nothing.
        if not png.is_file() or drawn_from(png.read_bytes()) != digest_of(svg):
            listener.step(f"{name}: drawing")
            files[f"{FOLDER / name}.png"] = rasterise(svg)
    changed = []
    for path, content in files.items():
        file = project.root / path
        if not file.is_file() or file.read_bytes() != content:
            changed.append(path)
            if write:
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content)
    return Drawn(planned, tuple(reasons), tuple(changed))


def _reasons(project: Project, record: Record) -> list[str]:
    return differences(record.sources, read_sources(project.root / "infra", record.drawn.environment))
