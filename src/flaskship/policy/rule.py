"""What a rule is: a module with code, severity, one sentence, a page beside it and a pure function."""

from collections.abc import Iterator
from importlib.resources import files
from typing import Protocol

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.objects import Fault


class Rule(Protocol):
    """What every rule has; its docstring is one sentence, its page is the .md file of its name."""

    __doc__: str | None
    __name__: str
    CODE: str
    SEVERITY: Severity

    def find(self, context: Context, /) -> Iterator[Fault]:
        """Yield each fault that the environment has."""
        ...


def page_of(rule: Rule) -> str:
    """The page beside a rule: why it matters, how to fix it, when to accept it."""
    package, _, name = rule.__name__.rpartition(".")
    return (files(package) / f"{name}.md").read_text(encoding="utf-8")
