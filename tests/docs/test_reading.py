"""The checks of the documents notice what is wrong: each is shown a mistake and its near miss."""

import pytest
from tests.docs import reading
from tests.docs.test_documents import ROOT, broken_links, complaint, missing_files


@pytest.mark.parametrize(
    "line",
    [
        "up",
        "upp dev",
        "up dev --detatch",
        "up dev staging",
        "deploy dev --set",
        "scale dev my-app",
        "--colour up dev",
        "status --tail 3",
    ],
)
def test_a_wrong_command_line_is_noticed(line: str) -> None:
    assert complaint(tuple(line.split()))


@pytest.mark.parametrize(
    "line",
    [
        "up dev --detach",
        "-o json deploy dev",
        "status",
        "scale dev my-app 3",
        "down --all",
        "rollback dev 2 --app my-app",
        "logs dev my-app -f --tail 3",
        "--version",
    ],
)
def test_a_right_one_is_taken(line: str) -> None:
    assert complaint(tuple(line.split())) is None


def test_a_link_into_nothing_is_noticed() -> None:
    text = "# One\n[a](LICENSE) [b](nowhere.md) [c](#one) [d](#two) [e](docs/) [f](https://example.org/x)\n"
    assert broken_links(ROOT / "README.md", text) == ["nowhere.md", "#two"]


def test_a_file_that_is_not_there_is_noticed() -> None:
    text = "`src/flaskship/`, `cli/up.py`, `cli/down_under.py`, `.flaskship/state.db`, `a/b`\n"
    assert missing_files(text) == ["cli/down_under.py"]


def test_commands_stand_in_blocks_and_in_lines() -> None:
    text = (
        "Say `flaskship up\ndev`, `flaskship.yaml`, `flaskship ...`.\n\n```\n$ flaskship status  # look\n"
        "dev  Healthy\n.venv/bin/flaskship deploy dev --set \\\n  'a={b c}'\n```\n"
    )
    assert list(reading.commands(text, "flaskship")) == [
        ("status",),
        ("deploy", "dev", "--set", "a={b c}"),
        ("up", "dev"),
    ]


def test_blocks_hold_no_links_and_no_headings() -> None:
    text = "# Real\n```\n# not\n[x](nowhere)\n```\n[y](there)\n"
    assert reading.anchors(text) == {"real"}
    assert list(reading.links(text)) == ["there"]
