from xml.etree import ElementTree

from flaskship.aws.diagrams.canvas import Canvas, width_of, wrapped


def test_lines_fit_and_lose_nothing() -> None:
    text = "log group /aws/containerinsights/my-app-prod/performance, kept 365 days"
    lines = wrapped(text, 11, 120)
    assert all(width_of(line, 11) <= 120 for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_a_word_without_marks_is_broken_too() -> None:
    assert "".join(wrapped("x" * 99, 11, 50)) == "x" * 99
    assert all(width_of(line, 11) <= 50 for line in wrapped("x" * 99, 11, 50))


def test_bold_is_wider() -> None:
    assert width_of("Nodes", 12, bold=True) > width_of("Nodes", 12)


def picture() -> str:
    canvas = Canvas("one", "A <title> & more", "What it shows")
    canvas.box(1, 2, 30.04, 40)
    canvas.text(5, 5, "a < b & c")
    canvas.arrow([(0, 0), (10, 10.25)], colour="data")
    canvas.tag(5, 20, "443")
    return canvas.svg(100, 50)


def test_it_is_xml_that_says_what_it_is_to_those_who_do_not_see_it() -> None:
    root = ElementTree.fromstring(picture())
    assert root.attrib["role"] == "img"
    names = {one.attrib["id"]: one.text for one in root if "id" in one.attrib}
    assert [names[name] for name in root.attrib["aria-labelledby"].split()] == [
        "A <title> & more",
        "What it shows",
    ]
    assert "a < b & c" in [one.text for one in root.iter("{http://www.w3.org/2000/svg}text")]


def test_it_is_always_the_same_and_asks_nobody() -> None:
    assert picture() == picture()
    assert picture().replace('xmlns="http://www.w3.org/2000/svg"', "").count("http") == 0
    assert "@import" not in picture()
    assert "prefers-color-scheme:dark" in picture()


def test_only_the_heads_that_are_used_are_defined() -> None:
    assert picture().count("<marker") == 1
    assert 'marker-end="url(#one-data)"' in picture()
