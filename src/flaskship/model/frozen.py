"""Python's dataclasses, made at an eighth of the cost where they are frozen with slots.

The standard library writes and compiles six methods for each of them as it is defined: half of what a
supervisor did before it answered. Here all of a class's methods but the initialiser are shared, and that
one is written when the first instance is made: most classes of a command never have one. What comes out
is a dataclass to fields(), replace(), asdict(), match and msgspec; anything else asked for (order, eq=False,
a class that can change) is the standard library's own.
"""

import dataclasses
from collections.abc import Callable
from operator import attrgetter
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any

__all__ = ["dataclass"]

if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(cls: type | None = None, /, *, frozen: bool = False, slots: bool = False, **other: bool):
        """Return the class as a dataclass, or what makes one of it."""
        ours = frozen and slots and not other
        make = _frozen if ours else dataclasses.dataclass(frozen=frozen, slots=slots, **other)
        return make if cls is None else make(cls)


_FIELDS_ONLY = dataclasses.dataclass(init=False, repr=False, eq=False, slots=True)


def _frozen(plain: type) -> type:
    own = set(plain.__dict__)
    cls: type[Any] = _FIELDS_ONLY(plain)
    fields = dataclasses.fields(cls)
    key = _key([field.name for field in fields if field.compare])
    shown = [field.name for field in fields if field.repr]
    methods = {
        "__init__": _initialiser(cls),
        "__repr__": _representation(shown),
        "__eq__": _equality(key),
        "__setattr__": _refuse_to_set,
        "__delattr__": _refuse_to_delete,
        "__getstate__": _state,
        "__setstate__": _restore,
    }
    for name, method in methods.items():
        if name not in own:
            setattr(cls, name, method)
    if plain.__dict__.get("__hash__") is None:
        cls.__hash__ = _hashing(key)  # type: ignore[assignment]
    return cls


def _key(names: list[str]) -> Callable[[Any], Any]:
    return attrgetter(*names) if names else lambda _: ()


def _initialiser(cls: type[Any]) -> Callable[..., None]:
    def __init__(self: Any, *values: Any, **named: Any) -> None:
        # From the second instance on there is no detour.
        cls.__init__ = written = _write_initialiser(cls)
        written(self, *values, **named)

    return __init__


def _write_initialiser(cls: type[Any]) -> Callable[..., None]:
    known: dict[str, Any] = {"_set": object.__setattr__, "_absent": dataclasses.MISSING}
    plain, named, body = ["self"], list[str](), list[str]()
    for field in dataclasses.fields(cls):
        name, default, value = field.name, "", field.name
        if field.default is not dataclasses.MISSING:
            default = f"=_{name}"
            known[f"_{name}"] = field.default
        elif field.default_factory is not dataclasses.MISSING:
            default, value = "=_absent", f"_{name}() if {name} is _absent else {name}"
            known[f"_{name}"] = field.default_factory
        (named if field.kw_only else plain).append(name + default)
        body.append(f"_set(self, {name!r}, {value})")
    if hasattr(cls, "__post_init__"):
        body.append("self.__post_init__()")
    parameters = ", ".join([*plain, *(["*", *named] if named else [])])
    lines = "\n ".join(body or ["pass"])
    exec(f"def __init__({parameters}):\n {lines}", known)  # noqa: S102 (as the standard library does)
    written: Callable[..., None] = known["__init__"]
    written.__qualname__ = f"{cls.__qualname__}.__init__"
    return written


def _representation(names: list[str]) -> Callable[[Any], str]:
    @recursive_repr()
    def __repr__(self: Any) -> str:
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in names)
        return f"{type(self).__qualname__}({shown})"

    return __repr__


def _equality(key: Callable[[Any], Any]) -> Callable[[Any, object], bool]:
    def __eq__(self: Any, other: object) -> bool:
        return key(self) == key(other) if other.__class__ is self.__class__ else NotImplemented

    return __eq__


def _hashing(key: Callable[[Any], Any]) -> Callable[[Any], int]:
    def __hash__(self: Any) -> int:
        return hash(key(self))

    return __hash__


def _refuse_to_set(_: object, name: str, __: object) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(_: object, name: str) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


def _state(self: Any) -> list[Any]:
    return [getattr(self, field.name) for field in dataclasses.fields(self)]


def _restore(self: Any, state: list[Any]) -> None:
    for field, value in zip(dataclasses.fields(self), state, strict=True):
        object.__setattr__(self, field.name, value)
