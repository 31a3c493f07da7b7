"""Grounds for crashes. The long runs are for those who ask: `make test-crash`."""

from __future__ import annotations

import pytest

from tests.crash.rounds import Ground
from tests.crash.service import Processes


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without an expression of marks, leave the long runs out."""
    if not config.option.markexpr:
        items[:] = [item for item in items if item.get_closest_marker("crash") is None]


@pytest.fixture(scope="session")
def processes() -> Processes:
    """Where processes come from."""
    return Processes()


@pytest.fixture
async def ground(processes: Processes, tmp_path_factory: pytest.TempPathFactory) -> Ground:
    """A folder of its own for each test."""
    return await Ground.prepare(processes, tmp_path_factory.mktemp("crash"))
