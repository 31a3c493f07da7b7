"""The applications that may call, by the client id in their tokens."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field

from dms.autorisaties.access import ALL_RIGHTS, Access

_NAMESPACE = uuid.UUID("6d0a3a52-5d5c-4c6e-9d0d-3c1b0a0f2e51")


@dataclass(frozen=True, slots=True)
class Application:
    """An application with rights. `id` is stable for as long as its client id is."""

    id: str
    label: str
    access: Access

    @classmethod
    def with_all_rights(cls, client_id: str) -> Application:
        """The application that is present at start, so that there is one to make others with."""
        return cls(str(uuid.uuid5(_NAMESPACE, client_id)), client_id, ALL_RIGHTS)


@dataclass(frozen=True, slots=True)
class Client:
    """A known client: its secret, and its application, if one has been made for it (G-43)."""

    id: str
    secret: str = field(repr=False)
    application: Application | None = None


class Applications:
    """Finds clients by id."""

    def __init__(self, clients: Iterable[Client]) -> None:
        self._clients: dict[str, Client] = {}
        for client in clients:
            self.add(client)

    def add(self, client: Client) -> None:
        """Make a client known, in the place of one with its id."""
        self._clients[client.id] = client

    def client(self, client_id: str) -> Client | None:
        """The client with this id, if it is known."""
        return self._clients.get(client_id)
