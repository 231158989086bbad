"""One town per worker: built once, everything ended at the end."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from tests.faults.cases import FAST, kills
from tests.faults.matrix import MATRIX
from tests.faults.shop import Shop
from tests.faults.town import Town


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--all-faults", action="store_true", help="cut every step, not a few of each kind")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    everything = metafunc.config.getoption("--all-faults", default=False)
    if "entry" in metafunc.fixturenames:
        metafunc.parametrize("entry", [one for one in MATRIX if everything or one.fast], ids=str)
    if "kill" in metafunc.fixturenames:
        metafunc.parametrize("kill", kills() if everything else FAST, ids=str)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """The real applications take their time to build; the stories cover their reminders in `make test`."""
    everything = config.getoption("--all-faults", default=False)
    return True if collection_path.name == "test_reminders.py" and not everything else None


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    shop = asyncio.run(Shop.open(tmp_path_factory.mktemp("shop")))
    yield shop
    asyncio.run(shop.close())


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    town = asyncio.run(Town.build(tmp_path_factory.mktemp("faults")))
    yield town
    asyncio.run(town.close())


@pytest_asyncio.fixture
async def fresh(tmp_path: Path, built: Town) -> AsyncIterator[Town]:
    """A town of its own, for what harms more than one case."""
    town = await Town.build(tmp_path)
    yield town
    await town.close()
