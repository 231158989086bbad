"""What is applied, and what was."""

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from flaskship.model.frozen import dataclass
from flaskship.model.verdict import Outcome, Receipt, Verdict

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Provenance:
    """Who moved to a revision, why and from what; part of the release's metadata, never of a pod template."""

    actor: str
    reason: str = ""
    commit: str | None = None
    chart_digest: str = ""
    rolled_back_to: int | None = None
    undo: bool = True
    """Whether a failure goes back to the last healthy revision by itself."""


@dataclass(frozen=True, slots=True)
class ChartSource:
    """What the documents were rendered from, for an engine that installs through Helm.

    Either a chart's folder with the values given to it, or the revision in which Helm keeps both. A mixture
    has objects of another revision among that one's: it is applied as its documents are.
    """

    path: str = ""
    values: Mapping[str, Any] = field(default_factory=dict, repr=False)
    revision: int | None = None
    mixture: bool = False


@dataclass(frozen=True, slots=True)
class Release:
    """The rendered manifests of one environment with the digest of the image that each application gets."""

    environment: str
    name: str
    namespace: str
    documents: tuple[Document, ...] = field(repr=False)
    provenance: Provenance
    images: Mapping[str, str] = field(default_factory=dict)
    """Image reference as the manifests have it -> the digest (here: the local image's id) that serves it."""
    notes: str = ""
    chart: ChartSource | None = field(default=None, compare=False)
    """None where the engine runs the documents themselves; where it came from is not what a release is."""
    hooks: tuple[Document, ...] = field(default=(), repr=False, compare=False)
    """What Helm makes beside the documents, such as tests; none where a revision is written again."""


@dataclass(frozen=True, slots=True)
class Revision:
    """One entry of the history; at is in Unix seconds, images is by application."""

    number: int
    at: float
    provenance: Provenance
    outcome: Outcome | None = None
    verdict: Verdict | None = None
    receipt: Receipt | None = None
    images: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line that a replica wrote; at is when it was read."""

    application: str
    replica: str
    text: str
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to an object of an environment."""

    at: float
    object: str
    reason: str
    message: str
    type: str = "Normal"
