"""The real engines that tests run on, as the environment names them; a test whose engine is not named is
skipped with how to get it. Modules that use them carry `pytestmark = pytest.mark.engines`."""

from __future__ import annotations

import os
from dataclasses import dataclass

import pytest

HOW = "start the engines of docker-compose.yml and set DMS_TEST_* as docs/engines.md says"


def _named(variable: str, engine: str) -> str:
    value = os.environ.get(variable)
    if not value:
        pytest.skip(f"no {engine}: {variable} is not set; {HOW}")
    return value


def mongodb_url() -> str:
    """A MongoDB replica set, without a database in its path."""
    return _named("DMS_TEST_MONGODB_URL", "MongoDB")


def clamd_url() -> str:
    """A clamd, as DMS_CLAMD_URL takes it. Its signatures know the EICAR test file."""
    return _named("DMS_TEST_CLAMD_URL", "ClamAV")


@dataclass(frozen=True, slots=True)
class S3:
    """An S3 service, and keys that may make buckets."""

    endpoint: str
    access_key: str
    secret_key: str


def s3() -> S3:
    """An S3 service."""
    return S3(
        _named("DMS_TEST_S3_ENDPOINT", "S3 service"),
        _named("DMS_TEST_S3_ACCESS_KEY", "S3 service"),
        _named("DMS_TEST_S3_SECRET_KEY", "S3 service"),
    )
