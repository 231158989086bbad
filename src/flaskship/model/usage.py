"""What a replica uses."""

from flaskship.model.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Use:
    """Of one replica's main container, over the time of looking: processor on average, memory at its most."""

    cpu_milli: float
    memory_bytes: int
