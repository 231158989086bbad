"""Jobs, and the Pods that Helm runs as tests."""

from dataclasses import replace

from flaskship.engines.local.manifests.metadata import Metadata, document_rows
from flaskship.engines.local.manifests.pods import POD, TEMPLATE, require_volumes, template_hash, template_of
from flaskship.engines.local.manifests.scalars import integer
from flaskship.engines.local.manifests.table import (
    At,
    Fields,
    Record,
    Row,
    emulated,
    honoured,
    ignored,
    required,
)
from flaskship.engines.local.spec import Job, PodTemplate

_SIMPLE = "a Job ends when its completions are reached"


def _job_spec(found: Fields, at: At) -> Fields:
    template: PodTemplate = found["template"]
    if template.restart_policy == "Always":
        raise at.child("template.spec.restartPolicy").error("must be OnFailure or Never")
    require_volumes(template, at.child("template"))
    return found


def _job(found: Fields, _at: At) -> Job:
    metadata: Metadata = found["metadata"]
    spec = found["spec"]
    return Job(
        name=metadata.name,
        application=metadata.application,
        template=spec["template"],
        backoff_limit=spec.get("backoffLimit", 6),
        active_deadline=spec.get("activeDeadlineSeconds"),
        completions=spec.get("completions", 1),
        parallelism=spec.get("parallelism", 1),
        hook=metadata.hook,
    )


_IGNORED = {
    "ttlSecondsAfterFinished": "a finished Job goes with its release",
    "suspend": "a Job runs when it is applied",
    "selector": "a Job finds its replicas by itself",
    "manualSelector": "a Job finds its replicas by itself",
    "completionMode": _SIMPLE,
    "backoffLimitPerIndex": _SIMPLE,
    "maxFailedIndexes": _SIMPLE,
    "podFailurePolicy": _SIMPLE,
    "successPolicy": _SIMPLE,
    "podReplacementPolicy": _SIMPLE,
    "managedBy": "this engine runs it",
}
JOB = Record(
    _job,
    document_rows(
        {
            "spec": required(
                Record(
                    _job_spec,
                    {
                        "template": required(TEMPLATE),
                        "backoffLimit": honoured(integer(0)),
                        "activeDeadlineSeconds": honoured(integer(1)),
                        "completions": honoured(integer(0)),
                        "parallelism": honoured(integer(0)),
                        **{name: ignored(note) for name, note in _IGNORED.items()},
                    },
                )
            )
        }
    ),
)


def _pod(found: Fields, at: At) -> Job | None:
    metadata: Metadata = found["metadata"]
    if not metadata.hook.startswith("test"):
        at.report("ignored", "a Pod without a workload is not run here")
        return None
    template = template_of(found["spec"], metadata.labels, metadata.annotations)
    if template.restart_policy == "Always":
        template = replace(template, restart_policy="Never")
    template = replace(template, hash=template_hash({"pod": repr(template)}))
    require_volumes(template, at)
    return Job(metadata.name, metadata.application, template, backoff_limit=0, hook=metadata.hook)


_POD_ROWS: dict[str, Row] = {
    "spec": replace(emulated(POD, "a Helm test is run as a Job, any other Pod is not run"), required=True)
}
TEST_POD = Record(_pod, document_rows(_POD_ROWS))
