"""Every test here needs a cluster; each has a town of its own there."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from tests.cluster.town import Town, choose_port, make_town

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.cluster)


@pytest_asyncio.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    one = make_town(tmp_path)
    await choose_port(one)
    try:
        yield one
    finally:
        await asyncio.shield(one.leave())
