"""The value that two environments say otherwise and that a finding speaks of: where a delta leads."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, cached_property
from typing import Any

from flaskship.model.frozen import dataclass
from flaskship.model.location import Location
from flaskship.policy.objects import Fault
from flaskship.tasks.places import (
    application_path,
    escaped,
    extra_path,
    last_said,
    locate,
    names_at,
    path_of,
    set_above,
)
from flaskship.tasks.world import Layered, Setting, World

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_PART = re.compile(r"(?:\\.|[^.\\])+")
_SWITCHES = ("enabled", "create")
_APART = frozenset({"policy", "environment", "applications", "defaults", "roles", "extraObjects"})
"""Sections that no object is made of, and those that are read as the values of each application."""
_NOWHERE = "?"
_WHOLE = 10
"""What a value's own name or content counts against the name of what it stands in."""


@dataclass(frozen=True)
class Difference:
    """Two environments' values: places what one has and the other never exercises."""

    world: World
    layered: Layered
    other: Layered
    against: str

    def locate(self, fault: Fault) -> Location | None:
        """Where the value stands that brings a delta.

        What the rule names counts where the other environment says otherwise, or what it tells below that;
        then the value that differs and whose name or content the finding tells; then what changes the fault.
        """
        world, layered = self.world, self.layered
        present = locate(world, layered, fault)
        if extra_path(world, layered, fault.object.kind, fault.object.name) is not None:
            return present
        words = _words(fault.message.removeprefix(f"{self.against} "))
        named = self._named(fault)
        if named is not None and named.value != self._value(named.path):
            below = tuple(self._leaves(named.path)) if isinstance(named.value, Mapping) else ()
            return (_told(below, words) or named).location
        application = fault.object.application
        near = self._of(application) if application else self._shared
        told = _told(near, words) or _told(self._shared if application else self._every, words)
        return told.location if told else present

    def _named(self, fault: Fault) -> Setting | None:
        """What the rule names, where somebody has set it; an application as a whole names nothing."""
        found = last_said(self.world, self.layered, fault)
        path = path_of(self.world, self.layered, fault)
        if found is not None or (path.count(".") == 1 and path.startswith("applications.")):
            return found
        return set_above(self.world, self.layered, path)

    @cached_property
    def _shared(self) -> tuple[Setting, ...]:
        sections = self.world.around(self.layered, _NOWHERE).known
        return tuple(one for name in sections if name not in _APART for one in self._leaves(escaped(name)))

    @cached_property
    def _every(self) -> tuple[Setting, ...]:
        names = names_at(self.world, self.layered, "applications")
        return tuple(one for name in names for one in self._of(name))

    @cached_property
    def _of(self) -> Callable[[str], tuple[Setting, ...]]:
        """The values of an application that differ, inherited ones too."""
        inherited = tuple(names_at(self.world, self.layered, "defaults"))

        def read(application: str) -> tuple[Setting, ...]:
            root = application_path(application)
            keys = dict.fromkeys((*inherited, *names_at(self.world, self.layered, root)))
            return tuple(one for key in keys for one in self._leaves(f"{root}.{escaped(key)}"))

        return cache(read)

    def _leaves(self, path: str) -> Iterator[Setting]:
        """What stands at or below a path, is said above the chart's own values, and differs."""
        won = set_above(self.world, self.layered, path)
        if won is None:
            return
        if isinstance(won.value, Mapping) and won.value:
            for key in names_at(self.world, self.layered, path):
                yield from self._leaves(f"{path}.{escaped(key)}")
        elif won.value != self._value(path):
            yield won

    def _value(self, path: str) -> Any:
        """What the other environment says at a very path."""
        origins = self.world.origins(self.other, path)
        return origins[-1].value if origins and origins[-1].path.endswith(path.rpartition(".")[2]) else None


def _told(settings: Iterable[Setting], words: Sequence[str]) -> Setting | None:
    """The value of which a finding tells most; of several that which was said last."""
    marked = [(mark, one.height, -at, one) for at, one in enumerate(settings) if (mark := _mark(one, words))]
    return max(marked, key=lambda one: one[:3])[3] if marked else None


def _mark(setting: Setting, words: Sequence[str]) -> int:
    parts = _PART.findall(setting.path)
    if parts[-1] in _SWITCHES:
        parts.pop()
    *above, last = parts
    ancestors = sum(_within(_words(one), words) for one in above)
    # What all applications share is far from most findings: a name like path alone says nothing there.
    near = parts[0] in ("applications", "defaults", "roles")
    named = _within(_words(last), words) and (near or ancestors > 0)
    marks = named + _content(setting.value, words)
    return _WHOLE * marks + ancestors if marks else 0


def _content(value: Any, words: Sequence[str]) -> bool:
    if isinstance(value, list):
        return any(_content(one, words) for one in value)
    return not isinstance(value, (bool, Mapping)) and _within(_words(str(value)), words)


def _words(text: str) -> Sequence[str]:
    return [one.lower() for one in _WORD.findall(text)]


def _within(some: Sequence[str], words: Sequence[str]) -> bool:
    """Whether words stand in a text in this order, next to each other."""
    return bool(some) and any(words[at : at + len(some)] == some for at in range(len(words)))
