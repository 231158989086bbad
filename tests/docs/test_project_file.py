"""The page that the refusal without a flaskship.yaml names shows one that works."""

from pathlib import Path

import pytest

from flaskship.chart.project import load_project
from flaskship.model.errors import ConfigurationError

ROOT = Path(__file__).parents[2]


def test_the_page_that_the_hint_names_shows_a_project_that_loads(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as refused:
        load_project(tmp_path)
    assert refused.value.hint is not None
    (named,) = [word for word in refused.value.hint.split() if word.endswith(".md")]
    _, _, rest = (ROOT / named).read_text().partition("```yaml\napiVersion: flaskship.dev/v1\n")
    (tmp_path / "flaskship.yaml").write_text("apiVersion: flaskship.dev/v1\n" + rest.partition("```")[0])
    (tmp_path / "app").mkdir()
    (tmp_path / "infra/helmchart").mkdir(parents=True)
    (tmp_path / "infra/helmchart/Chart.yaml").touch()
    project = load_project(tmp_path)
    assert [environment.name for environment in project.environments] == ["dev", "prod"]


def test_every_folder_of_code_beside_src_is_explained() -> None:
    architecture = (ROOT / "docs/architecture.md").read_text()
    folders = {path.parent.relative_to(ROOT).parts[0] for path in ROOT.glob("*/*.py")}
    assert {"benchmarks", "scripts"} <= folders
    assert [name for name in sorted(folders) if f"`{name}/" not in architecture] == []
