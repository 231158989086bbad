"""The only module that prints: results to stdout, progress and errors to stderr."""

import contextlib
import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import IO, TYPE_CHECKING, Any

from flaskship.cli import clean
from flaskship.model.frozen import dataclass
from flaskship.model.location import Location

if TYPE_CHECKING:
    from rich.live import Live

    from flaskship.model.release import LogLine
    from flaskship.model.snapshot import Snapshot

API_VERSION = "flaskship.dev/v1"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a command did not do what was asked: what, where, what next, and the exit code."""

    code: str
    message: str
    exit_code: int
    location: Location | None = None
    hint: str | None = None
    evidence: tuple[str, ...] = ()
    parts: tuple["Failure", ...] = ()
    """Each of several things that are refused at once; the message lists them, without their places."""
    long: bool = False
    """Whether the evidence is for the JSON alone: the message has as much of it as people read."""


class Output:
    """Prints as text or as one JSON document; remembers what it has shown, so that only changes are told."""

    def __init__(self, stdout: IO[str], stderr: IO[str], *, colour: bool = False, live: bool = False) -> None:
        self.kind = "error"
        self.json = False
        self.quiet = False
        self.closed = False
        self._stdout, self._stderr = stdout, stderr
        self._colour, self._live_wanted = colour, live
        self._document: dict[str, Any] = {}
        self._shown: dict[str, str] = {}
        self._live: Live | None = None
        self._replicas: dict[str, int] = {}
        """Whose lines were printed, in the order of their first."""

    @classmethod
    def of_process(cls) -> "Output":
        """Return the output of this process: colours and cursor only on a terminal, NO_COLOR honoured."""
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(AttributeError, ValueError):
                stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
        plain = bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
        colour = not plain and sys.stdout.isatty()
        return cls(sys.stdout, sys.stderr, colour=colour, live=sys.stderr.isatty() and sys.stdout.isatty())

    def configure(self, output: str | None, quiet: bool) -> None:
        """Take the global options; one that was not given changes nothing."""
        if output is not None:
            self.json = output == "json"
        self.quiet = self.quiet or quiet

    def answer(
        self, document: Mapping[str, Any], lines: Iterable[str], paint: Callable[[str], str] = clean.paint
    ) -> None:
        """Give the result that a command was called for: the document in JSON, else the lines."""
        self._document.update(document)
        self._end_live()
        if not self.json:
            for line in lines:
                self.text(line, paint)

    def text(self, line: str, paint: Callable[[str], str] = clean.paint) -> None:
        """Print one line of the result."""
        if not self.json:
            self._write_out((paint(line) if self._colour else line) + "\n")

    def raw(self, text: str) -> None:
        """Print text exactly, without a change."""
        if not self.json:
            self._write_out(text)

    def step(self, message: str) -> None:
        """Tell that something began or was decided."""
        self._tell(message)

    def warn(self, message: str) -> None:
        """Tell what the user should know and can go on without."""
        self._tell(f"warning: {message}")

    def saw(self, snapshot: "Snapshot") -> None:
        """Show the environment: as a live table on a terminal, else a line for each change."""
        if self.quiet:
            return
        from flaskship.cli import screens

        if self._live_wanted and not self.json:
            self._draw(snapshot)
            return
        if self._shown and snapshot.phase.value == "Stopped":
            self._shown.clear()
            self._tell(f"{snapshot.environment}: Stopped")
        for workload in snapshot.workloads:
            line = screens.workload_line(workload)
            if self._shown.get(workload.name) != line:
                self._shown[workload.name] = line
                self._tell(line)

    def log(self, line: "LogLine") -> None:
        """Print what a replica wrote, with its name in a colour of its own; a container has its replica's."""
        self._end_live()
        head, replica = f"{line.replica} |", line.replica.partition("/")[0]
        number = self._replicas.setdefault(replica, len(self._replicas))
        self.text(f"{head} {clean.printable(line.text)}", lambda text: clean.tinted(text, head, number))

    def fail(self, failure: Failure) -> None:
        """Tell the one reason why the command did not do what was asked."""
        self._end_live()
        place = failure.location
        self._document["error"] = {
            "code": failure.code,
            "message": failure.message,
            "location": _place(place),
            "hint": failure.hint,
            "evidence": list(failure.evidence),
            "findings": [
                {"message": one.message, "location": _place(one.location), "hint": one.hint}
                for one in failure.parts
            ],
            "exit_code": failure.exit_code,
        }
        lines = [f"error: {_at(place)}{failure.message}"]
        if failure.parts:
            lines = [f"error: {failure.message.partition(chr(10))[0].rstrip()}"]
            lines += [f"  - {_at(one.location)}{one.message}" for one in failure.parts]
        lines += [f"  | {clean.printable(line)}" for line in failure.evidence if not failure.long]
        lines += [f"  {failure.hint}"] if failure.hint else []
        self._write_err("\n".join(lines) + "\n")

    def finish(self) -> None:
        """Write the one JSON document where it was asked for, and let everything out."""
        self._end_live()
        # Every command answers or fails. Help alone does neither: it is text, whatever else was asked for.
        if self.json and self._document:
            kind = "".join(part.capitalize() for part in self.kind.split("-"))
            document = {"apiVersion": API_VERSION, "kind": kind, **self._document}
            self._write_out(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
        self._write_out("")

    def _draw(self, snapshot: "Snapshot") -> None:
        from flaskship.cli.live import live_table

        if self._live is None:
            from rich.console import Console
            from rich.live import Live

            console = Console(
                file=self._stderr, no_color=not self._colour, highlight=False, force_terminal=True
            )
            self._live = Live(console=console, auto_refresh=False, transient=True)
            self._live.start()
        self._live.update(live_table(snapshot), refresh=True)

    def _end_live(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _tell(self, message: str) -> None:
        if self.quiet:
            return
        if self._live is not None:
            from rich.text import Text

            self._live.console.print(Text(message))
        else:
            self._write_err(f"{message}\n")

    def _write_out(self, text: str) -> None:
        if self.closed:
            return
        try:
            self._stdout.write(text)
            self._stdout.flush()
        except BrokenPipeError:
            self.closed = True
            with contextlib.suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), self._stdout.fileno())

    def _write_err(self, text: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._stderr.write(text)
            self._stderr.flush()


def _place(location: Location | None) -> dict[str, Any] | None:
    return {"file": str(location.file), "line": location.line or None} if location else None


def _at(location: Location | None) -> str:
    return f"{clean.near(location)}: " if location else ""
