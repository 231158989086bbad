"""Secret settings: from NAME, or from the file that NAME_FILE names, read at each use."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

MAX_SECRET_BYTES = 16_384


class SecretUnreadable(Exception):
    """The file behind a secret setting cannot be read; the message names the setting, never the value."""


@dataclass(frozen=True)
class Secret:
    """One secret setting. Its text is fetched by `current()`, so that a rotated file needs no restart."""

    name: str
    value: str | None = None
    file: Path | None = None

    def __repr__(self) -> str:
        source = "file" if self.file else "environment" if self.value else "absent"
        return f"Secret({self.name}, {source})"

    def current(self) -> str | None:
        """Give the secret as it is now, or None when it is not configured or empty."""
        if self.file is None:
            return self.value
        try:
            with self.file.open("rb") as stream:
                text = stream.read(MAX_SECRET_BYTES).decode("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise SecretUnreadable(
                f"{self.name}_FILE names {self.file}, which cannot be read: {reason}"
            ) from None
        return text or None


def read_secret(environment: Mapping[str, str], name: str, default: str | None = None) -> Secret:
    """Find a secret setting; a file wins over the environment, because only a file can rotate."""
    file = environment.get(f"{name}_FILE", "").strip()
    if file:
        return Secret(name, file=Path(file))
    return Secret(name, value=environment.get(name, "").strip() or default)
