import re
from decimal import Decimal
from xml.etree import ElementTree

from flaskship.aws.cost.picture import LEFT, RIGHT, WIDTH, draw

MONTHS = {
    "dev": {"network": Decimal(30), "app": Decimal(20)},
    "prod": {"network": Decimal(100), "platform": Decimal(60), "app": Decimal(40)},
}
SVG = "{http://www.w3.org/2000/svg}"


def bars(picture: str) -> list[tuple[str, float]]:
    """Each part's words and width."""
    found = ElementTree.fromstring(picture).iter(f"{SVG}rect")
    return [(rect.find(f"{SVG}title").text or "", float(rect.get("width", 0))) for rect in found if len(rect)]  # type: ignore[union-attr]


def test_widths_are_in_proportion_and_the_largest_fills_the_room() -> None:
    widths = dict(bars(draw(MONTHS, "t", "f")))
    room = WIDTH - LEFT - RIGHT
    assert sum(width for words, width in widths.items() if words.startswith("prod")) == room
    assert widths["prod, network: 100"] == room / 2
    assert widths["dev, app: 20"] == room / 10


def test_a_part_has_one_colour_in_every_environment() -> None:
    picture = draw(MONTHS, "t", "f")
    colours = re.findall(r'fill="(#\w+)"><title>\w+, (\w+):', picture)
    assert len(set(colours)) == 3


def test_the_same_figures_give_the_same_picture_and_others_another() -> None:
    assert draw(MONTHS, "t", "f") == draw(dict(MONTHS), "t", "f")
    assert draw(MONTHS, "t", "f") != draw(MONTHS | {"dev": {"network": Decimal(31)}}, "t", "f")


def test_names_are_words_and_no_markup() -> None:
    picture = draw({"<b>": {"a&b": Decimal(1)}}, "<t>", "&")
    assert "&lt;b&gt;" in picture
    ElementTree.fromstring(picture)


def test_nothing_costs_nothing() -> None:
    assert bars(draw({"dev": {"network": Decimal(0)}}, "t", "f")) == [("dev, network: 0", 0.0)]
