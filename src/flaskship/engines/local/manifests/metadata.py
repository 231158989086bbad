"""What every object says of itself, and which objects a selector takes."""

from collections.abc import Mapping
from dataclasses import field

from flaskship.engines.local.manifests.scalars import choice, object_name, text, text_list, text_map, words
from flaskship.engines.local.manifests.table import (
    At,
    Fields,
    ListOf,
    Record,
    Row,
    honoured,
    ignored,
    required,
)
from flaskship.engines.local.selectors import Requirement, Selector
from flaskship.model.frozen import dataclass

APPLICATION_LABEL = "app.kubernetes.io/name"
HOOK = "helm.sh/hook"
STATUS = ignored("written by an API server")


@dataclass(frozen=True, slots=True)
class Metadata:
    """The name, labels and annotations of an object."""

    name: str
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)

    @property
    def application(self) -> str:
        """Return the application that the object belongs to: its label, else its name."""
        return self.labels.get(APPLICATION_LABEL) or self.name

    @property
    def hook(self) -> str:
        """Return Helm's hook annotation, empty where the object is none."""
        return self.annotations.get(HOOK, "")


def _metadata(found: Fields, _at: At) -> Metadata:
    return Metadata(found["name"], found.get("labels", {}), found.get("annotations", {}))


METADATA = Record(
    _metadata,
    {
        "name": required(object_name),
        "labels": honoured(text_map, f"{APPLICATION_LABEL} names the application"),
        "annotations": honoured(text_map, f"{HOOK} marks a hook; others change nothing"),
        "namespace": honoured(text, "a part of names; nothing is isolated by it"),
        "creationTimestamp": ignored("written by an API server"),
        "finalizers": ignored("nothing waits for the end of an object"),
        "generateName": ignored("name counts"),
        "ownerReferences": ignored("the release owns its objects"),
    },
)


def document_rows(rows: Mapping[str, Row]) -> dict[str, Row]:
    """Return the rows of a whole document: what every object has, and its own."""
    return {
        "apiVersion": required(words, "with kind it chooses the table"),
        "kind": required(words, "with apiVersion it chooses the table"),
        "metadata": required(METADATA),
        **rows,
        "status": STATUS,
    }


def _requirement(found: Fields, at: At) -> Requirement:
    operator, values = found["operator"], found.get("values", ())
    if (operator in ("In", "NotIn")) != bool(values):
        raise at.child("values").error(
            f"{operator} wants {'values' if operator in ('In', 'NotIn') else 'none'}"
        )
    return Requirement(found["key"], operator, values)


def _selector(found: Fields, at: At) -> Selector:
    selector = Selector(found.get("matchLabels", {}), found.get("matchExpressions", ()))
    if not selector.labels and not selector.requirements:
        raise at.error("is empty: it would take every replica")
    return selector


SELECTOR = Record(
    _selector,
    {
        "matchLabels": honoured(text_map),
        "matchExpressions": honoured(
            ListOf(
                Record(
                    _requirement,
                    {
                        "key": required(words),
                        "operator": required(choice("In", "NotIn", "Exists", "DoesNotExist")),
                        "values": honoured(text_list),
                    },
                )
            )
        ),
    },
)
