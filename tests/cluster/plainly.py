"""The guide's own tools on the cluster: an unmodified helm and kubectl, in a namespace that goes again."""

import contextlib
import json
import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

CHART = Path(__file__).resolve().parents[2] / "infra" / "helmchart"
BUILT = Path.home() / ".cache" / "onenode" / "bin"
SECONDS = 300


def tool(name: str) -> Path:
    """A binary: FLASKSHIP_<NAME>, the test cluster's, or one on the PATH; left out without one."""
    given = os.environ.get(f"FLASKSHIP_{name.upper()}")
    for path in (given, BUILT / name, shutil.which(name)):
        if path and os.access(path, os.X_OK):
            return Path(path)
    pytest.skip(f"no {name} binary here: set FLASKSHIP_{name.upper()}, or put one on the PATH")


@dataclass(frozen=True)
class Site:
    """A namespace of its own, and a kubeconfig whose context is in it, as the guide's reader has one."""

    namespace: str
    kubeconfig: Path

    def helm(self, *words: str, seconds: int = SECONDS) -> str:
        """Run helm in the chart's folder, and return what it printed."""
        return self.run(tool("helm"), *words, seconds=seconds)

    def kubectl(self, *words: str, seconds: int = SECONDS) -> str:
        return self.run(tool("kubectl"), *words, seconds=seconds)

    def get(self, *words: str) -> Any:
        return json.loads(self.kubectl("get", *words, "-o", "json"))

    def run(self, program: Path, *words: str, seconds: int) -> str:
        done = subprocess.run(
            [program, *words],
            cwd=CHART,
            env={**os.environ, "KUBECONFIG": str(self.kubeconfig)},
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        assert done.returncode == 0, f"{program.name} {' '.join(words)}\n{done.stdout}{done.stderr}"
        return done.stdout

    def wait(self, *applications: str) -> None:
        """Wait until each application is rolled out; say what its pods are doing where one is not."""
        for name in applications:
            try:
                self.kubectl("rollout", "status", f"deployment/{name}", f"--timeout={SECONDS - 20}s")
            except AssertionError as error:
                pods = self.kubectl("describe", "pods", "-l", f"app.kubernetes.io/name={name}")
                raise AssertionError(f"{error}\n{pods[-3000:]}") from None

    def node(self) -> str:
        addresses = self.get("nodes")["items"][0]["status"]["addresses"]
        return str(next(one["address"] for one in addresses if one["type"] == "InternalIP"))


@contextlib.contextmanager
def site(folder: Path, word: str) -> Iterator[Site]:
    """A site, and its end: the namespace is gone when this returns."""
    if not os.environ.get("KUBECONFIG"):
        pytest.skip("KUBECONFIG names no cluster to test on: KUBECONFIG=FILE make test-cluster")
    namespace = f"plain-{secrets.token_hex(3)}-{word}"
    own = folder / "kubeconfig"
    flat = subprocess.run(
        [tool("kubectl"), "config", "view", "--raw", "--flatten"], capture_output=True, text=True, check=True
    )
    own.touch(0o600)
    own.write_text(flat.stdout)
    place = Site(namespace, own)
    place.kubectl("config", "set-context", "--current", f"--namespace={namespace}")
    place.kubectl("create", "namespace", namespace)
    try:
        yield place
    finally:
        place.kubectl("delete", "namespace", namespace, "--wait=true")


def require_kinds(place: Site, *groups: str) -> None:
    """Leave the test out, with the reason, where the cluster lacks the kinds of an operator."""
    served = place.kubectl("api-versions").split()
    missing = [one for one in groups if one not in served]
    if missing:
        pytest.skip(f"the cluster does not serve {', '.join(missing)}: install its operator first")
