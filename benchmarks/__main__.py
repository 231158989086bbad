"""python -m benchmarks [NAME ...] [--rounds N] [--tiny] [--only PART] [--json FILE]."""

import argparse
import compileall
import json
import os
import signal
import sys
import time
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.figures import Options, Result

MINUTES = {"start": 4.5, "path": 4.0, "loss": 4.0, "restart": 1.0, "cost": 4.5, "verdict": 1.0, "render": 3.0}
"""How long each may begin new rounds: all of them end within 25 minutes."""
NAMES = tuple(MINUTES)
ON_A_CLUSTER = ("kubernetes",)
"""Run when they are named, or when KUBECONFIG names a cluster."""
PARTS = ("deploys", "loss", "verdicts")
CLUSTER_MINUTES = 4.0
SOURCES = Path(__file__).resolve().parents[1] / "src"
KNOWN = (*NAMES, *ON_A_CLUSTER)


def main(arguments: list[str] | None = None) -> int:
    """Run the named benchmarks, or all of them; 0 even where a goal is missed: that is a finding."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Measure both sides in one run; without a name, all of it."
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(KNOWN)}")
    parser.add_argument("--rounds", type=int, default=7, help="alternating rounds of each side (7)")
    parser.add_argument("--tiny", action="store_true", help="prove in seconds that they run; no figures")
    parser.add_argument("--only", metavar="PART", help=f"of kubernetes alone: {', '.join(PARTS)}")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep every round's figures")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.names if name not in KNOWN]
    if unknown:
        parser.error(f"there is no benchmark {unknown[0]!r}; there are: {', '.join(KNOWN)}")
    if options.only is not None and (options.names != list(ON_A_CLUSTER) or options.only not in PARTS):
        parser.error(f"--only goes with kubernetes alone, and is one of {', '.join(PARTS)}")
    if options.rounds < 1:
        parser.error("--rounds is at least 1")
    signal.signal(signal.SIGTERM, _stop)
    # As an installation and `make bootstrap` do it; a checkout may have nothing compiled, and nothing kept.
    compileall.compile_dir(SOURCES, quiet=2)
    here = machine.describe()
    print(here, flush=True)
    results = []
    if not options.names and not os.environ.get("KUBECONFIG"):
        print(f"left out: {', '.join(ON_A_CLUSTER)} (KUBECONFIG names no cluster)", flush=True)
    for name in options.names or (KNOWN if os.environ.get("KUBECONFIG") else NAMES):
        began = time.monotonic()
        minutes = MINUTES.get(name, CLUSTER_MINUTES)
        print(f"\n{name}: up to about {minutes:g} minutes", file=sys.stderr, flush=True)
        until = began + 60 * minutes
        rounds = 1 if options.tiny else options.rounds
        result = measure(name, Options(rounds, options.tiny, until, options.only or ""))
        print(f"\n{result.text()}\n({time.monotonic() - began:.0f} s)", flush=True)
        results.append(result.document())
        if options.json:
            options.json.write_text(json.dumps(document(here, results), indent=2) + "\n")
    return 0


def _stop(*_: object) -> None:
    # What was started is stopped on the way out.
    raise KeyboardInterrupt


def measure(name: str, options: Options) -> Result:
    """Run one benchmark; each lives in the module of its name."""
    result: Result = import_module(f"benchmarks.{name}").run(options)
    return result


def document(here: machine.Machine, results: list[dict[str, Any]]) -> dict[str, Any]:
    return {"machine": asdict(here), "results": results}


if __name__ == "__main__":
    sys.exit(main())
