"""Pods that a real API server refused, and pods that it took: pods.yaml as objects."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

_CASES = yaml.safe_load((Path(__file__).parent / "pods.yaml").read_text())


@dataclass(frozen=True)
class Case:
    """One pod by what it says; of one that is refused, where and with which words it is told."""

    name: str
    manifest: dict[str, Any]
    at: str = ""
    says: str = ""


def cases(kind: str) -> list[Case]:
    """Those that are refused, or those that are taken."""
    return [
        Case(one["name"], _deployment(one, f"{kind}-{number}"), one.get("at", ""), one.get("says", ""))
        for number, one in enumerate(_CASES[kind])
    ]


def _deployment(one: dict[str, Any], name: str) -> dict[str, Any]:
    labels = {"app": name}
    main = {"name": "main", "image": "a:1", **one.get("container", {})}
    containers = [{key: value for key, value in main.items() if value is not None}]
    metadata = one.get("metadata", {})
    template = {
        "metadata": {**metadata, "labels": {**labels, **metadata.get("labels", {})}},
        "spec": {"containers": [*containers, *one.get("beside", ())], **one.get("pod", {})},
    }
    spec = {"selector": {"matchLabels": labels}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec}
