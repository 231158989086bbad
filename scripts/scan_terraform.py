"""Runs Checkov on the Terraform files of the AWS infrastructure: what it finds is accepted beside the line, or fails.

Ends with 0 where every finding has its reason in a comment at the resource, with 3 where not, and with 4 where
Checkov did not read what it was given.
"""

import json
import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CODE = ROOT / "infra" / "terraform" / "aws"
CHECKOV = ROOT / ".venv-checkov" / "bin" / "checkov"
# checkov:skip=CHECK:reason, with a reason that says something.
SKIP = re.compile(r"checkov:skip=(\w+):?(.*)$", re.MULTILINE)


def resources(code: Path) -> int:
    """How many resources the files declare, tests left out."""
    return sum(len(re.findall(r'^resource "', file.read_text(), re.MULTILINE)) for file in code.rglob("*.tf"))


def without_reason(code: Path) -> list[str]:
    """The acceptances that give no reason."""
    return [
        f"{file.relative_to(code)}: {check} is accepted without a reason"
        for file in sorted(code.rglob("*.tf"))
        for check, reason in SKIP.findall(file.read_text())
        if len(reason.strip()) < len("The same.")
    ]


def judge(report: dict, declared: int) -> list[str] | None:
    """What is wrong, a line each; None where Checkov read less than is declared."""
    summary = report.get("summary", {})
    if summary.get("parsing_errors") != 0 or summary.get("resource_count", 0) < declared:
        return None
    return [
        f"{one['file_path']}:{one['file_line_range'][0]}: {one['check_id']} at {one['resource']}: {one['check_name']}"
        for one in report["results"]["failed_checks"]
    ]


def main() -> int:
    began = time.monotonic()
    done = subprocess.run(
        [CHECKOV, "-d", CODE, "--framework", "terraform", "--skip-download", "--quiet", "-o", "json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    try:
        report = json.loads(done.stdout)
    except ValueError:
        print(f"error: Checkov ended with {done.returncode}: {done.stderr.strip()[-500:]}", file=sys.stderr)
        return 4
    wrong = judge(report, resources(CODE))
    if wrong is None:
        print(f"error: Checkov read less than there is: {report.get('summary')}", file=sys.stderr)
        return 4
    wrong += without_reason(CODE)
    for line in wrong:
        print(line)
    summary = report["summary"]
    print(
        f"Checkov {summary['checkov_version']}: {summary['resource_count']} resources of the AWS infrastructure,"
        f" {summary['passed']} checks passed, {summary['skipped']} accepted beside their lines,"
        f" {len(wrong)} wrong, {time.monotonic() - began:.0f} s"
    )
    return 3 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
