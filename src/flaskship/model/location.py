"""Where in the user's files something stands."""

import os

from flaskship.model.frozen import dataclass


@dataclass(frozen=True, slots=True, init=False)
class Location:
    """A line of a file; line 0 means the file as a whole."""

    file: str
    line: int = 0

    def __init__(self, file: str | os.PathLike[str], line: int = 0) -> None:
        object.__setattr__(self, "file", os.fspath(file))
        object.__setattr__(self, "line", line)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file
