"""PNGs of pictures: made by resvg, each with the digest of the SVG that it was made from."""

import hashlib
import struct
import zlib
from collections.abc import Iterator

from flaskship.model.errors import PreflightError

KEY = b"Flaskship-SVG"
SIGNATURE = b"\x89PNG\r\n\x1a\n"
ZOOM = 1.25


def rasterise(svg: str) -> bytes:
    """Return the picture as a PNG by day; PreflightError where the library is not there."""
    try:
        import resvg_py
    except ImportError as error:
        raise PreflightError(
            "PNGs are made by resvg, which is not installed here", hint="pip install 'flaskship[pictures]'"
        ) from error
    made = bytes(resvg_py.svg_to_bytes(svg_string=svg, zoom=ZOOM, sans_serif_family="DejaVu Sans"))
    header = made.index(b"IDAT") - 4
    return made[:header] + _chunk(b"tEXt", KEY + b"\0" + digest_of(svg).encode()) + made[header:]


def digest_of(svg: str) -> str:
    """Return what a PNG of this SVG carries."""
    return hashlib.sha256(svg.encode()).hexdigest()


def drawn_from(png: bytes) -> str | None:
    """Return the digest that a PNG carries; None where it is no PNG or carries none."""
    for kind, data in _chunks(png):
        if kind == b"tEXt" and data.startswith(KEY + b"\0"):
            return data[len(KEY) + 1 :].decode("ascii", "replace")
    return None


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(SIGNATURE)
    while png.startswith(SIGNATURE) and at + 12 <= len(png):
        (size,) = struct.unpack(">I", png[at : at + 4])
        if at + 12 + size > len(png):
            return
        yield png[at + 4 : at + 8], png[at + 8 : at + 8 + size]
        at += 12 + size
