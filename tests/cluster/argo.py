"""Argo CD's kind of object on the cluster, without its controller."""

import asyncio
from collections.abc import AsyncIterator

import pytest_asyncio
from tests.cluster.reach import connect

from flaskship.engines.kubernetes.applications import APPLICATIONS
from flaskship.engines.kubernetes.resources import DEFINITIONS


@pytest_asyncio.fixture
async def argo_kinds() -> AsyncIterator[None]:
    """Argo CD's Application as a kind, without its controller: this test writes what that one would."""
    cluster, name = connect(), f"{APPLICATIONS.plural}.argoproj.io"
    made = await cluster.find(DEFINITIONS, name) is None
    if made:
        schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
        version = {"name": "v1alpha1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
        names = {"kind": "Application", "plural": "applications", "singular": "application"}
        spec = {"group": "argoproj.io", "scope": "Namespaced", "names": names, "versions": [version]}
        kind = {"apiVersion": DEFINITIONS.api_version, "kind": DEFINITIONS.kind}
        await cluster.create(DEFINITIONS, {**kind, "metadata": {"name": name}, "spec": spec})
    try:
        for _ in range(100):
            if ("argoproj.io/v1alpha1", "Application") in await cluster.api_resources():
                break
            await asyncio.sleep(0.1)
        yield
    finally:
        if made:
            await cluster.delete(DEFINITIONS, name)
        await cluster.close()
