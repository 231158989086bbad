"""An SVG that grows by boxes, lines and words: always the same bytes, light and dark, text as text."""

from collections.abc import Iterable
from html import escape

# Hundredths of the size, from space to tilde in DejaVu Sans, the widest of the usual fonts.
_WIDTHS = (
    "32 40 46 84 64 95 78 27 39 39 50 84 32 36 32 34 64 64 64 64 64 64 64 64 64 64 34 34 84 84 84 53 "
    "100 68 69 70 77 63 58 77 75 29 29 66 56 86 75 79 60 79 69 63 61 73 68 99 69 61 69 39 34 39 84 50 "
    "50 61 63 55 63 62 35 63 63 28 28 58 28 97 63 61 63 63 41 52 39 63 59 82 59 59 52 64 34 64 84"
)
_WIDTH = {chr(32 + index): int(width) for index, width in enumerate(_WIDTHS.split())}
BOLD = 1.14

# Fill or line of each thing by day and by night.
_COLOURS = {
    "page": ("#ffffff", "#0d1117"),
    "panel": ("#f6f8fa", "#161b22"),
    "card": ("#ffffff", "#1c232c"),
    "ink": ("#1f2328", "#e6edf3"),
    "soft": ("#57606a", "#9da7b3"),
    "line": ("#8c959f", "#6e7681"),
    "network": ("#7d3cff", "#a67dff"),
    "public": ("#4d8a17", "#7fbf3f"),
    "private": ("#0b6fc2", "#58a6ff"),
    "compute": ("#c25500", "#ff9d4d"),
    "data": ("#a51ab3", "#e07be8"),
    "security": ("#c4233b", "#ff7b8a"),
    "watch": ("#b81568", "#ff7eb6"),
    "delivery": ("#0f7b6c", "#4cc9b4"),
}
FONT = "Helvetica, Arial, 'DejaVu Sans', sans-serif"


def width_of(text: str, size: float, bold: bool = False) -> float:
    """Return how wide a text is at most."""
    wide = sum(_WIDTH.get(letter, 84) for letter in text) * size / 100
    return wide * BOLD if bold else wide


def wrapped(text: str, size: float, width: float, bold: bool = False) -> list[str]:
    """Return the text in lines that fit; a word that does not is broken at its marks, then anywhere."""
    lines: list[str] = []
    for word in text.split():
        tried = f"{lines[-1]} {word}" if lines else word
        if lines and width_of(tried, size, bold) <= width:
            lines[-1] = tried
            continue
        lines.extend(_broken(word, size, width, bold))
    return lines or [""]


def _broken(word: str, size: float, width: float, bold: bool) -> Iterable[str]:
    while width_of(word, size, bold) > width:
        fits = len(word)
        while fits > 1 and width_of(word[:fits], size, bold) > width:
            fits -= 1
        at = max(word.rfind(mark, 1, fits) for mark in "/-,.:@") + 1
        yield word[: at or fits]
        word = word[at or fits :]
    yield word


def _style() -> str:
    def rules(night: int) -> str:
        return "".join(
            f".{name}-f{{fill:{pair[night]}}}.{name}-s{{stroke:{pair[night]}}}"
            for name, pair in _COLOURS.items()
        )

    return f"<style>{rules(0)}@media (prefers-color-scheme:dark){{{rules(1)}}}</style>"


class Canvas:
    """Collects what is drawn, in order; every text that is put down is known to fit where it was put."""

    def __init__(self, name: str, title: str, description: str) -> None:
        self._name, self._title, self._description = name, title, description
        self._parts: list[str] = []
        self.labels: list[tuple[float, float, float, float, str]] = []
        """Left, top, right, bottom and text of each text, for whoever checks that none lies on another."""

    def box(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        *,
        fill: str = "card",
        stroke: str = "line",
        thick: float = 1,
        round_: float = 6,
        dashed: bool = False,
        tint: float = 1,
    ) -> None:
        """Draw a rectangle."""
        dashes = ' stroke-dasharray="6 4"' if dashed else ""
        faint = f' fill-opacity="{_n(tint)}"' if tint != 1 else ""
        self._parts.append(
            f'<rect class="{fill}-f {stroke}-s" x="{_n(x)}" y="{_n(y)}" width="{_n(width)}"'
            f' height="{_n(height)}" rx="{_n(round_)}" stroke-width="{_n(thick)}"{dashes}{faint}/>'
        )

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float = 12,
        bold: bool = False,
        colour: str = "ink",
        anchor: str = "start",
    ) -> None:
        """Write a line whose foot is at y."""
        weight = ' font-weight="bold"' if bold else ""
        middle = f' text-anchor="{anchor}"' if anchor != "start" else ""
        self._parts.append(
            f'<text class="{colour}-f" x="{_n(x)}" y="{_n(y)}" font-size="{_n(size)}"{weight}{middle}>'
            f"{escape(text, quote=False)}</text>"
        )
        wide = width_of(text, size, bold)
        left = x - {"start": 0.0, "middle": wide / 2, "end": wide}[anchor]
        self.labels.append((left, y - size * 0.8, left + wide, y + size * 0.22, text))

    def lines(
        self,
        x: float,
        y: float,
        texts: Iterable[str],
        width: float,
        *,
        size: float = 11,
        colour: str = "soft",
        bold: bool = False,
    ) -> float:
        """Write lines from above, wrapped; return the y below the last one."""
        for text in texts:
            for line in wrapped(text, size, width, bold):
                self.text(x, y + size, line, size=size, colour=colour, bold=bold)
                y += size * 1.36
        return y

    def badge(self, x: float, y: float, letters: str, colour: str, size: float = 26) -> None:
        """Draw a small square with letters, where others draw an icon."""
        self.box(x, y, size, size, fill=colour, stroke=colour, round_=5)
        letter = min(11.0, (size - 4) / max(width_of(letters, 1, True), 0.1))
        self.text(
            x + size / 2,
            y + size / 2 + letter * 0.36,
            letters,
            size=round(letter, 1),
            bold=True,
            colour="page",
            anchor="middle",
        )

    def arrow(
        self,
        points: Iterable[tuple[float, float]],
        *,
        colour: str = "ink",
        dashed: bool = False,
        heads: str = "end",
        thick: float = 1.5,
    ) -> None:
        """Draw a line through points, with a head at its end, or none."""
        path = "M" + "L".join(f"{_n(x)} {_n(y)}" for x, y in points)
        dashes = ' stroke-dasharray="5 4"' if dashed else ""
        head = f' marker-end="url(#{self._name}-{colour})"' if heads == "end" else ""
        self._parts.append(
            f'<path class="{colour}-s" d="{path}" fill="none" stroke-width="{_n(thick)}"{dashes}{head}/>'
        )

    def tag(self, x: float, y: float, text: str, *, colour: str = "ink", size: float = 11) -> None:
        """Write a label on a line: the middle is at x and y, and the line is hidden below it."""
        wide = width_of(text, size, True) + 8
        self.box(x - wide / 2, y - size * 0.75, wide, size * 1.5, fill="page", stroke="page", round_=3)
        self.text(x, y + size * 0.36, text, size=size, bold=True, colour=colour, anchor="middle")

    def svg(self, width: float, height: float) -> str:
        """Return the whole picture."""
        heads = "".join(
            f'<marker id="{self._name}-{name}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7"'
            f' markerHeight="7" orient="auto"><path class="{name}-f" d="M0 0L10 5L0 10Z"/></marker>'
            for name in _COLOURS
            if any(f"#{self._name}-{name})" in part for part in self._parts)
        )
        return "\n".join(
            [
                f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_n(width)} {_n(height)}"'
                f' width="{_n(width)}" height="{_n(height)}" font-family="{FONT}" role="img"'
                f' aria-labelledby="{self._name}-title {self._name}-desc">',
                f'<title id="{self._name}-title">{escape(self._title)}</title>',
                f'<desc id="{self._name}-desc">{escape(self._description)}</desc>',
                _style(),
                f"<defs>{heads}</defs>",
                f'<rect class="page-f" width="{_n(width)}" height="{_n(height)}"/>',
                *self._parts,
                "</svg>",
                "",
            ]
        )


def _n(value: float) -> str:
    """Return a number as short as it can be written, to a tenth."""
    return f"{value:.1f}".rstrip("0").rstrip(".")
