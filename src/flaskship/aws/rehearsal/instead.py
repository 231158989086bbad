"""What the API server does not carry, and how that part is checked instead."""

import json
import urllib.request

from flaskship.aws.doubles.server import DOUBLED, UNANSWERED
from flaskship.aws.rehearsal.outcome import Checked

INSTEAD = (
    Checked(
        "IAM policy simulation", "the roles' own policy documents, read back and evaluated by rules of ours"
    ),
    Checked("network reachability", "security groups and routes, read back and evaluated by rules of ours"),
    Checked(
        "Helm releases of the platform (stack charts)",
        "not applied: tests plan them with a mocked provider and render the one chart that is ours",
    ),
    Checked(
        "traces and Application Signals: the add-on's operator and agent run on no node here",
        "AWS's instrumentation ran by hand against a receiver on loopback; the rest is read in AWS's sources",
    ),
    Checked(
        "EKS's own protection from deletion",
        "by hand: the provider has no argument for it; the output by_hand of platform is the command",
    ),
    Checked("a certificate's proof", "the records are made; the API server issues without reading them"),
    Checked(
        "add-ons, access entries, X-Ray, saved queries, unusual cost, security standards",
        "doubles of ours keep what they are given; the provider's checks and the second plan count",
    ),
)


def unanswered(port: int) -> tuple[str, ...]:
    """Return the calls that ended in a server's error: neither the API server nor a double knows them."""
    return tuple(f"{name} ({count}x)" for name, count in sorted(_counted(port, UNANSWERED).items()))


def doubled(port: int) -> tuple[str, ...]:
    """Return the calls that doubles answered, by service: only what was asked."""
    return tuple(sorted(_counted(port, DOUBLED)))


def _counted(port: int, path: str) -> dict[str, int]:
    # Past every proxy that the shell names: the question is this machine's.
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
        counted: dict[str, int] = json.load(answer)
    return counted
