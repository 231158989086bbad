"""What the documents hold: links, headings, command lines and names of files."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("*.md", "docs/**/*.md", "app/*.md", "benchmarks/*.md", "src/**/*.md")
DOCUMENTS = tuple(sorted(page for pattern in PAGES for page in ROOT.glob(pattern)))
FENCE = re.compile(r"^( *)(```+)([^\n`]*)\n(.*?)^\1\2 *$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)
FILE = re.compile(r"\.?[\w-][\w./-]*\.(?:py|ya?ml|json|md|txt|in|tpl|toml|sh|tf|tfvars|hcl)")
FOLDER = re.compile(r"\.?[\w-][\w./-]*/")


@dataclass(frozen=True)
class Found:
    """Something in a document, with its line for whoever has to correct it."""

    where: str
    text: str


def name(document: Path) -> str:
    return str(document.relative_to(ROOT))


def prose(text: str) -> str:
    """The text with fenced blocks blanked, line for line."""
    return FENCE.sub(lambda match: "\n" * match[0].count("\n"), text)


def links(text: str) -> Iterator[str]:
    """Targets of links that stay within the repository."""
    for match in LINK.finditer(SPAN.sub("", prose(text))):
        if not re.match(r"[a-z]+:", match[1]):
            yield match[1]


def anchors(text: str) -> set[str]:
    """The anchors that a reader of the headings can jump to."""
    return {
        re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in HEADING.findall(prose(text))
    }


def spans(text: str) -> Iterator[str]:
    """Inline code, with its line breaks as spaces."""
    for match in SPAN.finditer(prose(text)):
        yield " ".join(match[2].split())


def lines_of_blocks(text: str) -> Iterator[str]:
    """The lines of fenced blocks, with continued ones joined."""
    for match in FENCE.finditer(text):
        yield from match[4].replace("\\\n", " ").splitlines()


def commands(text: str, program: str) -> Iterator[tuple[str, ...]]:
    """The arguments of every call of a program, in blocks and in inline code."""
    start = re.compile(rf"(?:\$ +)?(?:\S*/)?{re.escape(program)} +(.+)")
    for line in (*lines_of_blocks(text), *spans(text)):
        if match := start.fullmatch(line.strip()):
            arguments = tuple(shlex.split(match[1], comments=True))
            if arguments and arguments != ("...",):
                yield arguments


def files(text: str) -> Iterator[str]:
    """Inline code that names a file, or a folder by its last slash."""
    for span in spans(text):
        if FILE.fullmatch(span) or FOLDER.fullmatch(span):
            yield span
