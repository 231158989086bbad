"""Cards: a badge, a title and lines, as high as their words need."""

from collections.abc import Sequence
from dataclasses import dataclass

from flaskship.aws.diagrams.canvas import Canvas, wrapped

SIZE, PAD, HEAD = 11, 12, 42
LINE = SIZE * 1.36


@dataclass(frozen=True, slots=True)
class Card:
    """What a card says: letters of its badge, colour, title, a remark beside it, lines."""

    letters: str
    colour: str
    title: str
    remark: str
    lines: tuple[str, ...]
    dashed: bool = False

    def height(self, width: float) -> float:
        """Return how high it is when it is so wide."""
        count = sum(len(wrapped(line, SIZE, width - 2 * PAD)) for line in self.lines)
        return HEAD + count * LINE + (PAD if count else 4)

    def draw(self, canvas: Canvas, x: float, y: float, width: float, height: float = 0) -> float:
        """Draw it; return the y below it."""
        high = max(height, self.height(width))
        canvas.box(x, y, width, high, stroke=self.colour, dashed=self.dashed, thick=1.3)
        canvas.badge(x + 8, y + 8, self.letters, self.colour)
        canvas.text(x + 42, y + 26, self.title, size=13, bold=True)
        if self.remark:
            canvas.text(x + width - PAD, y + 26, self.remark, size=10.5, colour="soft", anchor="end")
        canvas.lines(x + PAD, y + HEAD, self.lines, width - 2 * PAD, size=SIZE)
        return y + high


def draw_row(canvas: Canvas, cards: Sequence[Card], x: float, y: float, width: float, gap: float) -> float:
    """Draw cards side by side, all as high as the highest; return the y below them."""
    each = (width - gap * (len(cards) - 1)) / len(cards)
    high = max(card.height(each) for card in cards)
    for index, card in enumerate(cards):
        card.draw(canvas, x + index * (each + gap), y, each, high)
    return y + high
