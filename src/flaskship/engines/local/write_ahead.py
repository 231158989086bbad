"""The header of SQLite's write-ahead log, as SQLite reads it: where it is wrong, the log counts as empty.

The format is SQLite's "WAL File Format": a header of 32 bytes, synced before the first frame follows it.
"""

import struct
from pathlib import Path

HEADER = 32
SUMMED = 24
MAGIC = {0x377F0682: "<", 0x377F0683: ">"}
"""By the order of the bytes in which the checksums are computed."""
WORD = 1 << 32


def is_spoilt(log: Path) -> bool:
    """Tell whether frames stand in this log behind a header that is none; OSError as it is."""
    # Somebody else may begin the log anew just now: what is wrong stays wrong.
    return _is_spoilt(log) and _is_spoilt(log)


def _is_spoilt(log: Path) -> bool:
    try:
        with log.open("rb", buffering=0) as stream:
            start = stream.read(HEADER + 1)
    except FileNotFoundError:
        return False
    # Without a frame nothing is lost with it: whoever began the log died at once.
    return len(start) > HEADER and not _is_header(start[:HEADER])


def _is_header(header: bytes) -> bool:
    order = MAGIC.get(int.from_bytes(header[:4], "big"))
    if order is None:
        return False
    words = struct.unpack(f"{order}6I", header[:SUMMED])
    first = second = 0
    for one, other in zip(words[::2], words[1::2], strict=True):
        first = (first + one + second) % WORD
        second = (second + other + first) % WORD
    return (first, second) == struct.unpack(">2I", header[SUMMED:])
