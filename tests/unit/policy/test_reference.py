"""docs/reference/checks.md is what the rules say."""

from pathlib import Path

from flaskship.policy.reference import main, page

COMMITTED = Path(__file__).parents[3] / "docs/reference/checks.md"


def test_the_page_is_not_stale() -> None:
    assert COMMITTED.read_text(encoding="utf-8") == page(), "write it again: make docs"


def test_it_is_written_where_it_is_asked_for(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "checks.md"
    main([str(target)])
    assert target.read_text(encoding="utf-8") == page()
