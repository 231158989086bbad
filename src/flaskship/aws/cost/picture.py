"""A picture of the months of several environments: a bar each, parted by stack; SVG, always the same."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from xml.sax.saxutils import escape

WIDTH, LEFT, RIGHT = 720, 90, 110
BAR, GAP, TOP, FOOT = 34, 18, 48, 46
# Told apart in print and by people who see few colours.
COLOURS = ("#1f4e79", "#2a9d8f", "#e9a23b", "#8d5a97", "#7f7f7f")


def draw(months: Mapping[str, Mapping[str, Decimal]], title: str, foot: str) -> str:
    """Return the picture of environment -> part -> cost, environments from above, parts from the left."""
    parts = list(dict.fromkeys(name for month in months.values() for name in month))
    colours = {name: COLOURS[index % len(COLOURS)] for index, name in enumerate(parts)}
    totals = {name: sum(month.values(), Decimal(0)) for name, month in months.items()}
    scale = (WIDTH - LEFT - RIGHT) / float(max((*totals.values(), Decimal(1))))
    height = TOP + len(months) * (BAR + GAP) + FOOT
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}"'
        f' height="{height}" font-family="sans-serif" font-size="13" role="img">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        *_legend(colours),
    ]
    for row, (name, month) in enumerate(months.items()):
        lines += _bar(name, month, totals[name], TOP + row * (BAR + GAP), scale, colours)
    lines.append(f'<text x="{LEFT}" y="{height - 16}" fill="#555555" font-size="11">{escape(foot)}</text>')
    return "\n".join([*lines, "</svg>", ""])


def _legend(colours: Mapping[str, str]) -> Iterator[str]:
    x = LEFT
    for name, colour in colours.items():
        yield f'<rect x="{x}" y="14" width="13" height="13" fill="{colour}"/>'
        yield f'<text x="{x + 19}" y="25">{escape(name)}</text>'
        x += 19 + 8 * len(name) + 24


def _bar(
    name: str,
    month: Mapping[str, Decimal],
    total: Decimal,
    y: int,
    scale: float,
    colours: Mapping[str, str],
) -> Iterator[str]:
    middle = y + BAR / 2 + 5
    yield f'<text x="{LEFT - 10}" y="{middle:.0f}" text-anchor="end">{escape(name)}</text>'
    x = float(LEFT)
    for part, cost in month.items():
        width = float(cost) * scale
        yield (
            f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="{BAR}" fill="{colours[part]}">'
            f"<title>{escape(f'{name}, {part}: {cost:.0f}')}</title></rect>"
        )
        x += width
    yield f'<text x="{x + 8:.1f}" y="{middle:.0f}" font-weight="bold">{total:.0f}</text>'
