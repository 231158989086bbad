"""Writes docs/reference/causes.md from the registry: `python -m flaskship.verification.reference [FILE]`."""

import sys
from pathlib import Path

from flaskship.verification.causes import REPLICA_RULES, WORKLOAD_RULES
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

Six causes are not of a replica. `ReleaseRefused`: Helm could not apply all objects of a revision; the
message has the API server's words, and what was applied before is undone with the revision.
`AddressNotServing`: all is ready, and an address that users take does not answer well. `TestFailed`: all is
ready and answers, and one of the release's own tests (`helm test`) failed on the cluster; its evidence is the
end of what the test printed, and its pod stays until the next run. `TestNotRun`: a quota, an admission rule
or a missing permission kept a test from being made; verify is inconclusive then, a deploy only warns.
`Withdrawn`: somebody aborted the rollout that a deploy watched; the message says who and why, and the abort
puts back what served before. `Superseded`: a newer revision, of somebody who took no lock (`helm rollback`,
`kubectl`), took the place of the one that was followed: it is never called successful, and nothing is undone.

This page is generated from the rules in `src/flaskship/verification/causes/`.
"""


def page() -> str:
    """Return the whole page."""
    return "\n".join([HEAD, *(_section(rule) for rule in (*REPLICA_RULES, *WORKLOAD_RULES))])


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
