"""Runs Checkov on the rendered manifests of every environment, and compares its findings with infra/checkov.yaml.

Ends with 0 where each finding is accepted with a reason and each acceptance is still needed, with 3 where not, and
with 4 where Checkov did not scan what it was given.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
ACCEPTED = ROOT / "infra" / "checkov.yaml"
CHECKOV = ROOT / ".venv-checkov" / "bin" / "checkov"
ENVIRONMENTS = ("dev", "staging", "prod")


class Unscanned(Exception):
    """Checkov gave no report of what it was to scan."""


@dataclass(frozen=True)
class Finding:
    """One finding of Checkov at one object."""

    environment: str
    check: str
    title: str
    kind_and_name: str


@dataclass(frozen=True)
class Acceptance:
    """A check that may find something, where, and why."""

    check: str
    reason: str
    objects: str = "*"
    environments: Sequence[str] = field(default=ENVIRONMENTS)

    def covers(self, finding: Finding) -> bool:
        return (
            finding.check == self.check
            and finding.environment in self.environments
            and fnmatchcase(finding.kind_and_name, self.objects)
        )


def read_acceptances(text: str) -> list[Acceptance]:
    from flaskship.chart import helm

    found = [Acceptance(**entry) for entry in helm.parse_yaml(text)["accept"]]
    for one in found:
        if not one.reason.strip() or not set(one.environments) <= set(ENVIRONMENTS):
            raise ValueError(
                f"{one.check}: wants a reason, and environments out of {', '.join(ENVIRONMENTS)}"
            )
    return found


def read_report(report: dict[str, Any], objects: int) -> list[Finding]:
    """The findings; Unscanned where Checkov saw another number of objects than there are."""
    summary = report.get("summary", {})
    if summary.get("parsing_errors") != 0 or summary.get("resource_count") != objects:
        raise Unscanned(
            f"Checkov read {summary.get('resource_count')} of {objects} objects,"
            f" with {summary.get('parsing_errors')} errors"
        )
    return [
        Finding(
            Path(one["file_path"]).stem,
            one["check_id"],
            one["check_name"],
            "/".join(one["resource"].split(".")[:1] + one["resource"].split(".")[-1:]),
        )
        for one in report["results"]["failed_checks"]
    ]


def judge(findings: Iterable[Finding], acceptances: Sequence[Acceptance]) -> list[str]:
    """What is wrong, a line each: findings that nobody accepted, acceptances that accept nothing."""
    found = list(findings)
    wrong = [
        f"{one.environment}: {one.check} at {one.kind_and_name}: {one.title}"
        for one in found
        if not any(acceptance.covers(one) for acceptance in acceptances)
    ]
    return wrong + [
        f"{ACCEPTED.name}: {acceptance.check} ({acceptance.objects}) accepts nothing any more: take it out"
        for acceptance in acceptances
        if not any(acceptance.covers(one) for one in found)
    ]


def render(folder: Path) -> int:
    """Write the manifests of each environment, and return how many objects they are."""
    from flaskship.chart.project import load_project
    from flaskship.chart.render import render_environment
    from flaskship.chart.values import layer_values

    project = load_project(ROOT)
    objects = 0
    for name in ENVIRONMENTS:
        environment = project.environment(name)
        rendered = render_environment(project, environment, layer_values(project, environment, (), ()))
        (folder / f"{name}.yaml").write_text(rendered.manifests)
        # Checkov counts the pod of a template beside its workload.
        every = [*rendered.documents, *rendered.hooks]
        objects += len(every) + sum("template" in (one.get("spec") or {}) for one in every)
    return objects


def scan(folder: Path) -> dict[str, Any]:
    # Nothing is downloaded: the checks are those of the locked package.
    done = subprocess.run(
        [CHECKOV, "-d", folder, "--framework", "kubernetes", "--skip-download", "--quiet", "-o", "json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    try:
        report: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        raise Unscanned(f"Checkov ended with {done.returncode}: {done.stderr.strip()[-500:]}") from None
    return report


def main() -> int:
    began = time.monotonic()
    acceptances = read_acceptances(ACCEPTED.read_text())
    try:
        with tempfile.TemporaryDirectory() as folder:
            objects = render(Path(folder))
            report = scan(Path(folder))
        findings = read_report(report, objects)
    except Unscanned as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 4
    wrong = judge(findings, acceptances)
    for line in wrong:
        print(line)
    summary = report["summary"]
    print(
        f"Checkov {summary['checkov_version']}: {objects} objects of {len(ENVIRONMENTS)} environments,"
        f" {summary['passed']} checks passed, {len(findings)} findings"
        f" {'accepted with a reason' if not wrong else f'and {len(wrong)} of them wrong'},"
        f" {time.monotonic() - began:.0f} s"
    )
    return 3 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
