"""A machine in small: a folder of wheels in place of an index, and a project with one application."""

import base64
import hashlib
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

DOCKERFILE = """\
FROM python:3 AS build
COPY requirements.txt /build/
RUN python -m venv /srv/venv && /srv/venv/bin/pip install -r /build/requirements.txt
FROM python:3
ENV PATH=/srv/venv/bin:$PATH GREETING=/srv/app/greeting.txt
COPY --from=build /srv/venv /srv/venv
WORKDIR /srv/app
COPY . .
CMD ["greet", "world"]
"""


def make_wheel(folder: Path, name: str = "greeter", version: str = "1.0", body: str = "") -> str:
    """Write a wheel with one command, `greet`; returns its SHA-256."""
    folder.mkdir(parents=True, exist_ok=True)
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}.py": body or "import sys\n\n\ndef main() -> None:\n    print('hello', *sys.argv[1:])\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": f"[console_scripts]\ngreet = {name}:main\n",
    }
    record = "".join(f"{path},sha256={_digest(text)},{len(text.encode())}\n" for path, text in files.items())
    files[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n"
    wheel = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in files.items():
            archive.writestr(zipfile.ZipInfo(path), text)
    return hashlib.sha256(wheel.read_bytes()).hexdigest()


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


@dataclass(frozen=True)
class Machine:
    """Where things are and the environment in which a build runs."""

    project: Path
    context: Path
    wheels: Path
    environment: Mapping[str, str]

    @property
    def images(self) -> Path:
        return self.project / ".flaskship" / "images"

    def leftovers(self) -> list[str]:
        """What is in the folder of images and is no image."""
        names = [path.name for path in self.images.iterdir()] if self.images.is_dir() else []
        return sorted(name for name in names if name.startswith(".") and name != ".interpreters.json")


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("uv-cache")


@pytest.fixture
def machine(tmp_path: Path, cache: Path) -> Machine:
    wheels = tmp_path / "wheels"
    digest = make_wheel(wheels)
    context = tmp_path / "project" / "app"
    context.mkdir(parents=True)
    (context / "Dockerfile").write_text(DOCKERFILE)
    (context / "requirements.txt").write_text(f"greeter==1.0 \\\n    --hash=sha256:{digest}\n")
    (context / "greeting.txt").write_text("hello\n")
    home = tmp_path / "home"
    home.mkdir()
    environment = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(home),
        "UV_CACHE_DIR": str(cache),
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(wheels),
    }
    return Machine(tmp_path / "project", context, wheels, environment)


@pytest.fixture
def wheel() -> Callable[..., str]:
    return make_wheel
