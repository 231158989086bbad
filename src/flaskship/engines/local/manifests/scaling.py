"""HorizontalPodAutoscalers, PodDisruptionBudgets and PriorityClasses."""

from dataclasses import replace
from typing import Any

from flaskship.engines.local.manifests.metadata import SELECTOR, document_rows
from flaskship.engines.local.manifests.scalars import (
    amount_or_percentage,
    byte_quantity,
    choice,
    cpu_quantity,
    integer,
    object_name,
    words,
)
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
from flaskship.engines.local.spec import Autoscaler, Budget
from flaskship.model.quantity import Quantity
from flaskship.rollout.autoscaling import DOWN, UP, Direction, Policy, Rules
from flaskship.rollout.metrics import Metric

_LONGEST_WINDOW, _LONGEST_PERIOD = 3600, 1800
_DEFAULT_TARGET = 80
_NOT_MEASURED = "only the cpu and memory of this machine's processes are measured"


def _target(found: Fields, _at: At) -> tuple[str, str]:
    return found["kind"], found["name"]


def _amount(value: Any, at: At) -> str | int | float:
    byte_quantity(value, at)
    result: str | int | float = value
    return result


def _metric_target(found: Fields, at: At) -> Fields:
    wanted = {"Utilization": "averageUtilization", "AverageValue": "averageValue"}.get(found["type"])
    if wanted is None:
        raise at.child("type").error("a resource has a target of type Utilization or AverageValue")
    if wanted not in found or len(found) != 2:
        raise at.error(f"{found['type']} wants {wanted}, and nothing else")
    return found


def _resource(found: Fields, at: At) -> Metric:
    name, target = found["name"], found["target"]
    kind = target["type"]
    amount = target.get("averageUtilization")
    if kind == "AverageValue":
        place = at.child("target").child("averageValue")
        parse = cpu_quantity if name == "cpu" else byte_quantity
        amount = parse(target["averageValue"], place)
        if amount < 1:
            raise place.error("must be greater than 0")
    return Metric(name, kind, amount, found.get("container", ""))


_RESOURCE_ROWS = {
    "name": required(choice("cpu", "memory")),
    "target": required(
        Record(
            _metric_target,
            {
                "type": required(choice("Utilization", "AverageValue", "Value")),
                "averageUtilization": honoured(integer(1), "percent of the containers' requests"),
                "averageValue": honoured(_amount),
            },
        )
    ),
}


def _metric(found: Fields, at: At) -> Metric | None:
    """Return the metric; None for one that nothing here measures."""
    given = {"Resource": "resource", "ContainerResource": "containerResource"}.get(found["type"])
    if given is None:
        at.report("ignored", _NOT_MEASURED)
        return None
    if given not in found:
        raise at.child(given).error("is missing")
    metric: Metric = found[given]
    return metric


METRIC = Record(
    _metric,
    {
        "type": required(choice("Resource", "ContainerResource", "Pods", "Object", "External")),
        "resource": honoured(Record(_resource, _RESOURCE_ROWS)),
        "containerResource": honoured(
            Record(_resource, {**_RESOURCE_ROWS, "container": required(object_name)})
        ),
        "pods": ignored(_NOT_MEASURED),
        "object": ignored(_NOT_MEASURED),
        "external": ignored(_NOT_MEASURED),
    },
)


def _policy(found: Fields, _at: At) -> Policy:
    return Policy(found["type"], found["value"], found["periodSeconds"])


POLICY = Record(
    _policy,
    {
        "type": required(choice("Pods", "Percent")),
        "value": required(integer(1)),
        "periodSeconds": required(integer(1, _LONGEST_PERIOD)),
    },
)


def _tolerance(value: Any, at: At) -> float:
    byte_quantity(value, at)
    return Quantity.parse(value).nano / 10**9


def _direction(found: Fields, at: At) -> Fields:
    if "policies" in found and not found["policies"]:
        raise at.child("policies").error("is empty: one policy at least is expected")
    return found


DIRECTION = Record(
    _direction,
    {
        "stabilizationWindowSeconds": honoured(integer(0, _LONGEST_WINDOW)),
        "policies": honoured(ListOf(POLICY)),
        "selectPolicy": honoured(choice("Max", "Min", "Disabled")),
        "tolerance": honoured(_tolerance),
    },
)


def _behaviour(found: Fields, _at: At) -> tuple[Direction, Direction]:
    return _completed(found.get("scaleUp", {}), UP), _completed(found.get("scaleDown", {}), DOWN)


def _completed(found: Fields, default: Direction) -> Direction:
    return replace(
        default,
        window=found.get("stabilizationWindowSeconds", default.window),
        policies=found.get("policies", default.policies),
        select=found.get("selectPolicy", default.select),
        tolerance=found.get("tolerance", default.tolerance),
    )


BEHAVIOUR = Record(_behaviour, {"scaleUp": honoured(DIRECTION), "scaleDown": honoured(DIRECTION)})


def _hpa_spec(found: Fields, at: At) -> Fields:
    if found.get("minReplicas", 1) > found["maxReplicas"]:
        raise at.child("minReplicas").error(f"is more than maxReplicas ({found['maxReplicas']})")
    return found


def _autoscaler(found: Fields, _at: At) -> Autoscaler:
    spec = found["spec"]
    _kind, workload = spec["scaleTargetRef"]
    metrics: list[Metric] = [one for one in spec.get("metrics", ()) if one]
    percent = spec.get("targetCPUUtilizationPercentage")
    if percent is not None or "metrics" not in spec:
        metrics.append(Metric("cpu", "Utilization", percent or _DEFAULT_TARGET))
    up, down = spec.get("behavior", (UP, DOWN))
    rules = Rules(spec.get("minReplicas", 1), spec["maxReplicas"], tuple(metrics), up, down)
    return Autoscaler(found["metadata"].name, workload, rules)


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
        "minReplicas": honoured(integer(1)),
        "maxReplicas": required(integer(1)),
        "metrics": honoured(ListOf(METRIC), "looked at every 15 s, with a tolerance of 10 %"),
        "behavior": honoured(BEHAVIOUR),
        "targetCPUUtilizationPercentage": honoured(integer(1), "of autoscaling/v1"),
    },
)
AUTOSCALER = Record(_autoscaler, document_rows({"spec": required(_SPEC)}))


def _budget_spec(found: Fields, at: At) -> Fields:
    if "minAvailable" in found and "maxUnavailable" in found:
        raise at.error("minAvailable and maxUnavailable exclude each other")
    return found


def _budget(found: Fields, _at: At) -> Budget:
    spec = found["spec"]
    return Budget(
        found["metadata"].name, spec["selector"], spec.get("minAvailable"), spec.get("maxUnavailable")
    )


_RESTART = "of a restart; scaling and deploys go by the strategy, as in Kubernetes"
BUDGET = Record(
    _budget,
    document_rows(
        {
            "spec": required(
                Record(
                    _budget_spec,
                    {
                        "selector": required(SELECTOR),
                        "minAvailable": honoured(amount_or_percentage, _RESTART),
                        "maxUnavailable": honoured(amount_or_percentage, _RESTART),
                        "unhealthyPodEvictionPolicy": ignored(
                            "as AlwaysAllow: a replica that is not ready may be replaced"
                        ),
                    },
                )
            )
        }
    ),
)


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
