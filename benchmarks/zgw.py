"""The calls of the standard that the benchmarks make, as requests that are built once and sent often."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import orjson

from benchmarks.servers import CLIENT_ID, CLIENT_SECRET, Server
from benchmarks.wire import Connection, Piece, Request
from dms.outgoing.jwts import make_token

DOCUMENTS = "/documenten/api/v1/enkelvoudiginformatieobjecten"
_CATALOGUES = "/catalogi/api/v1/catalogussen"
_TYPES = "/catalogi/api/v1/informatieobjecttypen"
_BOUNDARY = "0f8fad5bd9cb469fa16570867728950e"
"""As long as those of most clients; the shorter it is, the longer it takes to look for."""
_RSIN = "000000000"
_CONTENT = b'"inhoud":'


class Zgw:
    """A client of the service with all rights, and one published type to give documents."""

    def __init__(self, server: Server) -> None:
        self.connection = Connection(server.port)
        token = make_token(CLIENT_ID, CLIENT_SECRET, user_id="bench", user_representation="Benchmark")
        self._authorization = {"Authorization": f"Bearer {token}"}
        self.type = ""

    def request(self, method: str, url: str, *body: Piece, media_type: str = "application/json") -> Request:
        """A request with a token."""
        headers = {**self._authorization, **({"Content-Type": media_type} if body else {})}
        return Request.of(method, _path(url), *body, headers=headers)

    def call(self, method: str, url: str, document: Any = None) -> Any:
        """Send JSON, and return the JSON that comes back."""
        body = () if document is None else (orjson.dumps(document),)
        answer = self.connection.call(self.request(method, url, *body))
        return orjson.loads(answer.body) if answer.body else None

    def set_up(self) -> Zgw:
        """Make the type."""
        catalogue = {"domein": "BENCH", "rsin": _RSIN, "contactpersoonBeheerNaam": "Beheer"}
        type_ = {
            "catalogus": self.call("POST", _CATALOGUES, catalogue)["url"],
            "omschrijving": "Bijlage",
            "vertrouwelijkheidaanduiding": "zaakvertrouwelijk",
            "beginGeldigheid": "2020-01-01",
            "informatieobjectcategorie": "bijlage",
        }
        self.type = self.call("POST", _TYPES, type_)["url"]
        self.call("POST", f"{self.type}/publish", {})
        return self

    def creation(self, base64: Piece) -> Request:
        """The create of a document with this base64 text as its content, the content last."""
        fields = orjson.dumps({**self._fields(), "bestandsnaam": "scan.pdf"})[:-1]
        return self.request("POST", DOCUMENTS, fields + b"," + _CONTENT + b'"', base64, b'"}')

    def awaiting(self, size: int) -> Any:
        """A new document that waits for its parts."""
        return self.call("POST", DOCUMENTS, {**self._fields(), "bestandsomvang": size, "inhoud": None})

    def part(self, document: Any, number: int, content: Piece) -> Request:
        """The upload of a part of it."""
        part = document["bestandsdelen"][number]
        before = (
            _field('name="lock"')
            + f"{document['lock']}\r\n".encode()
            + _field('name="inhoud"; filename="part"', "Content-Type: application/octet-stream\r\n")
        )
        after = f"\r\n--{_BOUNDARY}--\r\n".encode()
        form = f"multipart/form-data; boundary={_BOUNDARY}"
        return self.request("PUT", part["url"], before, content, after, media_type=form)

    def complete(self, document: Any) -> None:
        """End its upload."""
        self.call("POST", f"{document['url']}/unlock", {"lock": document["lock"]})

    def _fields(self) -> dict[str, Any]:
        return {
            "bronorganisatie": _RSIN,
            "creatiedatum": "2026-11-24",
            "titel": "Aanvraag",
            "auteur": "J. Jansen",
            "taal": "nld",
            "informatieobjecttype": self.type,
        }


def _field(disposition: str, headers: str = "") -> bytes:
    return f"--{_BOUNDARY}\r\nContent-Disposition: form-data; {disposition}\r\n{headers}\r\n".encode()


def _path(url: str) -> str:
    parts = urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")
