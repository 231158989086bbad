"""Writes docs/reference/checks.md from the registry: `python -m flaskship.policy.reference [FILE]`."""

import sys
from collections.abc import Iterable
from pathlib import Path
from textwrap import wrap

from flaskship.policy.checks import RULES
from flaskship.policy.kubernetes.table import load_table
from flaskship.policy.rule import Rule, page_of
from flaskship.policy.traits import COUNTED, OWN

OUTPUT = Path("docs/reference/checks.md")

HEAD = """\
# Checks

`flaskship check [ENV ...]` renders environments and judges their objects by the {count} rules below. It ends
with exit 3 where an error or a warning is not accepted; an info never fails a check. Each finding names the
line of the value that changes it. `-o json` gives the findings to scripts, `-o sarif` to code hosts.

Manifests are compared with the fields of every supported Kubernetes ({first} to {last}), and with the custom
resources of {custom}.

An environment accepts a finding in its values, with a reason; `application` and `object` may be left out, and
`*` in an object stands for any text:

```yaml
policy:
  accept:
    - rule: single-replica
      application: my-tomorrows-monitoring
      object: Deployment/*
      reason: The page asks the others and keeps nothing.
```

The list of the last layer counts, as with every list of the values. An acceptance that meets no finding is a
finding itself (`acceptance-unused`), and so is one of a rule that is not here (`acceptance-unknown`): an
acceptance ends with its cause.

`flaskship check prod --untested-against staging` also tells what prod has and staging never exercises, as
findings of the rule `untested`: an application, and of each application a kind, a field, a choice, an entry
of a list (a volume, a metric, a container, where it sends to), an annotation or label, an option or word of
a command, a variable, a feature or an image (repository, tag and digest; where one of two has no digest, the
tags count) that the same one does not have there; and an object of no application, by its kind and name.
Each is brought to staging, or accepted by the name that the finding has as its object: without the
application where none has it in staging, else ending with `of` and the application.

A whole that staging lacks hides nothing inside it. Of a kind that no application has there the choices
and the names of one's own are told beside it; of one that another application has there, what that one
does not set; of an application that is not there, what not every application there has, and each
variable that it reads of a Secret. Told are also features that are on there and off here, and the ways
that leave nothing in the manifests where they are taken: `secrets.provider`, `aws.identity`,
`aws.createServiceAccount`.

{natural}

Written from `src/flaskship/policy/checks/` by `python -m flaskship.policy.reference`; do not edit.
"""

NATURAL = (
    "Every text is a choice but those that differ by nature: {own}; values of variables that are no switch "
    "(true, on, yes and their like), values of annotations that are no plain word, and what stands behind an "
    "option as a number or an address. Numbers are amounts but for {counted}. The project's own annotations "
    "and labels are left out."
)


def page() -> str:
    """The whole page."""
    table = load_table()
    modules = sorted({str(entry["by"]) for entry in table.custom.values()})
    head = HEAD.format(
        count=len(RULES),
        first=table.minors[0],
        last=table.minors[-1],
        natural="\n".join(wrap(NATURAL.format(own=_listed(OWN), counted=_listed(COUNTED)), 110)),
        custom=", ".join(f"`{module}`" for module in modules),
    )
    rows = [f"| [{rule.CODE}](#{rule.CODE}) | {rule.SEVERITY} | {_sentence(rule)} |" for rule in RULES]
    index = "\n".join(["| Rule | Severity | Finds |", "| --- | --- | --- |", *rows])
    return "\n".join([head, index, "", *(_section(rule) for rule in RULES)])


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))


def _section(rule: Rule) -> str:
    return f"## {rule.CODE}\n\n{_sentence(rule)} ({rule.SEVERITY})\n\n{page_of(rule).strip()}\n"


def _sentence(rule: Rule) -> str:
    return (rule.__doc__ or "").strip()


def main(arguments: list[str]) -> None:
    """Write the page to the file that is named, else to its place in the project of the current folder."""
    target = Path(arguments[0]) if arguments else OUTPUT
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
