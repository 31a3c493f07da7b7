"""The client: gets what a URL leads to, over redirects that are checked one by one, with credentials."""

from __future__ import annotations

from yarl import URL

from dms.outgoing.connection import Connection
from dms.outgoing.credentials import Credentials
from dms.outgoing.origins import BadAddress, Origin, address
from dms.outgoing.port import NotThere, UnknownService

MOST_REDIRECTS = 3
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_ASKED = {"Accept": "application/json", "Accept-Crs": "EPSG:4326"}  # the Zaken API wants to hear the latter


class Client:
    """Asks known services. Every step has the credentials of the origin that it goes to, and no others."""

    def __init__(self, connection: Connection, credentials: Credentials) -> None:
        self._connection = connection
        self._credentials = credentials

    async def get(self, url: str) -> bytes:
        """The body of the final 200. Raises `UnknownService` or `NotThere`."""
        try:
            at = address(url)
        except BadAddress as why:
            raise UnknownService(f"the URL cannot be asked for: {why}") from None
        deadline = self._connection.deadline()
        for _ in range(1 + MOST_REDIRECTS):
            origin = Origin.of(at)
            sent = {**_ASKED, **await self._credentials.headers(origin, deadline)}
            answer = await self._connection.exchange("GET", at, deadline=deadline, headers=sent)
            if answer.status == 200:
                return answer.body
            if answer.status == 401:
                self._credentials.refused(origin)
            if answer.status not in _REDIRECTS:
                raise NotThere(f"{origin} answered {answer.status}")
            at = self._next(at, answer.location)
        raise NotThere(f"{origin} was the last of more than {MOST_REDIRECTS} redirects")

    def _next(self, at: URL, location: str) -> URL:
        """Where a redirect leads, if that is somewhere that may be asked."""
        try:
            # Once before it is joined, for what the joining would smooth over, and once after.
            step = URL(location) if location and _is_plain(location) else None
            to = address(str(at.join(step))) if step is not None else None
        except ValueError:
            to = None
        if to is None or Origin.of(to) not in self._connection.known.origins:
            raise NotThere(f"{Origin.of(at)} redirects to where nothing may be asked")
        return to


def _is_plain(location: str) -> bool:
    return location.isprintable() and " " not in location and "\\" not in location
