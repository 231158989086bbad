"""The fault matrix: what the user sees of each fault, how soon, and what it costs."""

from tests.faults.matrix import MATRIX, Entry
from tests.faults.results import Line, record
from tests.faults.town import Town


def test_the_matrix_is_large_enough() -> None:
    assert len(MATRIX) >= 30
    assert len({entry.name for entry in MATRIX}) == len(MATRIX)


async def test_a_fault_is_contained_and_told(built: Town, entry: Entry) -> None:
    seen = await entry.do(built)
    await built.clean()
    record(Line(entry.name, entry.title, seen, orphans=len(built.orphans())))
