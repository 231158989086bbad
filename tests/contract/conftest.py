"""Runs every test of the contract with every engine; what an engine lacks is named, never passed over."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from tests.contract.harness import HARNESSES, Harness


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "needs(capability): the engine must have this capability")


def _param(name: str) -> object:
    return pytest.param(name, marks=pytest.mark.cluster) if name == "kubernetes" else name


@pytest_asyncio.fixture(params=[_param(name) for name in HARNESSES])
async def harness(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Harness]:
    async with HARNESSES[request.param](tmp_path) as one:
        for marker in request.node.iter_markers("needs"):
            if marker.args[0] not in one.capabilities:
                pytest.skip(f"the {one.name} engine lacks the capability {marker.args[0]!r}")
        yield one
        for engine in one.opened:
            await engine.close()
