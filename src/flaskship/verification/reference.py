"""Writes docs/reference/causes.md from the registry: `python -m flaskship.verification.reference [FILE]`."""

import sys
from collections.abc import Iterator
from pathlib import Path

from flaskship.verification.causes import REPLICA_RULES, WORKLOAD_RULES
from flaskship.verification.codes import OF_A_RELEASE, REFUSALS
from flaskship.verification.rule import Rule

HEAD = """\
# Causes

Why a rollout failed, or what keeps an application from being healthy. Each cause has a stable code, a message
that says what to do next, the evidence (the lines that show it, and no others) and, where a value set it, the
file and line. Of several causes that fit one replica the first in this list is told.

A rollout is judged by the replicas of its newest template alone, and only while they are not ready. Whatever
the cause, it has failed at a replica's second failed exit (a Job: when it has used up its retries), and when
it made no progress for progressDeadlineSeconds. Exits that the engine asked for do not count. Why replicas
are not made at all is told before what the others suffer.

Causes of a whole release, and the codes of refusals before anything is changed, stand at the end of the
page.

This page is generated from the rules in `src/flaskship/verification/causes/`.
"""

OF_A_RELEASE_HEAD = """\
## Of a whole release

| code | meaning |
|---|---|"""
REFUSALS_HEAD = """\

## Refusals

What a command did not begin, or could not finish, as `error` in its JSON (`code`, `message`, `location`,
`hint`, `evidence`, `exit_code`). With exit 2, 3, 4 and 5 nothing was changed.

| code | exit | meaning |
|---|---|---|"""


def page() -> str:
    """Return the whole page."""
    rules = (_section(rule) for rule in (*REPLICA_RULES, *WORKLOAD_RULES))
    return "\n".join([HEAD, *rules, OF_A_RELEASE_HEAD, *_releases(), REFUSALS_HEAD, *_refusals()])


def _releases() -> Iterator[str]:
    yield from (f"| `{code}` | {text} |" for code, text in OF_A_RELEASE.items())


def _refusals() -> Iterator[str]:
    yield from (f"| `{code}` | {status} | {text} |" for code, (status, text) in REFUSALS.items())
    yield ""


def _section(rule: Rule) -> str:
    documentation = (rule.__doc__ or "").strip()
    return f"## {rule.CODE}\n\n{documentation}\n\n{rule.ENDS}\n"


def main(arguments: list[str]) -> int:
    """Write the page to the file that is named, else to standard output."""
    if len(arguments) > 1:
        sys.stderr.write("usage: python -m flaskship.verification.reference [FILE]\n")
        return 2
    if arguments:
        Path(arguments[0]).write_text(page(), encoding="utf-8")
    else:
        sys.stdout.write(page())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
