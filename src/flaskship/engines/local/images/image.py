"""A local image: a folder with files, a virtual environment and what the last stage says."""

import functools
import json
from pathlib import Path
from typing import Any, Literal

from flaskship.model.frozen import dataclass

FORMAT = 1
RECORD = "image.json"

Treatment = Literal["emulated", "ignored"]


@dataclass(frozen=True, slots=True)
class Note:
    """An instruction that is not followed to the letter, and what happens in its place."""

    line: int
    instruction: str
    treatment: Treatment
    reason: str


@dataclass(frozen=True, slots=True)
class UsedInterpreter:
    """The Python that the Dockerfile asks for and the one that runs here."""

    asked: str | None
    used: str
    emulated: bool


@dataclass(frozen=True, slots=True)
class ImageCommand:
    """ENTRYPOINT or CMD as executed; `shell` marks the shell form."""

    argv: tuple[str, ...]
    shell: bool = False


@dataclass(frozen=True, slots=True)
class LocalImage:
    """An image that is ready on this machine; `path_map` leads from paths of the image to folders here."""

    id: str
    repository: str
    folder: Path
    source_digest: str
    created: float
    interpreter: UsedInterpreter
    entrypoint: ImageCommand | None
    cmd: ImageCommand | None
    env: tuple[tuple[str, str], ...]
    workdir: Path
    path_map: tuple[tuple[str, Path], ...]
    user: str
    exposed: tuple[str, ...]
    stop_signal: str | None
    installer: str
    environment: str
    notes: tuple[Note, ...]

    @property
    def context(self) -> Path:
        """The copy of the build context."""
        return self.folder / "context"

    @property
    def venv(self) -> Path:
        """The virtual environment."""
        return self.folder / "venv"

    @property
    def python(self) -> Path:
        """The interpreter of the virtual environment."""
        return self.venv / "bin" / "python"


def dump_image(image: LocalImage) -> str:
    """The record of an image; its paths are relative, so that the project can be moved."""
    return json.dumps(
        {
            "format": FORMAT,
            "id": image.id,
            "repository": image.repository,
            "source_digest": image.source_digest,
            "created": image.created,
            "interpreter": {
                "asked": image.interpreter.asked,
                "used": image.interpreter.used,
                "emulated": image.interpreter.emulated,
            },
            "entrypoint": _dump_command(image.entrypoint),
            "cmd": _dump_command(image.cmd),
            "env": dict(image.env),
            "workdir": str(image.workdir.relative_to(image.folder)),
            "path_map": {name: str(path.relative_to(image.folder)) for name, path in image.path_map},
            "user": image.user,
            "exposed": list(image.exposed),
            "stop_signal": image.stop_signal,
            "installer": image.installer,
            "environment": image.environment,
            "notes": [
                {"line": n.line, "instruction": n.instruction, "treatment": n.treatment, "reason": n.reason}
                for n in image.notes
            ],
        },
        indent=1,
    )


def load_image(folder: Path) -> LocalImage | None:
    """The image in a folder; None when the record is missing, foreign or damaged."""
    try:
        return _read(folder, (folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


# Every start of every replica asks for its image; the same text is the same image.
@functools.lru_cache(maxsize=16)
def _read(folder: Path, text: str) -> LocalImage | None:
    record = json.loads(text)
    return _parse(record, folder) if record["format"] == FORMAT else None


def _parse(record: dict[str, Any], folder: Path) -> LocalImage:
    interpreter = record["interpreter"]
    return LocalImage(
        record["id"],
        record["repository"],
        folder,
        record["source_digest"],
        float(record["created"]),
        UsedInterpreter(interpreter["asked"], interpreter["used"], interpreter["emulated"]),
        _parse_command(record["entrypoint"]),
        _parse_command(record["cmd"]),
        tuple(record["env"].items()),
        folder / record["workdir"],
        tuple((name, folder / path) for name, path in record["path_map"].items()),
        record["user"],
        tuple(record["exposed"]),
        record["stop_signal"],
        record["installer"],
        record.get("environment", ""),
        tuple(Note(n["line"], n["instruction"], n["treatment"], n["reason"]) for n in record["notes"]),
    )


def _dump_command(command: ImageCommand | None) -> dict[str, Any] | None:
    return None if command is None else {"argv": list(command.argv), "shell": command.shell}


def _parse_command(record: dict[str, Any] | None) -> ImageCommand | None:
    return None if record is None else ImageCommand(tuple(record["argv"]), record["shell"])
