"""Where an environment lives on a cluster."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """An environment's release in its namespace."""

    environment: str
    release: str
    namespace: str
