"""A part of a manifest with its path: reading what is not there, or is of another type, gives nothing."""

from collections.abc import Iterator, Mapping
from typing import Any

from flaskship.model.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Node:
    """A value inside an object; wrong types are the schema rule's business alone."""

    content: Any
    path: str = ""

    def __bool__(self) -> bool:
        return self.content is not None

    def at(self, *keys: str) -> "Node":
        """The value below, or an empty node that still knows its path."""
        content, path = self.content, self.path
        for key in keys:
            content = content.get(key) if isinstance(content, Mapping) else None
            escaped = key.replace(".", "\\.")
            path = f"{path}.{escaped}" if path else escaped
        return Node(content, path)

    def items(self) -> Iterator["Node"]:
        """The entries of a list."""
        if isinstance(self.content, list):
            for index, item in enumerate(self.content):
                yield Node(item, f"{self.path}[{index}]")

    def entries(self) -> Iterator[tuple[str, "Node"]]:
        """The keys of a map with their values."""
        if isinstance(self.content, Mapping):
            for key in self.content:
                yield str(key), self.at(key)

    @property
    def text(self) -> str | None:
        """The text that stands here."""
        return self.content if isinstance(self.content, str) else None

    @property
    def number(self) -> int | None:
        """The whole number that stands here."""
        if isinstance(self.content, bool):
            return None
        if isinstance(self.content, float) and self.content.is_integer():
            return int(self.content)
        return self.content if isinstance(self.content, int) else None

    @property
    def truth(self) -> bool | None:
        """The truth value that stands here."""
        return self.content if isinstance(self.content, bool) else None

    @property
    def port(self) -> int | str | None:
        """A port by number or by name."""
        return self.number if self.number is not None else self.text

    @property
    def texts(self) -> tuple[str, ...]:
        """The texts of a list."""
        return tuple(item.content for item in self.items() if isinstance(item.content, str))

    @property
    def labels(self) -> dict[str, str]:
        """A map of texts, as labels and selectors are."""
        return {key: value.content for key, value in self.entries() if isinstance(value.content, str)}
