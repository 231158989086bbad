"""Projects whose drafts are blamed, and what a cause of one is led to."""

import shutil
from pathlib import Path

from flaskship.cli.wiring import real_world
from flaskship.model.location import Location
from flaskship.model.project import Project
from flaskship.model.verdict import Cause, Outcome, Verdict
from flaskship.tasks.causes import Origins
from flaskship.tasks.prepare import Draft, Wish, draft

REPOSITORY = Path(__file__).resolve().parents[3]
API = "my-tomorrows-api"
WORLD = real_world()
MOUNTED = """\
applications:
  my-tomorrows-api:
    envFrom:
      - configMapRef:
          name: words
          optional: true
    volumes:
      - name: first
        emptyDir: {}
      - name: flags
        configMap:
          name: flags
      - name: keys
        secret:
          secretName: nowhere
          items:
            - key: there
              path: a
            - key: not-there
              path: b
      - name: both
        projected:
          sources:
            - configMap:
                name: words
                items:
                  - key: greeting.txt
                    path: c
"""
MANIFEST = """\
kind: Deployment
apiVersion: apps/v1
metadata: {name: web}
spec:
  template:
    spec:
      containers:
        - name: beside
          image: demo
        - name: web
          image: strange/demo:1
          command: [nope]
          envFrom:
            - configMapRef: {name: flags}
---
kind: Service
apiVersion: v1
metadata: {name: web}
spec:
  ports:
    - {port: 80, nodePort: 30080}
"""


def our_project(tmp_path: Path) -> Project:
    """A copy of the project's own chart and environments."""
    for part in ("flaskship.yaml", "infra/helmchart"):
        source = REPOSITORY / part
        (tmp_path / part).parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, tmp_path / part) if source.is_dir() else shutil.copy(source, tmp_path / part)
    (tmp_path / "app").mkdir()
    return WORLD.load_project(tmp_path)


def plain_project(tmp_path: Path) -> Project:
    """A project whose chart is plain manifests without a value."""
    chart = tmp_path / "chart"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: plain\nversion: 0.1.0\n")
    for name in ("values.yaml", "values-dev.yaml"):
        (chart / name).write_text("")
    (chart / "templates/web.yaml").write_text(MANIFEST)
    (tmp_path / "flaskship.yaml").write_text(
        "apiVersion: flaskship.dev/v1\nname: plain\nchart: chart\n"
        "environments:\n  dev: {release: dev-apps, namespace: plain, engine: local}\n"
    )
    return WORLD.load_project(tmp_path)


def drawn(project: Project, environment: str = "dev", text: str = "", *sets: str) -> Draft:
    file = project.root / "mine.yaml"
    file.write_text(text)
    wish = Wish(files=(file,) if text else (), sets=sets)
    return draft(WORLD, project, project.environment(environment), wish, 1, is_upgrade=False)


def blamed(plan: Draft, cause: Cause, secrets: Path | None = None) -> Cause:
    origins = Origins(WORLD, plan, secrets=secrets)
    return origins.explain(Verdict(Outcome.FAILED, (cause,))).causes[0]


def line_with(file: Path, words: str) -> Location:
    lines = file.read_text().splitlines()
    (number,) = [n for n, line in enumerate(lines, 1) if words in line]
    return Location(file, number)
