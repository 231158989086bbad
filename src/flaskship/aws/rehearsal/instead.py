"""What the API server does not carry, and how that part is checked instead."""

import json
import urllib.request

from flaskship.aws.doubles.server import UNANSWERED, all_doubles
from flaskship.aws.rehearsal.outcome import Checked

DOUBLED = tuple(f"{route.service}:{route.operation}" for route in all_doubles()[0])
INSTEAD = (
    Checked(
        "IAM policy simulation", "the roles' own policy documents, read back and evaluated by rules of ours"
    ),
    Checked("network reachability", "security groups and routes, read back and evaluated by rules of ours"),
    Checked(
        "Helm releases of the platform (stack charts)", "not applied: the helm provider is not part of this"
    ),
    Checked(
        "DNS validation of a new certificate", "not applied: prod is given the ARN of an existing certificate"
    ),
)


def unanswered(port: int) -> tuple[str, ...]:
    """Return the calls that ended in a server's error: neither the API server nor a double knows them."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{UNANSWERED}", timeout=10) as answer:
        counted: dict[str, int] = json.load(answer)
    return tuple(f"{name} ({count}x)" for name, count in sorted(counted.items()))
