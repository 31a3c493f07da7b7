"""What MongoDB says is wrong, in our words: never with credentials, nor with what records hold."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

import pymongo
from bson.errors import BSONError
from pymongo.errors import (
    ConfigurationError,
    ConnectionFailure,
    ExecutionTimeout,
    PyMongoError,
    ServerSelectionTimeoutError,
    WTimeoutError,
)

from dms.storage.failures import Unreachable
from dms.storage.metadata.mongo_types import Client

_LONGEST_REASON = 300
_OUT_OF_DISK = 14031
_REFUSALS = {
    13: "the user of the URL lacks a right: it needs the role readWrite on this database",
    18: "user or password of the URL are not right, or authSource does not name the database of the user",
}


class NoReplicaSet(OSError):
    """The server is not a member of the replica set it was taken for, so there are no transactions."""


@contextmanager
def reaching(client: Client, seconds: float | None = None) -> Iterator[None]:
    """Out of reach, or not done within `seconds`: an `Unreachable`. What the server refuses: an `OSError`."""
    try:
        with pymongo.timeout(seconds):
            yield
    except ServerSelectionTimeoutError as error:
        if not client.topology_description.server_descriptions():
            # The driver forgets servers that answer, but not as members of the set that it looks for.
            raise NoReplicaSet(
                "None of these MongoDB servers is a member of the replica set of replicaSet=: make it one "
                "(mongod --replSet rs0, and once rs.initiate()), or name the right one."
            ) from error
        raise _unreachable(client, error) from error
    except (ConnectionFailure, ConfigurationError, ExecutionTimeout, WTimeoutError, TimeoutError) as error:
        raise _unreachable(client, error) from error
    except (PyMongoError, BSONError) as error:
        raise _refused(error) from error


def is_roleless(error: PyMongoError) -> bool:
    """Whether a socket was opened while its server changed roles: nothing was sent, nor will be over it.

    Such a server was neither primary nor secondary when it was asked, so that the driver takes it to have no
    sessions for as long as it keeps the socket.
    """
    return isinstance(error, ConfigurationError)


def _unreachable(client: Client, error: Exception) -> Unreachable:
    servers = client.topology_description.server_descriptions()
    hosts = ", ".join(f"{host}:{port}" for host, port in sorted(servers, key=str)) or "its address"
    reasons = [str(each.error) for each in servers.values() if each.error]
    reason = reasons[0][:_LONGEST_REASON] if reasons else type(error).__name__
    return Unreachable(f"The MongoDB at {hosts} does not answer in time, or has no primary: {reason}")


def _refused(error: Exception) -> OSError:
    code = getattr(error, "code", None)
    if code == _OUT_OF_DISK:
        return OSError(errno.ENOSPC, "MongoDB has no room left on its disk")
    name = (getattr(error, "details", None) or {}).get("codeName", "")
    told = _REFUSALS.get(code) if code is not None else None
    return OSError(f"MongoDB refused: {told or f'{type(error).__name__} {name} {code}'}")
