"""The live table of a terminal."""

from rich.table import Table
from rich.text import Text

from flaskship.cli.screens import workload_rows
from flaskship.model.snapshot import Snapshot

STYLES = {"Healthy": "green", "Progressing": "yellow", "Paused": "yellow", "Degraded": "red"}


def live_table(snapshot: Snapshot) -> Table:
    """Return the applications of the environment as a table that is redrawn in place."""
    table = Table(
        box=None, pad_edge=False, title_justify="left", title=f"{snapshot.environment} ({snapshot.engine})"
    )
    for name in ("NAME", "PHASE", "READY", "RESTARTS", "AGE", "WHERE"):
        table.add_column(name, no_wrap=True)
    for name, phase, *rest in workload_rows(snapshot):
        table.add_row(name, Text(phase, style=STYLES.get(phase, "")), *map(Text, rest))
    return table
