"""The Kubernetes engine under the contract: a real cluster, namespaces of its own, none left afterwards."""

import copy
import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.cluster.reach import IMAGE, connect
from tests.contract.harness import Harness

from flaskship.chart.manifests import arrange
from flaskship.engines.kubernetes.client import create_or_find
from flaskship.engines.kubernetes.engine import KubernetesEngine
from flaskship.engines.kubernetes.place import Place
from flaskship.engines.kubernetes.resources import NAMESPACES
from flaskship.model.release import ChartSource, Document, Release

ENVIRONMENTS = ("dev", "staging")


@asynccontextmanager
async def cluster(folder: Path) -> AsyncIterator[Harness]:
    prefix = f"contract-{secrets.token_hex(3)}"
    places = tuple(Place(one, f"{one}-apps", f"{prefix}-{one}") for one in ENVIRONMENTS)
    harness = Harness(
        "kubernetes",
        lambda: KubernetesEngine(connect(), places),
        IMAGE,
        {IMAGE: "sha256:contract"},
        frozenset({"restart", "scale", "logs", "pause", "startup", "withdraw"}),
        patience=120.0,
        prefix=prefix,
        charted=lambda release: charted(folder, release),
        folder=folder,
    )
    around = connect()
    try:
        for place in places:
            await create_or_find(around, NAMESPACES, {"metadata": {"name": place.namespace}})
        yield harness
    finally:
        for place in places:
            await around.delete(NAMESPACES, place.namespace)
        await around.close()


def charted(folder: Path, release: Release) -> Release:
    """A chart that renders exactly these objects: JSON is YAML."""
    chart = folder / f"chart-{secrets.token_hex(4)}"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: contract\nversion: 0.1.0\n")
    objects = [_told_its_address(one) for one in release.documents]
    text = "".join(f"---\n{json.dumps(one)}\n" for one in objects)
    (chart / "templates" / "all.yaml").write_text(text)
    # As a rendered release has them: in Helm's order.
    ordered = tuple(one.content for one in arrange({"contract/templates/all.yaml": text}))
    return replace(release, documents=ordered, chart=ChartSource(str(chart)))


def _told_its_address(document: Document) -> Document:
    """The local engine tells every replica its address; on a cluster a manifest asks for it."""
    if document["kind"] != "Deployment":
        return document
    copied: dict[str, Any] = copy.deepcopy(dict(document))
    address = {"name": "POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}
    for container in copied["spec"]["template"]["spec"]["containers"]:
        container["env"] = [*container["env"], address]
    return copied
