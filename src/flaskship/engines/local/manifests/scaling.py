"""HorizontalPodAutoscalers and PriorityClasses."""

from flaskship.engines.local.manifests.metadata import document_rows
from flaskship.engines.local.manifests.scalars import integer, object_name, words
from flaskship.engines.local.manifests.table import (
    At,
    Fields,
    Record,
    Row,
    emulated,
    ignored,
    required,
)
from flaskship.engines.local.spec import Autoscaler

_MINIMUM = "the minimum runs; nothing is measured yet"


def _target(found: Fields, _at: At) -> tuple[str, str]:
    return found["kind"], found["name"]


def _hpa_spec(found: Fields, at: At) -> Fields:
    if found.get("minReplicas", 1) > found["maxReplicas"]:
        raise at.child("minReplicas").error(f"is more than maxReplicas ({found['maxReplicas']})")
    return found


def _autoscaler(found: Fields, _at: At) -> Autoscaler:
    spec = found["spec"]
    _kind, workload = spec["scaleTargetRef"]
    return Autoscaler(found["metadata"].name, workload, spec.get("minReplicas", 1), spec["maxReplicas"])


_SPEC = Record(
    _hpa_spec,
    {
        "scaleTargetRef": required(
            Record(
                _target,
                {
                    "kind": required(words),
                    "name": required(object_name),
                    "apiVersion": ignored("name decides"),
                },
            )
        ),
        "minReplicas": emulated(integer(1), _MINIMUM),
        "maxReplicas": Row("emulated", integer(1), _MINIMUM, required=True),
        "metrics": ignored(_MINIMUM),
        "behavior": ignored(_MINIMUM),
        "targetCPUUtilizationPercentage": ignored(_MINIMUM),
    },
)
AUTOSCALER = Record(_autoscaler, document_rows({"spec": required(_SPEC)}))


def _priority(found: Fields, _at: At) -> tuple[str, int]:
    return found["metadata"].name, found["value"]


PRIORITY_CLASS = Record(
    _priority,
    document_rows(
        {
            "value": Row("emulated", integer(), "the order in which replicas start", required=True),
            "globalDefault": ignored("replicas without a class start last"),
            "description": ignored("for people"),
            "preemptionPolicy": ignored("no replica makes room for another"),
        }
    ),
)
