"""Which kinds an API server knows, from its aggregated discovery."""

from collections.abc import Mapping
from typing import Any

from flaskship.engines.kubernetes.resources import Resource

DISCOVERY = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


def discovered(group: Mapping[str, Any]) -> list[Resource]:
    """Return the kinds of one group, those of its preferred version first."""
    name = (group.get("metadata") or {}).get("name") or ""
    found = []
    # The preferred version stands first; an older one of the same kind is another entry.
    for version in group.get("versions") or ():
        api_version = f"{name}/{version['version']}" if name else str(version["version"])
        for one in version.get("resources") or ():
            kind = (one.get("responseKind") or {}).get("kind") or ""
            found.append(Resource(api_version, kind, one["resource"], one.get("scope") == "Namespaced"))
    return found
