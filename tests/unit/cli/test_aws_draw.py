"""flaskship aws draw: what it says where there is nothing to draw. tests/integration/aws draws for real."""

from pathlib import Path

from tests.unit.cli.conftest import Terminal


def test_a_project_without_infrastructure_is_refused_in_words_and_as_json(terminal: Terminal) -> None:
    printed = terminal("aws", "draw")
    assert printed.code == 2
    assert "no terraform/aws/stacks to draw" in printed.err
    assert terminal("aws", "draw", "-o", "json").document["kind"] == "AwsDraw"


def test_a_broken_record_is_refused_with_its_file(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "infra/terraform/aws/stacks").mkdir(parents=True)
    (tmp_path / "docs/diagrams").mkdir(parents=True)
    (tmp_path / "docs/diagrams/aws.json").write_text("[]")
    error = terminal("aws", "draw", "--check", "-o", "json").document["error"]
    assert error["exit_code"] == 2
    assert error["location"]["file"].endswith("docs/diagrams/aws.json")
    assert "make diagrams" in error["hint"]
