"""One revision as it runs here: the parsed manifests, its configurations and its images."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from flaskship.engines.local.spec import Configuration, Deployment, Job, LocalRelease
from flaskship.model.release import Release

KeyOf = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Generation:
    """Old replicas keep the generation that they were made from, its ConfigMaps and Secrets included."""

    number: int
    release: Release
    spec: LocalRelease
    configurations: Mapping[KeyOf, Configuration] = field(repr=False)

    def workload(self, name: str) -> Deployment | None:
        """Return the Deployment of that name."""
        return next((one for one in self.spec.deployments if one.name == name), None)

    def image(self, reference: str) -> str | None:
        """Return the id of the local image that serves a reference of the manifests."""
        return self.release.images.get(reference)

    def template_key(self, workload: Deployment | Job, stamp: str = "") -> str:
        """Return what tells replicas apart: the pod template, the images' content and a restart's stamp."""
        template = workload.template
        every = (*template.init_containers, *template.containers)
        content = [template.hash, stamp, *(self.image(c.image) or "" for c in every)]
        return hashlib.sha256("\n".join(content).encode()).hexdigest()[:10]
