from pathlib import Path

import pytest

from flaskship.engines.local.images.errors import DockerfileInvalidError
from flaskship.engines.local.images.lines import read_logical_lines

FILE = Path("Dockerfile")


def read(text: str) -> list[tuple[int, str, str]]:
    return [(line.number, line.keyword, line.rest) for line in read_logical_lines(text, FILE).lines]


def test_an_instruction_may_go_on_over_comments_and_blank_lines() -> None:
    text = "FROM x\nRUN one \\\n  # why\n\n  && two \\  \n  && three\nUSER me\n"
    assert read(text) == [(1, "FROM", "x"), (2, "RUN", "one   && two   && three"), (7, "USER", "me")]


def test_keywords_are_read_in_any_case_and_after_tabs() -> None:
    assert read("from x\n  run\techo  a\n") == [(1, "FROM", "x"), (2, "RUN", "echo  a")]


def test_the_escape_directive_changes_what_continues_a_line() -> None:
    text = "# syntax=docker/dockerfile:1\n# escape=`\nFROM x\nRUN a `\n b\\\nUSER c\n"
    assert read(text) == [(3, "FROM", "x"), (4, "RUN", "a  b\\"), (6, "USER", "c")]


def test_a_directive_after_a_comment_is_a_comment() -> None:
    assert read("# hello\n# escape=`\nFROM x\nRUN a \\\n b\n")[1] == (4, "RUN", "a  b")


def test_a_wrong_escape_directive_is_named() -> None:
    with pytest.raises(DockerfileInvalidError) as caught:
        read("# escape=x\nFROM a\n")
    assert str(caught.value.location) == "Dockerfile:1"


def test_a_file_that_ends_in_a_continuation_keeps_its_last_instruction() -> None:
    assert read("FROM x\nRUN a \\") == [(1, "FROM", "x"), (2, "RUN", "a")]


@pytest.mark.parametrize("line", ["RUN <<EOF", "RUN python3 <<-'END'", "COPY <<EOF /etc/x", 'RUN cat << "E"'])
def test_a_here_document_is_refused_where_it_stands(line: str) -> None:
    with pytest.raises(DockerfileInvalidError) as caught:
        read(f"FROM x\n\n{line}\nhello\nEOF\n")
    assert str(caught.value.location) == "Dockerfile:3"
    assert "COPY or RUN that file" in (caught.value.hint or "")


def test_a_here_string_is_not_a_here_document() -> None:
    assert read("FROM x\nRUN cat <<< word\n")[1] == (2, "RUN", "cat <<< word")


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm() -> None:
    assert read("\ufeffFROM x\r\nUSER y\r\n") == [(1, "FROM", "x"), (2, "USER", "y")]
