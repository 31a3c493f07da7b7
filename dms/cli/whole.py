"""The service for commands that write: opened only when its stores are whole."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from dms.actions.migrate_metadata import is_unfinished
from dms.data_dir import RESTORING
from dms.settings import BadSetting, Settings
from dms.wiring import Wired, wired


@asynccontextmanager
async def whole(settings: Settings) -> AsyncIterator[Wired]:
    """Open the stores as `wired` does. Raises `BadSetting` for those that are half restored or half moved."""
    if (settings.data_dir / RESTORING).exists():
        raise BadSetting(
            f"{settings.data_dir} is being restored, and not whole yet: run the same dms restore again first."
        )
    async with wired(settings) as service:
        if await is_unfinished(service.dms.metadata):
            raise BadSetting(
                "The metadata store is the target of a migration that was not finished: stop the service on "
                "the source, run dms migrate-metadata with --finish, and start again."
            )
        yield service
