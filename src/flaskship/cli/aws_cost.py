"""flaskship aws cost."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import click

from flaskship.aws.cost.actual import Actual, month_until, open_cost_explorer, read_actual
from flaskship.cli import options
from flaskship.cli.screens import table
from flaskship.cli.settings import global_options
from flaskship.tasks.cost import PRICES, Change, Estimate, difference, estimate

Json = dict[str, Any]


@click.command("cost")
@click.option("--env", "env", metavar="ENV", help="One environment; all of flaskship.yaml otherwise.")
@click.option(
    "--against", metavar="ENV", help="Compare with this one; otherwise with whom it is promoted from."
)
@click.option("--actual", is_flag=True, help="Ask AWS what the last whole month cost, by tag.")
@global_options
def command(env: str | None, against: str | None, actual: bool) -> int:
    """Estimate what the AWS infrastructure costs in a month, by stack and application, and what differs.

    Sizes are those of infra/terraform/aws, prices those of infra/prices.toml; nothing is asked of AWS without
    --actual.
    """
    settings = options.current()
    settings.output.kind = "aws-cost"
    world, project = options.load(settings)
    chosen = [options.choose(project, env)] if env else list(project.environments)
    if against and not env:
        raise click.UsageError("--against wants --env")
    if actual:
        begin, end = month_until(datetime.fromtimestamp(world.now(), UTC).date())
        client = open_cost_explorer()
        found = [read_actual(client, one.name, begin, end) for one in chosen]
        settings.output.answer({"actual": [actual_document(one) for one in found]}, actual_screen(found))
        return 0
    estimates = {one.name: estimate(world, project, one) for one in chosen}
    other = against or (chosen[0].promotes_from if env else None)
    changes: Sequence[Change] = ()
    if other and env:
        before = estimate(world, project, options.choose(project, other))
        changes = difference(before, estimates[chosen[0].name])
    document = {"environments": [document_of(one) for one in estimates.values()]}
    if other and env:
        document["against"] = other  # type: ignore[assignment]
        document["difference"] = [change_document(change) for change in changes]
    settings.output.answer(document, screen(list(estimates.values()), other if env else None, changes))
    return 0


def screen(found: Sequence[Estimate], other: str | None, changes: Sequence[Change]) -> Iterator[str]:
    """One environment with its items, or a table of several."""
    prices = found[0].prices
    if len(found) == 1:
        yield from _one(found[0])
    else:
        yield from _several(found)
    if other:
        yield from ("", f"beside {other}:")
        yield from table(
            ("", other.upper(), found[0].bill.environment.upper(), "MORE"),
            [
                (one.name, money(one.before), money(one.after), signed(one.after - one.before))
                for one in changes
            ],
        )
    yield ""
    yield f"{prices.currency} a month in {prices.region}; {PRICES}, of {prices.date}: {prices.source}"
    yield f"held against a second source: {len(prices.prices) - len(prices.unproven)} of {len(prices.prices)}"
    if prices.unproven:
        yield f"only written down by a person: {'; '.join(prices.unproven)}"
    yield from dict.fromkeys(note for one in found for note in one.notes)


def _one(one: Estimate) -> Iterator[str]:
    bill, shares = one.bill, one.shares
    share = f", {bill.total / one.budget:.0%} of its budget" if one.budget else ""
    yield f"{bill.environment}  {money(bill.total)} {one.prices.currency} a month, estimated{share}"
    yield ""
    yield from table(
        ("STACK", "WHAT", "HOW MUCH", "EACH", "A MONTH"),
        [
            (
                item.stack,
                item.what,
                plain(item.count),
                f"{plain(item.price.usd)}/{item.price.per}",
                money(item.monthly),
            )
            for item in bill.items
        ],
    )
    yield ""
    yield from table(("STACK", "A MONTH"), [(name, money(cost)) for name, cost in bill.stacks.items()])
    yield ""
    rows = [
        (
            part.demand.name,
            str(part.demand.replicas),
            f"{part.demand.cpu_milli}m",
            f"{part.demand.memory_bytes // 2**20}Mi",
            money(part.total),
        )
        for part in shares.applications
    ]
    yield from table(
        ("APPLICATION", "REPLICAS", "CPU", "MEMORY", "A MONTH"),
        [*rows, ("shared, and room on the nodes", "", "", "", money(shares.shared))],
    )


def _several(found: Sequence[Estimate]) -> Iterator[str]:
    names = [one.bill.environment.upper() for one in found]
    stacks = list(dict.fromkeys(stack for one in found for stack in one.bill.stacks))
    rows = [(stack, *(money(one.bill.stacks.get(stack, Decimal(0))) for one in found)) for stack in stacks]
    yield from table(("STACK", *names), [*rows, ("together", *(money(one.bill.total) for one in found))])
    yield ""
    parts = [{part.demand.name: part.total for part in one.shares.applications} for one in found]
    applications = list(dict.fromkeys(name for part in reversed(parts) for name in part))
    cells = [
        (name, *(money(part[name]) if name in part else "-" for part in parts))
        for name in sorted(applications)
    ]
    shared = ("shared, and room on the nodes", *(money(one.shares.shared) for one in found))
    yield from table(("APPLICATION", *names), [*cells, shared])


def actual_screen(found: Sequence[Actual]) -> Iterator[str]:
    """What AWS says, by stack."""
    for one in found:
        yield f"{one.environment}  {money(one.total)} {one.currency} {one.begin} to {one.end}, as AWS says"
        yield from table(("STACK", "COST"), [(name, money(cost)) for name, cost in one.stacks.items()])
        yield ""


def document_of(one: Estimate) -> Json:
    """The fields of one environment's estimate; money is a string of cents' exactness."""
    bill, shares, prices = one.bill, one.shares, one.prices
    return {
        "environment": bill.environment,
        "currency": prices.currency,
        "region": prices.region,
        "prices": {
            "file": str(PRICES),
            "source": prices.source,
            "date": prices.date,
            "unproven": list(prices.unproven),
        },
        "total": money(bill.total),
        "budget": None if one.budget is None else money(one.budget),
        "stacks": {name: money(cost) for name, cost in bill.stacks.items()},
        "items": [
            {
                "stack": item.stack,
                "what": item.what,
                "count": plain(item.count),
                "each": plain(item.price.usd),
                "per": item.price.per,
                "monthly": money(item.monthly),
            }
            for item in bill.items
        ],
        "applications": [
            {
                "name": part.demand.name,
                "replicas": part.demand.replicas,
                "nodes": money(part.nodes),
                "database": money(part.database),
                "load_balancer": money(part.load_balancer),
                "total": money(part.total),
            }
            for part in shares.applications
        ],
        "shared": money(shares.shared),
        "notes": list(one.notes),
    }


def change_document(change: Change) -> Json:
    """The fields of one line of a difference."""
    return {
        "name": change.name,
        "before": money(change.before),
        "after": money(change.after),
        "more": signed(change.after - change.before),
    }


def actual_document(one: Actual) -> Json:
    """The fields of what AWS says of one environment."""
    return {
        "environment": one.environment,
        "from": one.begin.isoformat(),
        "to": one.end.isoformat(),
        "currency": one.currency,
        "total": money(one.total),
        "stacks": {name: money(cost) for name, cost in one.stacks.items()},
    }


def money(amount: Decimal) -> str:
    """Return an amount in whole cents."""
    return f"{amount:.2f}"


def signed(amount: Decimal) -> str:
    """Return a difference, with its sign."""
    return f"{amount:+.2f}"


def plain(count: Decimal) -> str:
    """Return a count without needless zeros."""
    return f"{count.quantize(Decimal('0.0001')).normalize():f}"
