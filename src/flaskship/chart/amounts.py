"""Amounts of memory as people write them, and as Kubernetes reads them."""

import re

_PEOPLE = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?([kKmMgGtT])[iI]?[bB]?")


def meant(text: str) -> str | None:
    """What Kubernetes would read as the amount of memory that a text most likely means: 512mb as 512Mi."""
    found = _PEOPLE.fullmatch(text.strip())
    return f"{found[1]}{found[2].upper()}i" if found else None
