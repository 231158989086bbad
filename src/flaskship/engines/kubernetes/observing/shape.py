"""What the objects of a cluster have in common, and how one is parsed: once, at the border.

A field that is absent or null has its default: an older or newer API server is read all the same.
"""

from datetime import datetime
from typing import Any, TypeVar

import msgspec

from flaskship.model.errors import FlaskshipError


class Shape(msgspec.Struct, frozen=True, rename="camel"):
    """What all of them are: immutable, with Kubernetes' own spelling of the fields."""


class Owner(Shape, frozen=True):
    """The object that made this one."""

    uid: str = ""
    kind: str = ""
    name: str = ""
    controller: bool = False


class Meta(Shape, frozen=True):
    """What every object has."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    generation: int = 0
    creation_timestamp: datetime | None = None
    deletion_timestamp: datetime | None = None
    labels: dict[str, str] = msgspec.field(default_factory=dict)
    annotations: dict[str, str] = msgspec.field(default_factory=dict)
    owner_references: tuple[Owner, ...] = ()

    @property
    def created_at(self) -> float:
        """Return when it was made, in Unix seconds; whole ones, as the cluster keeps it."""
        return unix(self.creation_timestamp) or 0.0


class Written(Shape, frozen=True):
    """The fields of an object that one of its writers has; of them only whether the spec is among them."""

    spec: dict[str, Any] | None = msgspec.field(default=None, name="f:spec")


class ManagedFields(Shape, frozen=True):
    """What one writer of an object has written of it, and when it last changed some of it."""

    time: datetime | None = None
    fields_v1: Written = msgspec.field(default=Written(), name="fieldsV1")


class WorkloadMeta(Meta, frozen=True):
    """What every workload has: also who wrote it."""

    managed_fields: tuple[ManagedFields, ...] = ()

    @property
    def specified_at(self) -> float:
        """Return when somebody last changed the spec, in whole seconds; 0 where the cluster does not say."""
        times = [unix(one.time) or 0.0 for one in self.managed_fields if one.fields_v1.spec is not None]
        return max(times, default=0.0)


class Condition(Shape, frozen=True):
    """One condition of a status."""

    type: str = ""
    status: str = ""
    reason: str = ""
    message: str = ""
    last_transition_time: datetime | None = None
    last_update_time: datetime | None = None


K = TypeVar("K", bound=Shape)


def parse(shape: type[K], document: Any) -> K:
    """Return the object; one that makes no sense is named with the field."""
    try:
        return msgspec.convert(_without_nulls(document), shape, strict=False)
    except msgspec.ValidationError as error:
        name = (
            ((document or {}).get("metadata") or {}).get("name", "?") if isinstance(document, dict) else "?"
        )
        raise FlaskshipError(
            f"the cluster sent a {shape.__name__} {name} that cannot be understood: {error}"
        ) from None


def unix(moment: datetime | None) -> float | None:
    """Return Unix seconds."""
    return moment.timestamp() if moment is not None else None


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(one) for key, one in value.items() if one is not None}
    if isinstance(value, list | tuple):
        return [_without_nulls(one) for one in value if one is not None]
    return value
