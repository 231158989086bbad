"""SQLite's write-ahead log, as SQLite reads it: up to the first frame that is none, and in silence.

The format is SQLite's "WAL File Format": a header of 32 bytes, and frames of 24 and one page. A checksum runs
on from the header to the last frame, and every frame repeats the header's salts, which a log that begins anew
changes. What ends a log by nature is the end of the file, a frame of an earlier round, or a transaction that
was never committed. What SQLite counted as committed stands in the index beside it (-shm), which outlives a
kill. A power cut takes what was not waited for (State._on_disk): it may be told here as well, and is a loss.
"""

import struct
from collections.abc import Iterator
from pathlib import Path

HEADER = 32
SUMMED = 24
FRAME = 24
MAGIC = {0x377F0682: "<", 0x377F0683: ">"}
"""By the order of the bytes in which the checksums are computed."""
WORD = 0xFFFFFFFF
INDEX = struct.Struct("=3I2BHII8s8s8s")
"""Version, nothing, change, whether it is made, order, page size, frames, pages, sums, salts, own sums."""
IS_MADE, FRAMES, SALTS = 3, 6, 9

Sums = tuple[int, int]


def spoilt(log: Path) -> str | None:
    """Return what is wrong with this log in words, None where nothing is; OSError as it is."""
    # Somebody else may write to it just now: what is wrong stays wrong.
    return _spoilt(log) and _spoilt(log)


def _spoilt(log: Path) -> str | None:
    index = _read(log.with_name(f"{log.name.removesuffix('-wal')}-shm"), 2 * INDEX.size)
    content = memoryview(_read(log))
    # Without a frame nothing is lost with it: whoever began the log died at once.
    if len(content) <= HEADER:
        return None
    order = MAGIC.get(int.from_bytes(content[:4], "big"))
    first = _sums(order, content[:SUMMED]) if order else None
    if order is None or first is None or first != struct.unpack(">2I", content[SUMMED:HEADER]):
        return "its beginning is not one"
    read, lost = _committed(order, first, content)
    counted = _counted(index, bytes(content[16:24]))
    if lost or counted > read:
        return f"after {read} of {max(counted, lost)} frames"
    return None


def _committed(order: str, sums: Sums, content: memoryview) -> tuple[int, int]:
    """Return how many frames SQLite takes for committed, and the last committed one beyond its reach."""
    size = int.from_bytes(content[8:12], "big")
    frames = list(_frames(content, 65536 if size == 1 else size))
    salts, committed, number = content[16:24], 0, 0
    for number, (head, page) in enumerate(frames, 1):
        sums = _sums(order, page, _sums(order, head[:8], sums))
        if head[8:16] != salts or sums != _stored(head):
            break
        if _is_commit(head):
            committed = number
    else:
        return committed, 0
    # The next one may go on from the sums that this one should have, each other from those that stand there.
    for later in range(number, len(frames)):
        head, page = frames[later]
        before = {_stored(frames[later - 1][0]), *([sums] if later == number else [])}
        known = _is_commit(head) and head[8:16] == salts
        if known and any(_sums(order, page, _sums(order, head[:8], one)) == _stored(head) for one in before):
            return committed, later + 1
    return committed, 0


def _frames(content: memoryview, page: int) -> Iterator[tuple[memoryview, memoryview]]:
    for start in range(HEADER, len(content) - FRAME - page + 1, FRAME + page):
        yield content[start : start + FRAME], content[start + FRAME : start + FRAME + page]


def _is_commit(head: memoryview) -> bool:
    return bool(head[4] | head[5] | head[6] | head[7])


def _stored(head: memoryview) -> Sums:
    first, second = struct.unpack(">2I", head[16:24])
    return first, second


def _sums(order: str, data: memoryview, sums: Sums = (0, 0)) -> Sums:
    words = struct.unpack(f"{order}{len(data) // 4}I", data)
    first, second = sums
    for one, other in zip(words[::2], words[1::2], strict=True):
        first = (first + one + second) & WORD
        second = (second + other + first) & WORD
    return first, second


def _counted(index: bytes, salts: bytes) -> int:
    """Return how many frames of this round SQLite has committed; 0 where it does not say."""
    if len(index) < 2 * INDEX.size or index[: INDEX.size] != index[INDEX.size :]:
        return 0
    values = INDEX.unpack_from(index)
    sums = struct.pack("=2I", *_sums("=", memoryview(index)[: INDEX.size - 8]))
    if not values[IS_MADE] or values[SALTS] != salts or values[-1] != sums:
        return 0
    return int(values[FRAMES])


def _read(path: Path, most: int = -1) -> bytes:
    try:
        with path.open("rb", buffering=0) as stream:
            return stream.read(most)
    except FileNotFoundError:
        return b""
