"""How far one word is from another, in slips of the hand."""

from collections.abc import Iterable

LETTERS_PER_SLIP = 4
MOST_SLIPS = 2
LONGEST = 100
"""Nobody mistypes a longer word: comparing one takes minutes."""


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that this one is a slip or two away from; short words bear fewer, none of itself."""
    allowed = min(MOST_SLIPS, len(word) // LETTERS_PER_SLIP)
    if len(word) > LONGEST:
        return None
    close = (one for one in known if one != word and abs(len(one) - len(word)) <= allowed)
    found = sorted((slips(word, one), one) for one in close)
    return found[0][1] if found and found[0][0] <= allowed else None


def slips(one: str, other: str) -> int:
    """How many letters added, left out, mistaken, or swapped with a neighbour lead from one to the other."""
    older: list[int] = []
    above = list(range(len(other) + 1))
    for row, letter in enumerate(one, start=1):
        line = [row]
        for column, wanted in enumerate(other, start=1):
            best = min(above[column] + 1, line[-1] + 1, above[column - 1] + (letter != wanted))
            swapped = row > 1 and column > 1 and letter == other[column - 2] and one[row - 2] == wanted
            line.append(min(best, older[column - 2] + 1) if swapped else best)
        older, above = above, line
    return above[-1]
