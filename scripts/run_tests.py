"""Runs the tests in parts, and says how long each part took.

Without an argument: everything but the stories. With `stories`: those alone, which drive the real command for
minutes. With `terraform`: the Terraform root, on the providers there are. With `cluster`: what needs a Kubernetes,
on the one that KUBECONFIG names. What fails is run once more by itself, since a starved machine can fail a probe of
a real process; both outcomes are printed. What fails twice has failed, and so has a part of which more than a few
tests fail.
"""

import json
import os
import subprocess
import sys
import tempfile
import time

STORIES = "tests/integration/stories"
CLUSTER = ["tests/cluster", "tests/contract"]
# Generated values depend on which modules are loaded: alone, they are the same in each run.
PROPERTIES = "tests/integration/chart/test_properties.py"
# The rehearsal of the AWS infrastructure: minutes. `make rehearse` runs it.
REHEARSALS = ("tests/integration/aws/test_rehearsal.py", "tests/integration/aws/test_saved_plans.py")
# pytest's exit code when tests ran and some failed.
FAILED = 1
FEW = 5
WORKERS = ["-q", "-n", "2", "--dist", "loadfile", "--durations", "5"]
ON_A_CLUSTER = [*CLUSTER, "-m", "cluster", "-q", "--timeout", "400"]
STORY = {"the stories": ([STORIES], WORKERS)}
ROOT = {"the Terraform root": (["tests/integration/terraform"], ["-q", "--timeout", "300"])}
ON_CLUSTER = {"the cluster": (ON_A_CLUSTER, ["-n", "2", "--durations", "10"])}
PARTS = {
    "the project": (
        ["tests", *(f"--ignore={one}" for one in (STORIES, PROPERTIES, *REHEARSALS))],
        WORKERS,
    ),
    "the chart by generated values": ([PROPERTIES], ["-q"]),
    "the applications": (["app/tests"], WORKERS),
}


def run(name: str, arguments: list[str]) -> int:
    """Return pytest's exit code for one part."""
    began = time.monotonic()
    print(f"== tests of {name}", flush=True)
    code = subprocess.run([sys.executable, "-m", "pytest", *arguments], check=False).returncode
    print(f"== tests of {name}: {time.monotonic() - began:.0f} s, exit {code}", flush=True)
    return code


def run_twice(name: str, tests: list[str], how: list[str]) -> int:
    """Return pytest's exit code for one part, the second one where a few tests failed and were run once more."""
    # Of its own, and nowhere in app/, whose files are an image's content.
    with tempfile.TemporaryDirectory(prefix="flaskship-tests-") as cache:
        kept = [*tests, "-o", f"cache_dir={cache}"]
        code = run(name, [*kept, *how])
        if code != FAILED or failures(cache) > FEW:
            return code
        return run(f"{name} that failed, once more", [*kept, "-q", "--last-failed"])


def failures(cache: str) -> int:
    """Return how many tests failed in the run before, as pytest wrote down."""
    with open(os.path.join(cache, "v", "cache", "lastfailed")) as file:
        return len(json.load(file))


def main(arguments: list[str]) -> int:
    """Return 0 when every part passed; the first failing part's code otherwise."""
    parts = {"stories": STORY, "terraform": ROOT}.get("".join(arguments), PARTS)
    if arguments == ["cluster"]:
        if not os.environ.get("KUBECONFIG"):
            print("KUBECONFIG names no cluster: KUBECONFIG=FILE make test-cluster", file=sys.stderr)
            return 4
        parts = ON_CLUSTER
    outcomes = [run_twice(name, tests, how) for name, (tests, how) in parts.items()]
    return next((code for code in outcomes if code), 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
