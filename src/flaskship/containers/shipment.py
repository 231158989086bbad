"""What somebody asks of an image for a cluster, and what came of it."""

from dataclasses import field
from pathlib import Path
from typing import Literal

from flaskship.model.frozen import dataclass

Builder = Literal["docker", "podman", "buildah"]
BUILDERS: tuple[Builder, ...] = ("docker", "podman", "buildah")
Target = Literal["docker-desktop", "kind", "minikube", "k3s", "containerd"]
TARGETS: tuple[Target, ...] = ("docker-desktop", "kind", "minikube", "k3s", "containerd")

SOURCE_LABEL = "dev.flaskship.source"
"""The OCI label with the hash of what the image was made from."""


@dataclass(frozen=True, slots=True)
class Loading:
    """Into which cluster: its context, its kind where the user says it, and how its `ctr` is reached."""

    context: str | None = None
    into: Target | None = None
    ctr: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pushing:
    """To which repository; stamped: the tag ends in the source's hash, so that it never moves."""

    repository: str
    stamped: bool = False


@dataclass(frozen=True, slots=True)
class Shipment:
    """One image to build: where its source is, what people call it, and where it goes."""

    root: Path
    repository: str
    context: Path
    tags: tuple[str, ...]
    destination: Loading | Pushing
    builder: Builder | None = None
    options: tuple[str, ...] = ()
    """Further words of the builder's build command, such as a proxy or a certificate."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """An image that a registry has: the record that promotion looks for."""

    repository: str
    tag: str
    digest: str
    source: str
    at: float

    @property
    def reference(self) -> str:
        """The image by its digest, with its tag for people."""
        return f"{self.repository}:{self.tag}@{self.digest}"


@dataclass(frozen=True, slots=True)
class Shipped:
    """An image that was built: by whom, from what, and where it is now."""

    repository: str
    source: str
    builder: Builder
    names: tuple[str, ...]
    into: Target | None = None
    digests: tuple[str, ...] = ()
    """Digests under which a loaded image can be named, where its node told one."""
    pushed: tuple[Pushed, ...] = field(default=())
