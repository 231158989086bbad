"""One revision as it runs here: the parsed manifests, its configurations and its images."""

import hashlib
from collections.abc import Mapping
from dataclasses import field

from flaskship.engines.local.spec import Configuration, Deployment, Job, LocalRelease
from flaskship.model.frozen import dataclass
from flaskship.model.release import Release

KeyOf = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Generation:
    """Old replicas keep the generation that they were made from, its ConfigMaps and Secrets included."""

    number: int
    release: Release
    spec: LocalRelease
    configurations: Mapping[KeyOf, Configuration] = field(repr=False)

    def workload(self, name: str) -> Deployment | Job | None:
        """Return the Deployment or Job of that name."""
        every: tuple[Deployment | Job, ...] = (*self.spec.deployments, *self.jobs)
        return next((one for one in every if one.name == name), None)

    @property
    def jobs(self) -> tuple[Job, ...]:
        """Return the Jobs that run with the release: not those that a hook of Helm would start."""
        return tuple(job for job in self.spec.jobs if not job.hook)

    def image(self, reference: str) -> str | None:
        """Return the id of the local image that serves a reference of the manifests."""
        return self.release.images.get(reference)

    def template_key(self, workload: Deployment | Job, stamp: str = "") -> str:
        """Return what tells replicas apart: the pod template, the images' content and a restart's stamp."""
        template = workload.template
        every = (*template.init_containers, *template.containers)
        content = [template.hash, stamp, *(self.image(c.image) or "" for c in every)]
        return hashlib.sha256("\n".join(content).encode()).hexdigest()[:10]


def restart_mark(at: float, revision: int) -> str:
    """Return what tells the replicas of a restart from those before it."""
    return f"{at:.3f}@{revision}"


def asked_in(mark: str, revision: int) -> bool:
    """Tell whether this revision was restarted on purpose; the rollout of another one is no restart."""
    return mark.endswith(f"@{revision}")
