"""Runs the tests in parts, and says how long each part took.

Without an argument: everything but the stories. With `stories`: those alone, which drive the real command for
minutes. With `cluster`: what needs a Kubernetes, on the one that KUBECONFIG names. A story or a cluster's test
that fails is told once more by itself, since a starved machine can fail a probe, and both outcomes are printed.
"""

import os
import subprocess
import sys
import time

STORIES = "tests/integration/stories"
CLUSTER = ["tests/cluster", "tests/contract"]
# Generated values depend on which modules are loaded: alone, they are the same in each run.
PROPERTIES = "tests/integration/chart/test_properties.py"
# The rehearsal of the AWS infrastructure: minutes. `make rehearse` runs it.
REHEARSAL = "tests/integration/aws/test_rehearsal.py"
WORKERS = ["-q", "-n", "2", "--dist", "loadfile", "--durations", "5"]
PARTS = {
    "the project": [
        "tests",
        f"--ignore={STORIES}",
        f"--ignore={PROPERTIES}",
        f"--ignore={REHEARSAL}",
        *WORKERS,
    ],
    "the chart by generated values": [PROPERTIES, "-q"],
    "the applications": ["app/tests", *WORKERS, "-p", "no:cacheprovider"],
}


def run(name: str, arguments: list[str]) -> int:
    """Return pytest's exit code for one part."""
    began = time.monotonic()
    print(f"== tests of {name}", flush=True)
    code = subprocess.run([sys.executable, "-m", "pytest", *arguments], check=False).returncode
    print(f"== tests of {name}: {time.monotonic() - began:.0f} s, exit {code}", flush=True)
    return code


def main(arguments: list[str]) -> int:
    """Return 0 when every part passed; the first failing part's code otherwise."""
    if arguments == ["stories"]:
        code = run("the stories", [STORIES, *WORKERS])
        return run("the stories that failed", [STORIES, "-q", "--last-failed"]) if code else 0
    if arguments == ["cluster"]:
        if not os.environ.get("KUBECONFIG"):
            print("KUBECONFIG names no cluster: KUBECONFIG=FILE make test-cluster", file=sys.stderr)
            return 4
        on_a_cluster = ["-m", "cluster", "-q", "-n", "2", "--timeout", "400", "--durations", "10"]
        code = run("the cluster", [*CLUSTER, *on_a_cluster])
        again = [*CLUSTER, "-m", "cluster", "-q", "--timeout", "400", "--last-failed"]
        return run("the cluster that failed", again) if code else 0
    outcomes = [run(name, part) for name, part in PARTS.items()]
    return next((code for code in outcomes if code), 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
