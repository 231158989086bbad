"""Deployments, and the kinds that are run as one: Rollouts and StatefulSets."""

from dataclasses import replace
from typing import Any, Literal

from flaskship.engines.local.manifests.metadata import SELECTOR, Metadata, document_rows
from flaskship.engines.local.manifests.pods import TEMPLATE, require_volumes
from flaskship.engines.local.manifests.scalars import (
    amount_or_percentage,
    boolean,
    choice,
    integer,
    object_name,
    words,
)
from flaskship.engines.local.manifests.storage import VOLUME_CLAIM
from flaskship.engines.local.manifests.table import (
    At,
    Fields,
    ListOf,
    Record,
    Row,
    emulated,
    honoured,
    ignored,
    required,
)
from flaskship.engines.local.selectors import Selector
from flaskship.engines.local.spec import (
    Claim,
    Deployment,
    PodTemplate,
    Recreate,
    RollingUpdate,
    Volume,
    VolumeSource,
)
from flaskship.model.frozen import dataclass

Origin = Literal["Deployment", "Rollout", "StatefulSet"]
_AS_ROLLING = "run as a rolling update"
_NONE = (0, "0%")


@dataclass(frozen=True, slots=True)
class Workload:
    """A parsed workload: reference names the Deployment whose template a Rollout takes."""

    deployment: Deployment
    claims: tuple[Claim, ...] = ()
    reference: str | None = None


_PLACEHOLDER = PodTemplate(hash="", containers=())


def _rolling_update(found: Fields, at: At) -> RollingUpdate:
    update = RollingUpdate(found.get("maxSurge", "25%"), found.get("maxUnavailable", "25%"))
    if isinstance(update.max_unavailable, str) and int(update.max_unavailable[:-1]) > 100:
        raise at.child("maxUnavailable").error("more than 100% cannot be unavailable")
    if update.max_surge in _NONE and update.max_unavailable in _NONE:
        raise at.child("maxUnavailable").error("must not be 0 when maxSurge is 0: nothing could move")
    return update


_SURGE_ROWS: dict[str, Row] = {
    "maxSurge": honoured(amount_or_percentage, "a percentage is rounded up"),
    "maxUnavailable": honoured(amount_or_percentage, "a percentage is rounded down"),
}
ROLLING_UPDATE = Record(_rolling_update, _SURGE_ROWS)


def _strategy(found: Fields, at: At) -> RollingUpdate | Recreate:
    if found.get("type", "RollingUpdate") == "Recreate":
        if "rollingUpdate" in found:
            raise at.child("rollingUpdate").error("has no place beside type Recreate")
        return Recreate()
    update: RollingUpdate = found.get("rollingUpdate", RollingUpdate())
    return update


STRATEGY = Record(
    _strategy,
    {"type": honoured(choice("RollingUpdate", "Recreate")), "rollingUpdate": honoured(ROLLING_UPDATE)},
)


def _spec(found: Fields, at: At) -> Fields:
    deadline, min_ready = found.get("progressDeadlineSeconds", 600), found.get("minReadySeconds", 0)
    if deadline <= min_ready:
        raise at.child("progressDeadlineSeconds").error(f"must be greater than minReadySeconds ({min_ready})")
    if "template" in found:
        template: PodTemplate = found["template"]
        own = [claim.name for claim in found.get("volumeClaimTemplates", ())]
        require_volumes(template, at.child("template"), own)
        _require_selected(template, found["selector"], at)
        if template.restart_policy != "Always":
            raise at.child("template.spec.restartPolicy").error("must be Always")
    return found


def _require_selected(template: PodTemplate, selector: Selector, at: At) -> None:
    if not selector.takes(template.labels):
        raise at.child("template.metadata.labels").error(
            "do not match spec.selector",
            "Give the template every label that the selector names.",
        )


def _deployment(metadata: Metadata, spec: Fields, origin: Origin, strategy: Any) -> Deployment:
    return Deployment(
        name=metadata.name,
        application=metadata.application,
        template=spec.get("template", _PLACEHOLDER),
        replicas=spec.get("replicas", 1),
        strategy=strategy,
        min_ready=spec.get("minReadySeconds", 0),
        progress_deadline=spec.get("progressDeadlineSeconds", 600),
        history_limit=spec.get("revisionHistoryLimit", 10),
        paused=spec.get("paused", False),
        origin=origin,
    )


def _plain(found: Fields, _at: At) -> Workload:
    spec = found["spec"]
    deployment = _deployment(found["metadata"], spec, "Deployment", spec.get("strategy", RollingUpdate()))
    return Workload(deployment)


_COMMON: dict[str, Row] = {
    "replicas": honoured(integer(0)),
    "minReadySeconds": honoured(integer(0)),
    "revisionHistoryLimit": honoured(integer(0)),
}
DEPLOYMENT = Record(
    _plain,
    document_rows(
        {
            "spec": required(
                Record(
                    _spec,
                    {
                        **_COMMON,
                        "selector": required(SELECTOR),
                        "template": required(TEMPLATE),
                        "strategy": honoured(STRATEGY),
                        "progressDeadlineSeconds": honoured(integer(0)),
                        "paused": honoured(boolean),
                    },
                )
            )
        }
    ),
)


def _rollout_strategy(found: Fields, at: At) -> RollingUpdate:
    if len(found) != 1:
        raise at.error("exactly one of canary, blueGreen is expected")
    [update] = found.values()
    result: RollingUpdate = update
    return result


def _blue_green(_found: Fields, _at: At) -> RollingUpdate:
    return RollingUpdate()


_CANARY_IGNORED = (
    "abortScaleDownDelaySeconds",
    "analysis",
    "antiAffinity",
    "canaryMetadata",
    "canaryService",
    "dynamicStableScale",
    "minPodsPerReplicaSet",
    "pingPong",
    "replicaProgressThreshold",
    "scaleDownDelayRevisionLimit",
    "scaleDownDelaySeconds",
    "stableMetadata",
    "stableService",
    "steps",
    "trafficRouting",
)
_BLUE_GREEN_IGNORED = (
    "abortScaleDownDelaySeconds",
    "activeMetadata",
    "activeService",
    "antiAffinity",
    "autoPromotionEnabled",
    "autoPromotionSeconds",
    "maxUnavailable",
    "postPromotionAnalysis",
    "prePromotionAnalysis",
    "previewMetadata",
    "previewReplicaCount",
    "previewService",
    "scaleDownDelayRevisionLimit",
    "scaleDownDelaySeconds",
)
ROLLOUT_STRATEGY = Record(
    _rollout_strategy,
    {
        "canary": emulated(
            Record(
                _rolling_update,
                {**_SURGE_ROWS, **{name: ignored(_AS_ROLLING) for name in _CANARY_IGNORED}},
            ),
            _AS_ROLLING,
        ),
        "blueGreen": emulated(
            Record(_blue_green, {name: ignored(_AS_ROLLING) for name in _BLUE_GREEN_IGNORED}), _AS_ROLLING
        ),
    },
)


def _reference(found: Fields, at: At) -> str:
    if found["kind"] != "Deployment":
        raise at.child("kind").error(f"{found['kind']!r} is not supported here: Deployment is")
    name: str = found["name"]
    return name


def _rollout_spec(found: Fields, at: At) -> Fields:
    if ("template" in found) == ("workloadRef" in found):
        raise at.error("exactly one of template, workloadRef is expected")
    if "template" in found and "selector" not in found:
        raise at.child("selector").error("is missing")
    return _spec(found, at)


def _rollout(found: Fields, _at: At) -> Workload:
    spec = found["spec"]
    deployment = _deployment(found["metadata"], spec, "Rollout", spec.get("strategy", RollingUpdate()))
    return Workload(deployment, reference=spec.get("workloadRef"))


ROLLOUT = Record(
    _rollout,
    document_rows(
        {
            "spec": required(
                Record(
                    _rollout_spec,
                    {
                        **_COMMON,
                        "selector": honoured(SELECTOR),
                        "template": honoured(TEMPLATE),
                        "workloadRef": honoured(
                            Record(
                                _reference,
                                {
                                    "kind": required(words),
                                    "name": required(object_name),
                                    "apiVersion": ignored("kind decides"),
                                    "scaleDown": ignored("the Deployment itself is not run"),
                                },
                            )
                        ),
                        "strategy": emulated(ROLLOUT_STRATEGY, _AS_ROLLING),
                        "progressDeadlineSeconds": honoured(integer(0)),
                        "paused": honoured(boolean),
                        "progressDeadlineAbort": ignored("a failed deploy is undone by the deploy itself"),
                        "analysis": ignored(_AS_ROLLING),
                        "restartAt": ignored("flaskship restart does it"),
                        "rollbackWindow": ignored(_AS_ROLLING),
                    },
                )
            )
        }
    ),
)


def with_template(workload: Workload, source: Deployment) -> Workload:
    """Return the Rollout with the template of the Deployment that it refers to."""
    return replace(workload, deployment=replace(workload.deployment, template=source.template))


def _stateful_set(found: Fields, _at: At) -> Workload:
    metadata: Metadata = found["metadata"]
    spec = found["spec"]
    deployment = _deployment(metadata, spec, "StatefulSet", RollingUpdate(0, 1))
    own: tuple[Claim, ...] = spec.get("volumeClaimTemplates", ())
    claims = {claim.name: replace(claim, name=f"{claim.name}-{metadata.name}") for claim in own}
    volumes = tuple(Volume(name, (VolumeSource("Claim", name=claim.name),)) for name, claim in claims.items())
    kept = tuple(volume for volume in deployment.template.volumes if volume.name not in claims)
    template = replace(deployment.template, volumes=(*kept, *volumes))
    return Workload(replace(deployment, template=template), tuple(claims.values()))


STATEFUL_SET = Record(
    _stateful_set,
    document_rows(
        {
            "spec": required(
                Record(
                    _spec,
                    {
                        **_COMMON,
                        "selector": required(SELECTOR),
                        "template": required(TEMPLATE),
                        "volumeClaimTemplates": emulated(
                            ListOf(VOLUME_CLAIM), "one folder that all replicas share"
                        ),
                        "serviceName": ignored("replicas have no names of their own in DNS"),
                        "podManagementPolicy": ignored("replicas have no order"),
                        "updateStrategy": ignored("one replica at a time, in no order"),
                        "persistentVolumeClaimRetentionPolicy": ignored("down keeps data, --purge does not"),
                        "ordinals": ignored("replicas have no numbers"),
                    },
                )
            )
        }
    ),
)
