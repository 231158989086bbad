"""A registry on loopback and builders with stores of their own; a test that lacks either says so."""

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from flaskship.containers.ship import Dock
from flaskship.containers.shipment import Builder
from flaskship.containers.targets import NodeFacts
from flaskship.engines.local.images.process import run_job

REGISTRY = "docker-registry"
DAEMONS = (os.environ.get("FLASKSHIP_DOCKERD", ""), "dockerd")
LIMITS = """\
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
[engine]
cgroup_manager = "cgroupfs"
"""
POLICY = {"default": [{"type": "insecureAcceptAnything"}]}
MANIFESTS = "application/vnd.docker.distribution.manifest.v2+json"


@dataclass(frozen=True)
class Registry:
    """A real one, on a free port of this machine."""

    address: str

    def manifest(self, repository: str, reference: str) -> tuple[str, dict[str, object]]:
        """What it says of a manifest: its digest, and the manifest."""
        url = f"http://{self.address}/v2/{repository}/manifests/{reference}"
        with urllib.request.urlopen(urllib.request.Request(url, headers={"Accept": MANIFESTS})) as answer:
            return answer.headers["Docker-Content-Digest"], json.load(answer)

    def labels(self, repository: str, reference: str) -> dict[str, str]:
        """The labels of an image that it has."""
        _, manifest = self.manifest(repository, reference)
        digest = manifest["config"]["digest"]  # type: ignore[index]
        with urllib.request.urlopen(f"http://{self.address}/v2/{repository}/blobs/{digest}") as answer:
            labels: dict[str, str] = json.load(answer)["config"]["Labels"]
        return labels


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    program = shutil.which(REGISTRY)
    if program is None:
        pytest.skip(f"{REGISTRY} is not installed: apt-get install docker-registry")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    configuration = tmp_path / "registry.yml"
    configuration.write_text(
        f"version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: {tmp_path / 'registry'}\n"
        f"http:\n  addr: {address}\n"
    )
    with (tmp_path / "registry.log").open("wb") as log:
        process = subprocess.Popen([program, "serve", str(configuration)], stdout=log, stderr=log)
    try:
        for _ in range(100):
            try:
                urllib.request.urlopen(f"http://{address}/v2/").close()
                break
            except OSError:
                time.sleep(0.05)
        yield Registry(address)
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(params=["buildah", "podman", "docker"])
def builder(request: pytest.FixtureRequest) -> Builder:
    """Each builder that works here, with a store of its own; the others say what they lack."""
    name: Builder = request.param
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed: apt-get install {name}")
    if os.geteuid() != 0:
        pytest.skip(f"{name} with a store of its own needs root here")
    request.getfixturevalue("docker_daemon" if name == "docker" else "builder_home")
    return name


@pytest.fixture
def docker_daemon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A daemon of the test's own: no network of its own, images in a folder."""
    program = next((found for one in DAEMONS if (found := shutil.which(one))), None)
    if program is None:
        pytest.skip("there is no dockerd here: apt-get install docker.io, or name one with FLASKSHIP_DOCKERD")
    folder = Path(tempfile.mkdtemp(prefix="flaskship-dockerd-"))  # a socket's path is short
    host = f"unix://{folder}/socket"
    words = [program, "-H", host, "--data-root", str(folder / "data"), "--exec-root", str(folder / "exec")]
    words += ["--pidfile", str(folder / "pid"), "--storage-driver", "vfs", "--bridge", "none"]
    with (tmp_path / "dockerd.log").open("wb") as log:
        process = subprocess.Popen([*words, "--iptables=false", "--ip6tables=false"], stdout=log, stderr=log)
    monkeypatch.setenv("DOCKER_HOST", host)
    try:
        for _ in range(300):
            asked = subprocess.run(["docker", "info"], capture_output=True, check=False)
            if asked.returncode == 0 or process.poll() is not None:
                break
            time.sleep(0.1)
        if process.poll() is not None:
            said = (tmp_path / "dockerd.log").read_text().strip().splitlines()[-1:]
            pytest.skip(f"dockerd does not run here: {said}")
        yield host
    finally:
        process.terminate()
        process.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def builder_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The settings of buildah or podman, away from those of whoever runs the tests."""
    home = tmp_path / "home"
    containers = home / ".config" / "containers"
    containers.mkdir(parents=True)
    (containers / "policy.json").write_text(json.dumps(POLICY))
    (home / "containers.conf").write_text(LIMITS)
    (home / "storage.conf").write_text(
        f'[storage]\ndriver = "vfs"\ngraphroot = "{home / "graph"}"\nrunroot = "{home / "run"}"\n'
    )
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("CONTAINERS_CONF", str(home / "containers.conf"))
    monkeypatch.setenv("CONTAINERS_STORAGE_CONF", str(home / "storage.conf"))
    monkeypatch.setenv("BUILDAH_ISOLATION", "chroot")
    return home


@pytest.fixture
def context(tmp_path: Path) -> Path:
    folder = tmp_path / "project" / "app"
    folder.mkdir(parents=True)
    (folder / "Dockerfile").write_text('FROM scratch\nCOPY app.py /app.py\nCMD ["/app.py"]\n')
    (folder / "app.py").write_text("print('hello')\n")
    return folder


async def no_nodes(_: str) -> tuple[NodeFacts, ...]:
    return ()


@pytest.fixture
def heard() -> list[str]:
    return []


@pytest.fixture
def dock(heard: list[str], builder: Builder) -> Dock:
    assert builder
    return Dock(run_job, no_nodes, time.time, heard.append, dict(os.environ))


def run(argv: list[str]) -> str:
    """The output of a program that succeeds."""
    return subprocess.run(argv, check=True, capture_output=True, text=True, timeout=60).stdout
