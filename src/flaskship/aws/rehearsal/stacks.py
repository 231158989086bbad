"""The stacks in the order in which they are made, and what each is given in a rehearsal."""

from collections.abc import Sequence
from dataclasses import dataclass

from flaskship.aws.doubles.cost_explorer import OF_SERVICES
from flaskship.model.errors import ConfigurationError

ENVIRONMENTS = ("dev", "staging", "prod")
REGION = "us-west-2"


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack: whether it has a file for each environment, and the variables that only a person knows."""

    name: str
    of_environment: bool = True
    variables: tuple[tuple[str, str], ...] = ()
    needs: tuple[str, ...] = ()
    protected: tuple[str, ...] = ()
    """The environments in which Terraform refuses to destroy it."""


STACKS = (
    Stack("bootstrap", of_environment=False, protected=ENVIRONMENTS),
    Stack(
        "account",
        of_environment=False,
        variables=(("repository", '{owner="example",name="my-app",owner_id="123456",id="456789"}'),),
        needs=("bootstrap",),
    ),
    Stack("network", needs=("bootstrap",), protected=("prod",)),
    Stack("platform", needs=("bootstrap", "network"), protected=("prod",)),
    Stack(
        "app",
        # The account's own monitor of unusual cost, as the API server has it from the beginning.
        variables=(("anomaly_monitor_arn", OF_SERVICES),),
        needs=("bootstrap", "network", "platform"),
        protected=("prod",),
    ),
)


def chosen(names: Sequence[str]) -> tuple[Stack, ...]:
    """Return the stacks to apply in order: the named ones and what they stand on; all without a name."""
    known = {stack.name: stack for stack in STACKS}
    for name in names:
        if name == "charts":
            raise ConfigurationError(
                "the stack charts is not rehearsed: its Helm releases want a cluster",
                hint=f"tests plan it with a mocked provider; name one or more of {', '.join(known)}, or none",
            )
        if name not in known:
            raise ConfigurationError(
                f"there is no stack {name!r}", hint=f"name one or more of {', '.join(known)}, or none for all"
            )
    wanted = set(names or known)
    wanted |= {need for name in wanted for need in known[name].needs}
    return tuple(stack for stack in STACKS if stack.name in wanted)


def state_key(stack: Stack, environment: str) -> str:
    """Return the key of a stack's state in the bucket, as README.md has it."""
    return f"{stack.name}/{environment}.tfstate" if stack.of_environment else f"{stack.name}.tfstate"
