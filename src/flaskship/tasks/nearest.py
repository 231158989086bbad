"""Names that look like what was typed."""

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that is closest to name, or None where nothing is close."""
    names = list(known)
    lowered = {candidate.lower(): candidate for candidate in names}
    exact = lowered.get(name.lower())
    if exact is not None:
        return exact
    inside = [
        candidate for candidate in names if candidate.endswith(f"-{name}") or name in candidate.split("-")
    ]
    if len(inside) == 1:
        return inside[0]
    close = get_close_matches(name.lower(), lowered, n=1, cutoff=0.5)
    return lowered[close[0]] if close else None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return the hint for an unknown name: the nearest one, or all there are."""
    names = sorted(known)
    guess = nearest(name, names)
    if guess is not None:
        return f"did you mean {guess!r}? Known: {', '.join(names)}"
    return f"known: {', '.join(names)}" if names else "there is none"
