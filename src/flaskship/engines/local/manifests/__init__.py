"""Rendered manifests as the types that the local engine runs, parsed along one table of fields."""

from flaskship.engines.local.manifests.kinds import fields_table
from flaskship.engines.local.manifests.release import read_release
from flaskship.engines.local.manifests.table import TableRow

__all__ = ["TableRow", "fields_table", "read_release"]
