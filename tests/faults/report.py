"""python -m tests.faults.report: docs/reference/faults.md from the results of the last run."""

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.faults.cases import OCCURS, kills
from tests.faults.results import FILE

TARGET = Path(__file__).resolve().parents[2] / "docs/reference/faults.md"
HEAD = """# Faults

Written from results of `make faults`; every line is a test that ran. A fault's time is from the
fault to what the user can see of it (for a failing release: from the last end of its process; where a deploy
cannot succeed: from its revision to its undo, and where it is refused: the whole command).

{when}: {machine}.

## Cut at every durable step

The supervisor, the spawner, the router and the command are killed (SIGKILL) before and after each of the
{steps} durable steps of {operations}: {cases} cases. After each: no orphan, no process started twice, no
acknowledged revision lost, the state as intended, and no request lost unless it was the router that died.
{kills}

| process killed | cases run | passed | requests sent | requests lost |
|---|---|---|---|---|
{cuts}

## The matrix

Where reminders are counted, the real applications run (API and Worker on SQLite): reminders that fall due are
created all the while, and one that was acknowledged and never arrives is lost. A deploy that cannot succeed
is the real command with one mistake in its values: the code is the one that its JSON has, the line of the
values is checked, and what ran before is what runs afterwards.

| fault | what the user sees | seconds | requests lost | reminders lost | orphans |
|---|---|---|---|---|---|
"""


def main() -> int:
    """Write the page; 1 where there are no results."""
    if not FILE.exists():
        sys.stderr.write(f"{FILE} does not exist: run make faults first\n")
        return 1
    lines = [json.loads(line) for line in FILE.read_text().splitlines()]
    TARGET.write_text(page(lines))
    return 0


def page(lines: list[dict[str, Any]]) -> str:
    """The page of these results; a fault that ran more than once is told as it went last."""
    matrix = {line["fault"]: line for line in lines if "seen" in line}
    cut = list({line["fault"]: line for line in lines if "victim" in line}.values())
    head = HEAD.format(
        when=datetime.now(UTC).strftime("%Y-%m-%d"),
        machine=machine(),
        steps=len(set().union(*OCCURS.values())),
        operations=", ".join(OCCURS),
        cases=len(kills()),
        kills=f"{len(cut)} of them ran for this page, the last result of each counts; `make faults` runs all."
        if len(cut) < len(kills())
        else "All of them ran.",
        cuts="\n".join(_cuts(cut)),
    )
    return head + "".join(_row(line) + "\n" for line in matrix.values())


def machine() -> str:
    """The class of this machine, without its name."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    return f"{sys.platform}, {os.cpu_count()} processors, {memory:.0f} GiB, Python {sys.version.split()[0]}"


def _cuts(lines: list[dict[str, Any]]) -> list[str]:
    rows = []
    for victim in sorted({line["victim"] for line in lines}):
        mine = [line for line in lines if line["victim"] == victim]
        passed = sum(line["passed"] for line in mine)
        sent, lost = (sum(line[key] for line in mine) for key in ("sent", "lost"))
        rows.append(f"| {victim} | {len(mine)} | {passed} | {sent} | {lost} |")
    return rows


def _row(line: dict[str, Any]) -> str:
    seen = line["seen"]
    lost = f"{seen['lost']} of {seen['sent']}" if seen["sent"] else "-"
    said = f"`{seen['code']}`: {seen['sentence']}".replace("|", "\\|").replace("\n", " ")
    due = seen.get("reminders", 0)
    missed = f"{seen['reminders_lost']} of {due}" if due else "-"
    return f"| {line['title']} | {said} | {seen['seconds']:.2f} | {lost} | {missed} | {line['orphans']} |"


if __name__ == "__main__":
    sys.exit(main())
