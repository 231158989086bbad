"""Where the local engine keeps what, below the project's .flaskship folder."""

import hashlib
import os
from pathlib import Path

from flaskship.model.errors import PreflightError
from flaskship.model.frozen import dataclass

LONGEST_SOCKET_PATH = 100  # sun_path ends at 107 bytes on Linux, 103 on macOS


@dataclass(frozen=True, slots=True)
class LocalPaths:
    """The folders and sockets of one project; nothing is created by asking."""

    project: Path

    @property
    def home(self) -> Path:
        """Return .flaskship, which only its owner may enter."""
        return self.project / ".flaskship"

    @property
    def database(self) -> Path:
        """Return the state file."""
        return self.home / "state.db"

    @property
    def replacement(self) -> Path:
        """Return what takes the place of a damaged state file; it is there only while that is under way."""
        return self.database.with_name("state.db.new")

    @property
    def images(self) -> Path:
        """Return the folder of the local images."""
        return self.home / "images"

    @property
    def routes(self) -> Path:
        """Return the file in which the router keeps its last table."""
        return self.home / "routes.json"

    @property
    def exits(self) -> Path:
        """Return the folder in which the spawner keeps exit statuses."""
        return self.home / "exits"

    @property
    def run(self) -> Path:
        """Return the folder of the sockets: below .flaskship unless that path is too long for a socket."""
        inside = self.home / "run"
        if len(os.fsencode(inside / "supervisor.sock")) <= LONGEST_SOCKET_PATH:
            return inside
        name = "flaskship-" + hashlib.sha256(os.fsencode(self.project)).hexdigest()[:16]
        runtime = os.environ.get("XDG_RUNTIME_DIR")
        return Path(runtime) / name if runtime else Path("/tmp") / f"{name}-{os.getuid()}"  # noqa: S108

    def socket(self, role: str) -> Path:
        """Return the control socket of the supervisor, the router or the spawner."""
        return self.run / f"{role}.sock"

    def log(self, role: str) -> Path:
        """Return the log file of the supervisor, the router or the spawner."""
        return self.home / f"{role}.log"

    def secrets(self, environment: str) -> Path:
        """Return the file of the Secrets that this machine keeps for an environment."""
        return self.home / f"secrets.{environment}.yaml"

    @property
    def supervisor_lock(self) -> Path:
        """Return the file that the one supervisor holds locked; its pid stands in it."""
        return self.home / "supervisor.lock"

    def environment(self, name: str) -> Path:
        """Return the folder of one environment: data, logs, volumes, replicas."""
        return self.home / "envs" / name

    def create(self) -> None:
        """Make the private folders; PreflightError where that is not possible."""
        try:
            for folder in (self.home, self.images, self.exits, self.run):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            owner = self.run.stat()
        except OSError as error:
            raise PreflightError(
                f"cannot write to {error.filename}: {error.strerror}",
                hint="Give your user write access to the project's folder, or free some space.",
            ) from error
        if owner.st_uid != os.getuid() or owner.st_mode & 0o077:
            raise PreflightError(
                f"{self.run} belongs to somebody else or is open to others",
                hint="Remove it, or set XDG_RUNTIME_DIR to a private folder.",
            )
        ignore = self.home / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n")
