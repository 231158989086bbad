"""A user with few rights: a ServiceAccount of a town, in a kubeconfig of its own."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from tests.cluster.town import Ended, Town

from flaskship.engines.kubernetes.kubeconfig import context_of, read_kubeconfig
from flaskship.engines.kubernetes.resources import Resource

RBAC = "rbac.authorization.k8s.io/v1"
ACCOUNTS = Resource("v1", "ServiceAccount", "serviceaccounts")
ROLES = Resource(RBAC, "Role", "roles")
BINDINGS = Resource(RBAC, "RoleBinding", "rolebindings")
CLUSTER_ROLES = Resource(RBAC, "ClusterRole", "clusterroles", namespaced=False)
CLUSTER_BINDINGS = Resource(RBAC, "ClusterRoleBinding", "clusterrolebindings", namespaced=False)
KINDS = {one.kind: one for one in (ROLES, BINDINGS, CLUSTER_ROLES, CLUSTER_BINDINGS)}


class Guest:
    """Somebody who may do what rules grant in the town's dev namespace."""

    def __init__(self, town: Town, file: Path, token: str) -> None:
        self._town, self._file, self.token = town, file, token
        self.towns = Town(town.folder, town.prefix, "guest", town.node_port, town.cluster)
        self._cluster_wide: list[tuple[Resource, str]] = []

    async def go(self, command: str, *more: str) -> Ended:
        return await self.towns.go_with({"KUBECONFIG": str(self._file)}, command, "dev", *more)

    async def grant(self, *rules: dict[str, Any]) -> None:
        space = self._town.namespace()
        await self._town.cluster.create(ROLES, {"metadata": {"name": "guest"}, "rules": rules}, space)
        binding = {
            "metadata": {"name": "guest"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "guest"},
            "subjects": [{"kind": "ServiceAccount", "name": "guest", "namespace": space}],
        }
        await self._town.cluster.create(BINDINGS, binding, space)

    async def apply(self, written: str) -> Sequence[dict[str, Any]]:
        """Do what somebody does with the YAML that a refusal brings along."""
        documents = list(yaml.safe_load_all(written))
        for one in documents:
            resource = KINDS[one["kind"]]
            if not resource.namespaced:
                self._cluster_wide.append((resource, one["metadata"]["name"]))
            await self._town.cluster.create(resource, one, one["metadata"].get("namespace"))
        return documents

    async def give_back(self, granted: Sequence[dict[str, Any]]) -> None:
        """Be as before such YAML was applied."""
        for one in granted:
            await self._town.cluster.delete(
                KINDS[one["kind"]], one["metadata"]["name"], one["metadata"].get("namespace")
            )

    async def leave(self) -> None:
        for resource, name in self._cluster_wide:
            await self._town.cluster.delete(resource, name)


async def make_guest(town: Town, folder: Path) -> Guest:
    space = town.namespace()
    await town.make_namespace("dev")
    await town.cluster.create(ACCOUNTS, {"metadata": {"name": "guest"}}, space)
    made = await town.cluster.create(
        ACCOUNTS, {"spec": {"expirationSeconds": 900}}, space, name="guest", sub="token"
    )
    _, cluster, _ = context_of(read_kubeconfig(), town.context)
    token = str(made["status"]["token"])
    file = folder / "guest"
    file.write_text(kubeconfig("guest", dict(cluster), {"token": token}))
    return Guest(town, file, token)


def kubeconfig(name: str, cluster: dict[str, object], user: dict[str, object]) -> str:
    return str(
        yaml.safe_dump(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": "c", "cluster": cluster}],
                "users": [{"name": "u", "user": user}],
                "contexts": [{"name": name, "context": {"cluster": "c", "user": "u"}}],
            }
        )
    )
