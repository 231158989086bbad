"""What the tests of the rules read: recordings, and the causes of one replica."""

from pathlib import Path

from flaskship.verification.causes import REPLICA_RULES, WORKLOAD_RULES
from flaskship.verification.judge import causes

RECORDINGS = Path(__file__).parent / "recordings"
CODES = {rule.CODE for rule in (*REPLICA_RULES, *WORKLOAD_RULES)}


def recorded(name: str) -> tuple[str, ...]:
    return tuple((RECORDINGS / f"{name}.txt").read_text(encoding="utf-8").splitlines())


def told(make, **replica):
    """Return the causes of one replica."""
    return causes(make.one(**replica), make.NOW)


def only(make, code, **replica):
    """Return the one cause, which has this code."""
    found = told(make, **replica)
    assert [cause.code for cause in found] == [code]
    assert (found[0].application, found[0].replica) == ("my-tomorrows-api", "api-1")
    assert found[0].message.endswith((".", "?"))
    return found[0]
