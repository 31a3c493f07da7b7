"""The service on its embedded stores, for every test that speaks HTTP."""

from __future__ import annotations

import asyncio
import shutil
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import structlog
from aiohttp.test_utils import TestClient, TestServer

from dms.actions.service import Dms
from dms.api.application import application
from dms.autorisaties.applications import Application, Applications, Client
from dms.autorisaties.tokens import Tokens
from dms.data_dir import METADATA
from dms.settings import Settings
from dms.wiring import open_metadata, wired
from tests.stores import Engines, mongo_database, s3_bucket
from tests.zgw import ALL, SECRET, WITHOUT_APPLICATION, Zgw

pytest.register_assert_rewrite("tests.contracts")

# Whoever starts the tests in the background may have Ctrl-C ignored, by what the tests start as well.
signal.signal(signal.SIGINT, signal.default_int_handler)

# How long examples take to make depends on the machine, and on who else is at work there.
hypothesis.settings.register_profile("any machine", suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("any machine")

# Errors that tests provoke are many, and what stands in every frame of them is slow to print.
structlog.configure(
    processors=[
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ]
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--on-engines` runs the tests of the service on MongoDB and S3 instead of the embedded stores."""
    parser.addoption("--on-engines", action="store_true", help="on MongoDB and S3, as DMS_TEST_* name them")


@pytest.fixture(scope="session")
def engines(request: pytest.FixtureRequest) -> Iterator[Engines | None]:
    """The engines to run on, or None for the embedded stores."""
    if not request.config.getoption("--on-engines"):
        yield None
        return
    with mongo_database() as metadata_url, s3_bucket() as content:
        yield Engines(metadata_url, content)


@pytest.fixture
def store_settings(engines: Engines | None) -> dict[str, Any]:
    """The settings of the stores, empty ones: nothing for the embedded stores."""
    return {} if engines is None else engines.emptied()


@pytest.fixture
def embedded(engines: Engines | None) -> None:
    """For tests that look into the files of the embedded stores."""
    if engines is not None:
        pytest.skip("looks into the files of the embedded stores; run it without --on-engines")


@pytest.fixture
def settings(tmp_path: Path, store_settings: dict[str, Any]) -> Settings:
    """Small parts, so that few bytes make many. A test module may override this."""
    return Settings(data_dir=tmp_path / "data", part_size=100, idle_time=5, durable=False, **store_settings)


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An embedded metadata store with all its tables and indexes, to begin with a copy of."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("empty"), durable=False)

    async def make() -> None:
        async with open_metadata("", settings):
            pass

    asyncio.run(make())
    return settings.data_dir / METADATA


@pytest.fixture
async def dms(settings: Settings, empty_database: Path) -> AsyncIterator[Dms]:
    """The service without HTTP."""
    file = settings.data_dir / METADATA
    if not settings.metadata_url and not file.exists():
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(empty_database, file)
    async with wired(settings) as service:
        yield service.dms


@pytest.fixture
async def zgw(dms: Dms, settings: Settings) -> AsyncIterator[Zgw]:
    """A client of the service."""
    applications = Applications(
        [Client(ALL, SECRET, Application.with_all_rights(ALL)), Client(WITHOUT_APPLICATION, SECRET)]
    )
    tokens = Tokens(applications, expiry=settings.jwt_expiry, leeway=settings.jwt_leeway)
    app = application(dms, tokens, public_url=settings.public_url)
    async with AsyncExitStack() as stack:
        server = TestServer(app)
        client: TestClient[Any, Any] = await stack.enter_async_context(TestClient(server))
        yield Zgw(client, applications)


@pytest.fixture
async def type_(zgw: Zgw) -> str:
    """The URL of a published informatieobjecttype."""
    return await zgw.document_type()
