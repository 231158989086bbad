"""A manifest has a beta version where every supported Kubernetes has the stable one."""

import re
from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.kubernetes.table import load_table
from flaskship.policy.objects import Fault

CODE = "old-api"
SEVERITY = Severity.WARNING
_YOUNG = re.compile(r"v\d+(alpha|beta)\d+")
_STABLE = re.compile(r"v\d+")


def find(context: Context) -> Iterator[Fault]:
    """Find alpha and beta versions of kinds whose group has a stable version everywhere."""
    table = load_table()
    for one in context.objects:
        group, _, version = one.api_version.rpartition("/")
        if not _YOUNG.fullmatch(version) or table.missing(one.api_version, one.kind):
            continue
        stable = [
            name
            for name in table.everywhere(one.kind)
            if name.rpartition("/")[0] == group and _STABLE.fullmatch(name.rpartition("/")[2])
        ]
        if stable:
            yield one.fault(f"{one.api_version} still works; {stable[0]} is stable", "apiVersion")
