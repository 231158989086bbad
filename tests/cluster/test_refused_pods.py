"""The pods of pods.yaml on a real API server: it refuses what they say is refused, and takes the others."""

import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.cluster.plainly import site, tool
from tests.unit.policy.refused_pods import Case, cases

AT_ONCE = 3
WORDS = ("create", "--dry-run=server", "--validate=strict", "-f", "-")


@pytest.mark.parametrize("kind", ["refused", "taken"])
def test_a_real_server_agrees_about_every_pod(tmp_path: Path, kind: str) -> None:
    kubectl = tool("kubectl")

    def refusal(case: Case) -> str:
        """What the server says against a pod; empty where it takes it."""
        done = subprocess.run(
            [kubectl, "--kubeconfig", place.kubeconfig, *WORDS],
            input=json.dumps(case.manifest),
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stderr if done.returncode else ""

    with site(tmp_path, "pods") as place, ThreadPoolExecutor(AT_ONCE) as pool:
        every = cases(kind)
        said = dict(zip((case.name for case in every), pool.map(refusal, every), strict=True))
    if kind == "taken":
        assert {name: text for name, text in said.items() if text} == {}
    else:
        assert [
            name for name, text in said.items() if "is invalid" not in text and "strict" not in text
        ] == []
