"""The cheap dataclasses beside the standard library's own: each of the two defines the same classes."""

import copy
import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import FrozenInstanceError, field
from types import SimpleNamespace
from typing import Any, ClassVar

import msgspec
import pytest

from flaskship.model import frozen

Make = Callable[..., Any]


def define(dataclass: Make) -> SimpleNamespace:
    @dataclass(frozen=True, slots=True)
    class Point:
        """A place."""

        x: int
        y: float = 1.5
        tags: Mapping[str, str] = field(default_factory=dict)
        hidden: str = field(default="", repr=False)
        note: str | None = field(default=None, compare=False)
        many: ClassVar[int] = 3

        @property
        def far(self) -> bool:
            return self.x > 100

    @dataclass(frozen=True, slots=True)
    class Named:
        """A place by keyword."""

        name: str
        at: Point | None = field(default=None, kw_only=True)

    @dataclass(frozen=True, slots=True)
    class Nothing:
        """Without a field."""

    @dataclass(frozen=True, slots=True)
    class One:
        """With one."""

        values: tuple[int, ...] = ()

    @dataclass(frozen=True, slots=True)
    class Checked:
        """With a look at itself."""

        low: int
        high: int

        def __post_init__(self) -> None:
            if self.low > self.high:
                raise ValueError("upside down")

    @dataclass(frozen=True, slots=True)
    class Own:  # noqa: PLW1641 (the hash is made)
        """With methods of its own."""

        x: int

        def __eq__(self, other: object) -> bool:
            return True

        def __repr__(self) -> str:
            return "own"

    @dataclass(frozen=True, slots=True, order=True)
    class Ordered:
        """With an order."""

        x: int

    @dataclass(slots=True)
    class Changing:
        """That can change."""

        x: int = 0

    @dataclass
    class Plain:
        """Without anything said."""

        x: int = 0

    return SimpleNamespace(**{name: value for name, value in locals().items() if name != "dataclass"})


BOTH = {"ours": define(frozen.dataclass), "the standard library's": define(dataclasses.dataclass)}
# (mypy is told that the two are one, and may not be asked to compare them.)
OURS = BOTH["ours"]


@pytest.fixture(params=BOTH.values(), ids=BOTH)
def kinds(request: pytest.FixtureRequest) -> SimpleNamespace:
    found: SimpleNamespace = request.param
    return found


def test_ours_are_not_the_standard_librarys() -> None:
    assert OURS.Point.__setattr__ is OURS.Named.__setattr__
    assert BOTH["the standard library's"].Point.__setattr__ is not OURS.Point.__setattr__


def test_fields_and_defaults(kinds: SimpleNamespace) -> None:
    one = kinds.Point(3)
    assert (one.x, one.y, one.tags, one.hidden, one.note, one.many) == (3, 1.5, {}, "", None, 3)
    assert one.tags is not kinds.Point(3).tags
    assert [each.name for each in dataclasses.fields(one)] == ["x", "y", "tags", "hidden", "note"]
    assert dataclasses.is_dataclass(kinds.Point)
    assert kinds.Point(1, 2, {"a": "b"}, "h", note="n").note == "n"
    assert kinds.Point(1000).far
    assert kinds.Named("a", at=one).at is one


@pytest.mark.parametrize(
    ("values", "named"), [((), {}), ((1,), {"x": 2}), ((1,), {"other": 2}), ((1, 2, {}, "", None, 6), {})]
)
def test_wrong_values_are_refused_the_first_time_and_later(
    values: tuple[int, ...], named: dict[str, int], kinds: SimpleNamespace
) -> None:
    for _ in range(2):
        with pytest.raises(TypeError, match=r"Point\.__init__\(\)"):
            kinds.Point(*values, **named)


def test_keywords_only(kinds: SimpleNamespace) -> None:
    with pytest.raises(TypeError):
        kinds.Named("a", None)


def test_nothing_changes(kinds: SimpleNamespace) -> None:
    one = kinds.Point(3)
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'x'"):
        one.x = 4
    with pytest.raises(FrozenInstanceError, match="cannot delete field 'x'"):
        del one.x
    with pytest.raises((AttributeError, TypeError)):  # (TypeError by an accident of the standard library)
        one.other = 4
    assert not hasattr(one, "__dict__")
    assert one.x == 3


def test_equality_and_hash(kinds: SimpleNamespace) -> None:
    assert kinds.Point(3, note="a") == kinds.Point(3, note="b")
    assert kinds.Point(3) != kinds.Point(3, hidden="other")
    assert kinds.Point(3) != 3
    assert kinds.One((1,)) == kinds.One((1,))
    assert kinds.One((1,)) != kinds.One((2,))
    assert hash(kinds.One((1,))) == hash(kinds.One((1,)))
    assert {kinds.Checked(1, 2): "found"}[kinds.Checked(1, 2)] == "found"
    assert kinds.Nothing() == kinds.Nothing()
    assert hash(kinds.Nothing()) == hash(kinds.Nothing())
    assert kinds.Nothing() != kinds.One()
    with pytest.raises(TypeError, match="unhashable"):
        hash(kinds.Point(3))


def test_what_is_shown(kinds: SimpleNamespace) -> None:
    shown = repr(kinds.Named("a", at=kinds.Point(3, hidden="secret")))
    assert shown == (
        "define.<locals>.Named(name='a', at=define.<locals>.Point(x=3, y=1.5, tags={}, note=None))"
    )
    within: dict[str, Any] = {}
    within["itself"] = one = kinds.Point(1, tags=within)
    assert "tags={'itself': ...}" in repr(one)


def test_a_look_at_itself(kinds: SimpleNamespace) -> None:
    for _ in range(2):
        with pytest.raises(ValueError, match="upside down"):
            kinds.Checked(2, 1)


def test_methods_of_its_own_stay(kinds: SimpleNamespace) -> None:
    assert kinds.Own(1) == kinds.Own(2)
    assert repr(kinds.Own(1)) == "own"
    assert hash(kinds.Own(1)) != hash(kinds.Own(2))


def test_replace_asdict_and_match(kinds: SimpleNamespace) -> None:
    one = kinds.Point(3, note="n")
    other = dataclasses.replace(one, x=4)
    assert (other.x, other.note) == (4, "n")
    assert dataclasses.asdict(other) == {"x": 4, "y": 1.5, "tags": {}, "hidden": "", "note": "n"}
    assert kinds.Point.__match_args__ == ("x", "y", "tags", "hidden", "note")


def test_over_the_wire_and_back(kinds: SimpleNamespace) -> None:
    one = kinds.Point(3, tags={"a": "b"})
    document = msgspec.to_builtins(one)
    assert document == {"x": 3, "y": 1.5, "tags": {"a": "b"}, "hidden": "", "note": None}
    assert msgspec.convert({"x": 3, "tags": {"a": "b"}}, kinds.Point) == one
    with pytest.raises(msgspec.ValidationError, match="x"):
        msgspec.convert({"x": "three"}, kinds.Point)
    with pytest.raises(msgspec.ValidationError, match="upside down"):
        msgspec.convert({"low": 2, "high": 1}, kinds.Checked)


def test_copies(kinds: SimpleNamespace) -> None:
    one = kinds.Point(3, tags={"a": "b"})
    assert copy.copy(one) == one
    assert copy.deepcopy(one) == one
    assert copy.deepcopy(one).tags is not one.tags


def test_anything_else_is_the_standard_librarys(kinds: SimpleNamespace) -> None:
    assert kinds.Ordered(1) < kinds.Ordered(2)
    one = kinds.Changing()
    one.x = 5
    assert one == kinds.Changing(5)
    assert kinds.Plain() == kinds.Plain(0)
