"""Connections to MongoDB that no longer serve are replaced, and closed when nobody uses them any more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from pymongo.errors import ConfigurationError, InvalidOperation, OperationFailure

from dms.storage.failures import Unreachable
from dms.storage.metadata import mongo_patience
from dms.storage.metadata.mongo_connection import Connection, Connections
from tests.backends.test_mongo_failures import scripted


@pytest.fixture
async def connections() -> AsyncIterator[Connections]:
    """Clients of a server that says no more than that it is there."""
    async with scripted(isWritablePrimary=True) as address:
        connections = Connections(f"mongodb://{address}/dms?directConnection=true", 5.0)
        yield connections
        await connections.close()


class Acts:
    """Acts that fail over this connection, as they do when a server changes roles, and over no other."""

    def __init__(self, stale: Connection) -> None:
        self.clients: list[int] = []
        self._stale = stale

    async def act(self, connection: Connection) -> str:
        self.clients.append(id(connection.client))  # two clients of one server are equal
        await asyncio.sleep(0)
        if connection is self._stale:
            raise ConfigurationError("Sessions are not supported by this MongoDB deployment")
        return "done"


async def is_closed(connection: Connection) -> bool:
    try:
        await connection.client.admin.command("ping")
    except InvalidOperation:
        return True
    return False


async def test_what_meets_a_server_without_a_role_is_done_over_a_new_connection(
    connections: Connections,
) -> None:
    first = connections.current
    acts = Acts(first)
    assert await connections.ask(acts.act) == "done"
    assert acts.clients == [id(first.client), id(connections.current.client)]
    assert connections.current is not first


async def test_an_act_that_fails_late_makes_do_with_the_new_connection(connections: Connections) -> None:
    first, began, go_on = connections.current, asyncio.Event(), asyncio.Event()
    acts = Acts(first)

    async def late(connection: Connection) -> str:
        began.set()
        await go_on.wait()
        return await acts.act(connection)

    waiting = asyncio.create_task(connections.ask(late))
    await began.wait()
    await connections.ask(Acts(first).act)
    second = connections.current
    go_on.set()
    assert await waiting == "done"
    assert connections.current is second
    assert acts.clients == [id(first.client), id(second.client)]


async def test_a_replaced_connection_stays_open_for_those_who_began_over_it(
    connections: Connections,
) -> None:
    first, began, go_on = connections.current, asyncio.Event(), asyncio.Event()

    async def wait(connection: Connection) -> bool:
        assert connection is first
        began.set()
        await go_on.wait()
        return await is_closed(connection)

    waiting = asyncio.create_task(connections.ask(wait))
    await began.wait()
    await connections.ask(Acts(first).act)
    go_on.set()
    assert not await waiting
    await connections.close()
    assert await is_closed(first)
    assert await is_closed(connections.current)


async def test_what_fails_otherwise_is_not_tried_again(connections: Connections) -> None:
    tried = 0

    async def act(connection: Connection) -> None:
        nonlocal tried
        tried += 1
        raise OperationFailure("no", 13)

    with pytest.raises(OSError, match="readWrite"):
        await connections.ask(act)
    assert tried == 1


async def test_without_patience_a_server_without_a_role_is_out_of_reach(
    connections: Connections, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mongo_patience, "_PATIENCE", -1.0)
    with pytest.raises(Unreachable, match="does not answer in time"):
        await connections.ask(Acts(connections.current).act)
