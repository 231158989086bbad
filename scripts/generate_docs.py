"""Writes every generated reference under docs/reference again."""

import subprocess
import sys

COMMANDS = (
    ("flaskship.policy.reference",),
    ("flaskship.chart.reference",),
    ("flaskship.engines.local.manifests.reference",),
    ("flaskship.cli.aws_cost_reference",),
    ("tests.meaning", "page"),
    ("flaskship.verification.reference", "docs/reference/causes.md"),
)

for command in COMMANDS:
    subprocess.run([sys.executable, "-m", *command], check=True)
