"""Cost: what an environment costs in a month, by stack and by application, and how two of them differ."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from flaskship.aws.cost.bill import Bill, make_bill
from flaskship.aws.cost.prices import Prices, load_prices
from flaskship.aws.cost.share import Shares, demands, share
from flaskship.aws.cost.sizes import read_sizes
from flaskship.model.project import Environment, Project
from flaskship.tasks.prepare import Wish, draft
from flaskship.tasks.world import World

PRICES = Path("infra/prices.toml")


@dataclass(frozen=True, slots=True)
class Estimate:
    """One environment's month."""

    bill: Bill
    shares: Shares
    prices: Prices
    budget: Decimal | None = None
    """What the app stack's budget warns of."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader has to know beside the figures."""
        found: tuple[str, ...] = (
            "not in it: what an account has once (GuardDuty, Security Hub, states), support, tax",
            "Container Insights is counted by its observations, not by the log events behind them",
        )
        if self.budget is not None and self.bill.total > self.budget:
            found += (f"{self.bill.environment} is above its budget of {self.budget} (budget_usd)",)
        if self.shares.used > 1:
            percent = round(self.shares.used * 100)
            found += (
                f"the applications ask for {percent} % of the nodes: more will be started, or pods wait",
            )
        return found


@dataclass(frozen=True, slots=True)
class Change:
    """How the cost of one stack or application differs from another environment's."""

    name: str
    before: Decimal
    after: Decimal


def estimate(world: World, project: Project, environment: Environment) -> Estimate:
    """Estimate an environment from its files; nothing is asked of AWS."""
    prices = load_prices(project.root / PRICES)
    sizes = read_sizes(project.root, environment.name)
    wanted = demands(draft(world, project, environment, Wish(), 1, is_upgrade=False).rendered.documents)
    bill = make_bill(environment.name, sizes, prices, exposed=any(demand.exposed for demand in wanted))
    return Estimate(bill, share(bill, wanted), prices, sizes["app"].get("budget_usd"))


def difference(before: Estimate, after: Estimate) -> Sequence[Change]:
    """Return the stacks, then the applications and what they share, with both environments' cost."""
    return [
        *_paired(before.bill.stacks, after.bill.stacks),
        *_paired(_parts(before), _parts(after)),
    ]


def _parts(one: Estimate) -> Mapping[str, Decimal]:
    return {part.demand.name: part.total for part in one.shares.applications} | {"shared": one.shares.shared}


def _paired(before: Mapping[str, Decimal], after: Mapping[str, Decimal]) -> Sequence[Change]:
    names = [*after, *(name for name in before if name not in after)]
    return [Change(name, before.get(name, Decimal(0)), after.get(name, Decimal(0))) for name in names]
