"""The service as users run it at scale: two nodes, real processes, on real engines."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.process import ServiceProcess
from tests.stores import as_environment, mongo_database, s3_bucket

PART = 5 * 2**20


@pytest.fixture
def environment() -> Iterator[dict[str, str]]:
    """The settings of every node: the stores that they share."""
    with mongo_database() as metadata_url, s3_bucket() as content:
        shared = as_environment(metadata_url=metadata_url, **content)
        yield {**shared, "DMS_PART_SIZE": str(PART), "DMS_STOP_TIME": "2"}


@pytest.fixture
def nodes(environment: dict[str, str], tmp_path: Path) -> Iterator[list[ServiceProcess]]:
    """Two nodes on the same stores."""
    with ExitStack() as stack:
        yield [
            stack.enter_context(ServiceProcess(tmp_path / f"node-{number}", **environment))
            for number in (1, 2)
        ]
