"""Where a line of a rewritten text stands in the text as it still is."""

from difflib import SequenceMatcher

from flaskship.model.location import Location


def in_the_original(
    found: Location | None, aside: str, original: str, before: str, after: str
) -> Location | None:
    """Return the place in the original's text of one in the copy aside; line 0 for a new line."""
    if found is None or found.file != aside:
        return found
    matches = SequenceMatcher(None, before.splitlines(), after.splitlines(), autojunk=False)
    for block in matches.get_matching_blocks():
        if block.b <= found.line - 1 < block.b + block.size:
            return Location(original, block.a + found.line - block.b)
    return Location(original)
