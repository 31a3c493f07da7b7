"""The service as users run it at scale: two nodes, real processes, on real engines."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import quote, unquote

import pytest

from tests.failing_proxy import FailingProxy
from tests.process import CLIENT_ID, CLIENT_SECRET, ServiceProcess, alone_with
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


@contextmanager
def through(content_url: str) -> Iterator[tuple[FailingProxy, str]]:
    """A line to the S3 service of a content store, and the URL of that store over it."""
    address, _, options = content_url.partition("?")
    endpoint = next(option for option in options.split("&") if option.startswith("endpoint="))
    with FailingProxy(unquote(endpoint.removeprefix("endpoint="))) as proxy:
        yield proxy, f"{address}?region=us-east-1&endpoint={quote(proxy.address)}"


def checked(data_dir: Path, environment: dict[str, str]) -> str:
    """What `dms check` says after it has read every body; it found nothing wrong."""
    own = {"DMS_CLIENT_ID": CLIENT_ID, "DMS_CLIENT_SECRET": CLIENT_SECRET, "DMS_DATA_DIR": str(data_dir)}
    ended = subprocess.run(
        [sys.executable, "-m", "dms", "check", "--read-bodies"],
        env=alone_with(environment | own),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "nothing wrong" in ended.stdout
    return ended.stdout
