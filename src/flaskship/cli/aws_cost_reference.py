"""docs/reference/aws-cost.md and its picture, written from the sizes and prices here: run as a module."""

from collections.abc import Iterator
from pathlib import Path

from flaskship.aws.cost.picture import draw
from flaskship.cli.aws_cost import money, plain, screen
from flaskship.cli.wiring import real_world
from flaskship.tasks.cost import Estimate, estimate

PAGE = Path("docs/reference/aws-cost.md")
PICTURE = Path("docs/diagrams/aws-cost.svg")

HEAD = """\
# What AWS costs

An estimate of each environment's month, from the sizes in `infra/terraform/aws/` and the prices and
assumptions in `infra/prices.toml`. `flaskship aws cost --env prod` prints it item by item; `--actual` asks
AWS what it was.

Written by `python -m flaskship.cli.aws_cost_reference`; do not edit.

![The month of each environment, by stack](../diagrams/aws-cost.svg)
"""


def estimates(root: Path) -> list[Estimate]:
    """Return every environment of the project, in its order."""
    world = real_world()
    project = world.load_project(root)
    return [estimate(world, project, environment) for environment in project.environments]


def picture(found: list[Estimate]) -> str:
    """Return the picture."""
    prices = found[0].prices
    months = {one.bill.environment: one.bill.stacks for one in found}
    foot = f"{prices.currency} a month, estimated; list prices of {prices.region}, {prices.date}"
    return draw(months, "What each environment costs in a month, by stack", foot)


def page(found: list[Estimate]) -> str:
    """Return the page."""
    return "\n".join([HEAD, *_table(found), ""])


def _table(found: list[Estimate]) -> Iterator[str]:
    yield "```"
    yield from screen(found, None, ())
    yield "```"
    for one in found:
        yield f"\n## {one.bill.environment}: {money(one.bill.total)} {one.prices.currency}\n"
        yield "| Stack | What | How much | A month |"
        yield "|---|---|---|---|"
        for item in one.bill.items:
            yield f"| {item.stack} | {item.what} | {plain(item.count)} | {money(item.monthly)} |"


def main() -> None:
    """Write both again."""
    found = estimates(Path.cwd())
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page(found))
    PICTURE.write_text(picture(found))


if __name__ == "__main__":
    main()
