"""The documents are true: links lead somewhere, command lines parse, named files exist."""

import re
from importlib import import_module
from pathlib import Path

import click
import pytest
from tests.docs import reading
from tests.docs.reading import DOCUMENTS, ROOT

from flaskship.cli.commands import COMMANDS
from flaskship.cli.main import cli

MADE_HERE = (".flaskship/", ".venv/", "my-database.yaml", "broken.yaml")
CHECKED_FOR_FILES = (
    "README.md",
    "CONTRIBUTING.md",
    "docs/architecture.md",
    "docs/decisions/",
    "docs/how-to/",
)
BASES = ("", "src/flaskship", "src/flaskship/engines/local", "infra/helmchart")
STATES = {"here", "here, otherwise", "part", "planned", "deviates"}
GUIDE_MAP = ROOT / "docs/guide-map.md"


every_document = pytest.mark.parametrize("document", DOCUMENTS, ids=reading.name)


@every_document
def test_every_relative_link_leads_somewhere(document: Path) -> None:
    text = document.read_text()
    assert not broken_links(document, text)


def broken_links(document: Path, text: str) -> list[str]:
    broken = []
    for link in reading.links(text):
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        known = (
            reading.anchors(target.read_text() if path else text)
            if target.suffix == ".md" and anchor
            else set()
        )
        if not target.exists() or not target.is_relative_to(ROOT) or (anchor and anchor not in known):
            broken.append(link)
    return broken


@every_document
def test_every_command_line_is_one_that_flaskship_knows(document: Path) -> None:
    complaints = [
        why for line in reading.commands(document.read_text(), "flaskship") if (why := complaint(line))
    ]
    assert not complaints


def complaint(arguments: tuple[str, ...]) -> str | None:
    """Return why the real command line would refuse these arguments; None where it takes them."""
    said = "flaskship " + " ".join(arguments)
    if arguments == ("--version",) or "--help" in arguments:
        return None
    try:
        # click keeps a command's help option as the first context had it: this one is like the real one.
        above = click.Context(cli, **cli.context_settings)
        _, rest, _ = cli.make_parser(above).parse_args(list(arguments))
        if not rest or rest[0] not in COMMANDS:
            return f"{said}: no such command"
        command: click.Command = import_module(f"flaskship.cli.{rest[0]}").command
        command.make_context(rest[0], rest[1:], parent=above)
    except click.UsageError as error:
        return f"{said}: {error.format_message()}"
    return None


@every_document
def test_every_make_target_exists(document: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {arguments[0] for arguments in reading.commands(document.read_text(), "make")}
    assert named <= targets


@pytest.mark.parametrize(
    "document", [d for d in DOCUMENTS if reading.name(d).startswith(CHECKED_FOR_FILES)], ids=reading.name
)
def test_every_file_that_a_page_names_exists(document: Path) -> None:
    assert not missing_files(document.read_text())


def missing_files(text: str) -> list[str]:
    return [
        file
        for file in reading.files(text)
        if "/" in file.rstrip("/")
        and not file.startswith(MADE_HERE)
        and not any((ROOT / base / file).exists() for base in BASES)
    ]


def guide_rows() -> list[tuple[str, str, str]]:
    rows = []
    for line in GUIDE_MAP.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split(" | ")]
        if line.startswith("| ") and cells != ["The guide", "State", "Here"]:
            assert len(cells) == 3, line
            rows.append((cells[0], cells[1], cells[2]))
    return rows


def test_every_file_that_the_guide_map_names_exists() -> None:
    named = [file for _, _, here in guide_rows() for file in reading.files(here)]
    assert len(named) > 40
    assert [file for file in named if not (ROOT / file).exists()] == []


def test_every_part_of_the_guide_has_a_state_and_a_place() -> None:
    rows = guide_rows()
    assert {state for _, state, _ in rows} == STATES
    assert [guide for guide, _, here in rows if not here] == []


def test_every_page_can_be_reached_from_the_readme() -> None:
    seen: set[Path] = set()
    ahead = [ROOT / "README.md"]
    while ahead:
        page = ahead.pop()
        if page in seen:
            continue
        seen.add(page)
        for link in reading.links(page.read_text()):
            target = (page.parent / link.partition("#")[0]).resolve()
            ahead += (
                sorted(target.glob("*.md")) if target.is_dir() else [target] if target.suffix == ".md" else []
            )
    assert [
        reading.name(page) for page in DOCUMENTS if page not in seen and ROOT / "src" not in page.parents
    ] == []
