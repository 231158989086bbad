import zlib

import pytest

from flaskship.aws.diagrams.png import SIGNATURE, digest_of, drawn_from, rasterise

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="4" height="2"><rect width="4" height="2"/></svg>'


def test_a_png_says_what_it_was_made_from() -> None:
    png = rasterise(SVG)
    assert drawn_from(png) == digest_of(SVG)
    assert digest_of(SVG) != digest_of(SVG + " ")


def test_it_is_a_png_whose_parts_are_whole() -> None:
    png, at = rasterise(SVG), len(SIGNATURE)
    kinds = []
    while at < len(png):
        size = int.from_bytes(png[at : at + 4], "big")
        kinds.append(png[at + 4 : at + 8])
        assert zlib.crc32(png[at + 4 : at + 8 + size]) == int.from_bytes(
            png[at + 8 + size : at + 12 + size], "big"
        )
        at += 12 + size
    assert kinds[0] == b"IHDR"
    assert kinds[-1] == b"IEND"
    assert kinds.count(b"tEXt") == 1


@pytest.mark.parametrize("content", [b"", b"GIF89a", SIGNATURE, rasterise(SVG)[:60]])
def test_what_says_nothing_was_drawn_from_nothing(content: bytes) -> None:
    assert drawn_from(content) is None
