"""Writes every generated reference under docs/reference again."""

import runpy

MODULES = (
    "flaskship.policy.reference",
    "flaskship.chart.reference",
    "flaskship.engines.local.manifests.reference",
    "flaskship.verification.reference",
)

for module in MODULES:
    runpy.run_module(module, run_name="__main__")
