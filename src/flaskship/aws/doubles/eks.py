"""Add-ons and access entries of EKS."""

from typing import Any
from urllib.parse import unquote

from flaskship.aws.doubles.call import ACCOUNT, Answer, Call, Route, missing

FORGOTTEN = ("accessConfig", "upgradePolicy", "bootstrapSelfManagedAddons")
ADDON_VERSION = "v1.0.0-eksbuild.1"


class Eks:
    """Add-ons, access entries and their policies by cluster; every creation is done at once."""

    def __init__(self) -> None:
        self.addons: dict[tuple[str, str], dict[str, object]] = {}
        self.entries: dict[tuple[str, str], dict[str, object]] = {}
        self.policies: dict[tuple[str, str, str], dict[str, object]] = {}
        self.wishes: dict[str, dict[str, object]] = {}
        self.updates: dict[tuple[str, str], object] = {}

    def routes(self) -> list[Route]:
        """Return the calls that are answered here."""
        addons, entries = r"/clusters/([^/]+)/addons", r"/clusters/([^/]+)/access-entries"
        one_addon, one_entry = addons + r"/([^/]+)", entries + r"/(.+?)"
        policies = one_entry + r"/access-policies"
        rest = [
            ("CreateAddon", "POST", addons, self.create_addon),
            ("DescribeAddon", "GET", one_addon, self.describe_addon),
            ("UpdateAddon", "POST", one_addon + "/update", self.update_addon),
            ("DeleteAddon", "DELETE", one_addon, self.delete_addon),
            ("CreateAccessEntry", "POST", entries, self.create_entry),
            ("AssociateAccessPolicy", "POST", policies, self.associate),
            ("ListAssociatedAccessPolicies", "GET", policies, self.associated),
            ("DisassociateAccessPolicy", "DELETE", policies + "/(.+)", self.disassociate),
            ("DescribeAccessEntry", "GET", one_entry, self.describe_entry),
            ("DeleteAccessEntry", "DELETE", one_entry, self.delete_entry),
        ]
        return [Route("eks", name, handler, method, path) for name, method, path, handler in rest]

    def create_addon(self, call: Call) -> Answer:
        """CreateAddon."""
        (cluster,), body = call.parts, call.body
        name = body["addonName"]
        addon = {
            "addonName": name,
            "clusterName": cluster,
            "status": "ACTIVE",
            "addonVersion": body.get("addonVersion") or ADDON_VERSION,
            "addonArn": f"arn:aws:eks:{call.region}:{ACCOUNT}:addon/{cluster}/{name}/1",
            "createdAt": 0,
            "modifiedAt": 0,
            "tags": body.get("tags", {}),
            "health": {"issues": []},
        }
        addon |= {key: body[key] for key in ("serviceAccountRoleArn", "configurationValues") if body.get(key)}
        self.addons[cluster, name] = addon
        return Answer({"addon": addon})

    def describe_addon(self, call: Call) -> Answer:
        """DescribeAddon."""
        addon = self.addons.get((call.parts[0], call.parts[1]))
        return Answer({"addon": addon}) if addon else missing()

    def update_addon(self, call: Call) -> Answer:
        """UpdateAddon."""
        addon = self.addons[call.parts[0], call.parts[1]]
        addon |= {key: value for key, value in call.body.items() if key in addon or key.startswith("conf")}
        return Answer({"update": {"id": "1", "status": "Successful", "type": "AddonUpdate"}})

    def delete_addon(self, call: Call) -> Answer:
        """DeleteAddon."""
        addon = self.addons.pop((call.parts[0], call.parts[1]), None)
        return Answer({"addon": addon}) if addon else missing()

    def create_entry(self, call: Call) -> Answer:
        """CreateAccessEntry."""
        (cluster,), body = call.parts, call.body
        principal = body["principalArn"]
        kind = body.get("type", "STANDARD")
        entry = {
            "clusterName": cluster,
            "principalArn": principal,
            "accessEntryArn": f"arn:aws:eks:{call.region}:{ACCOUNT}:access-entry/{cluster}/{principal}",
            "kubernetesGroups": body.get("kubernetesGroups")
            or (["system:nodes"] if kind == "EC2_LINUX" else []),
            "type": kind,
            "username": body.get("username") or principal,
            "createdAt": 0,
            "modifiedAt": 0,
            "tags": body.get("tags", {}),
        }
        self.entries[cluster, principal] = entry
        return Answer({"accessEntry": entry})

    def describe_entry(self, call: Call) -> Answer:
        """DescribeAccessEntry."""
        entry = self.entries.get((call.parts[0], unquote(call.parts[1])))
        return Answer({"accessEntry": entry}) if entry else missing()

    def delete_entry(self, call: Call) -> Answer:
        """DeleteAccessEntry."""
        found = self.entries.pop((call.parts[0], unquote(call.parts[1])), None)
        return Answer() if found else missing()

    def associate(self, call: Call) -> Answer:
        """AssociateAccessPolicy."""
        cluster, principal = call.parts[0], unquote(call.parts[1])
        policy = {
            "policyArn": call.body["policyArn"],
            "accessScope": {"namespaces": [], **call.body["accessScope"]},
            "associatedAt": 0,
            "modifiedAt": 0,
        }
        self.policies[cluster, principal, call.body["policyArn"]] = policy
        return Answer({"clusterName": cluster, "principalArn": principal, "associatedAccessPolicy": policy})

    def associated(self, call: Call) -> Answer:
        """ListAssociatedAccessPolicies."""
        cluster, principal = call.parts[0], unquote(call.parts[1])
        found = [policy for key, policy in self.policies.items() if key[:2] == (cluster, principal)]
        return Answer({"clusterName": cluster, "principalArn": principal, "associatedAccessPolicies": found})

    def disassociate(self, call: Call) -> Answer:
        """DisassociateAccessPolicy."""
        key = (call.parts[0], unquote(call.parts[1]), unquote(call.parts[2]))
        return Answer() if self.policies.pop(key, None) else missing()

    def completed(self, call: Call, document: dict[str, Any]) -> dict[str, Any]:
        """Return moto's answer with what it was told and forgot, and without what AWS leaves out."""
        if call.path == "/clusters" and call.method == "POST":
            self.wishes[call.body["name"]] = {key: call.body[key] for key in FORGOTTEN if key in call.body}
        if "cluster" in document:
            document["cluster"] |= self.wishes.get(document["cluster"].get("name"), {})
            access = document["cluster"].get("accessConfig", {})
            # AWS asks it once, at creation, and never tells it.
            access.pop("bootstrapClusterCreatorAdminPermissions", None)
        nodes = document.get("nodegroup", {})
        if call.method == "POST" and "updateConfig" in call.body:
            self.updates[nodes["clusterName"], nodes["nodegroupName"]] = call.body["updateConfig"]
        update = self.updates.get((nodes.get("clusterName", ""), nodes.get("nodegroupName", "")))
        if update:
            nodes["updateConfig"] = update
        if nodes.get("launchTemplate"):
            # Disk and remote access are the template's then.
            for key in ("diskSize", "remoteAccess"):
                nodes.pop(key, None)
        return document
