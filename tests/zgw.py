"""A client for tests: the standard's calls in a few words, and answers that are easy to compare."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson
from aiohttp import FormData
from aiohttp.test_utils import TestClient

from dms.autorisaties.access import Access, Grant
from dms.autorisaties.applications import Application, Applications, Client
from dms.outgoing.jwts import make_token
from tests.published import as_published

SECRET = "a secret of thirty-two bytes or more"
ALL = "all-rights"
WITHOUT_APPLICATION = "without-application"
DOCUMENTS = "/documenten/api/v1/enkelvoudiginformatieobjecten"
TYPES = "/catalogi/api/v1/informatieobjecttypen"
ZAAKTYPEN = "/catalogi/api/v1/zaaktypen"
STATUSTYPEN = "/catalogi/api/v1/statustypen"
BESLUITTYPEN = "/catalogi/api/v1/besluittypen"
CATALOGUES = "/catalogi/api/v1/catalogussen"
RSIN = "000000000"


@dataclass(frozen=True)
class Answer:
    """What came back: `body` is the JSON if it was JSON, else the bytes."""

    status: int
    headers: dict[str, str]
    body: Any

    def __getitem__(self, name: str) -> Any:
        return self.body[name]


def refusal(answer: Answer) -> tuple[Any, ...]:
    """`(400, "code", "name")` for one problem, with more pairs for more; `(403, "code")` without fields."""
    assert answer.headers["Content-Type"] == "application/problem+json", answer
    document = answer.body
    assert document["status"] == answer.status
    assert {"type", "code", "title", "status", "detail", "instance"} <= document.keys()
    if "invalidParams" not in document:
        return (answer.status, document["code"])
    found = [(problem["code"], problem["name"]) for problem in document["invalidParams"]]
    return (answer.status, *found[0]) if len(found) == 1 else (answer.status, *found)


class Zgw:
    """Calls the service as one of its clients; by default the one with all rights."""

    def __init__(self, client: TestClient[Any, Any], applications: Applications) -> None:
        self.client = client
        self._applications = applications
        self.origin = str(client.make_url("")).rstrip("/")

    def register(
        self,
        client_id: str,
        grants: Iterable[Grant] = (),
        *,
        everything: bool = False,
        only_published: bool = False,
    ) -> str:
        """Make a client with an application that holds these grants; returns the client id."""
        access = Access(everything, tuple(grants), only_published)
        application = Application(f"application-of-{client_id}", client_id, access)
        self._applications.add(Client(client_id, SECRET, application))
        return client_id

    async def call(
        self,
        method: str,
        url: str,
        *,
        json: Any = None,
        data: Any = None,
        headers: dict[str, str] | None = None,
        client: str = ALL,
        token: str | None = None,
    ) -> Answer:
        """One request. `json` is sent as JSON, `data` as it is (with its own Content-Type in `headers`)."""
        sent = {"Authorization": f"Bearer {token or self.token(client)}", **(headers or {})}
        if json is not None:
            data = orjson.dumps(json)
            sent.setdefault("Content-Type", "application/json")
        path = url.removeprefix(self.origin)
        async with self.client.request(method, path, data=data, headers=sent) as response:
            raw = await response.read()
            is_json = response.content_type in ("application/json", "application/problem+json")
            body = orjson.loads(raw) if is_json and raw else raw
            if is_json and raw:
                as_published(method, path, response.status, body)
            return Answer(response.status, dict(response.headers), body)

    @staticmethod
    def token(client: str) -> str:
        """A token for a client, for a user with a name."""
        return make_token(client, SECRET, user_id="jansen", user_representation="J. Jansen")

    async def get(self, url: str, **options: Any) -> Answer:
        """GET."""
        return await self.call("GET", url, **options)

    async def post(self, url: str, json: Any = None, **options: Any) -> Answer:
        """POST."""
        return await self.call("POST", url, json=json, **options)

    async def put(self, url: str, json: Any = None, **options: Any) -> Answer:
        """PUT."""
        return await self.call("PUT", url, json=json, **options)

    async def patch(self, url: str, json: Any = None, **options: Any) -> Answer:
        """PATCH."""
        return await self.call("PATCH", url, json=json, **options)

    async def delete(self, url: str, **options: Any) -> Answer:
        """DELETE."""
        return await self.call("DELETE", url, **options)

    async def catalogue(self, domein: str = "TEST", **fields: Any) -> str:
        """The URL of a new catalogue."""
        values = {"domein": domein, "rsin": RSIN, "contactpersoonBeheerNaam": "Beheer", **fields}
        answer = await self.post(CATALOGUES, values)
        assert answer.status == 201, answer
        return str(answer["url"])

    async def document_type(self, *, published: bool = True, catalogue: str = "", **fields: Any) -> str:
        """The URL of a new informatieobjecttype."""
        fields = {"vertrouwelijkheidaanduiding": "zaakvertrouwelijk", **fields}
        values = informatieobjecttype_values(catalogue or await self.catalogue(), **fields)
        answer = await self.post(TYPES, values)
        assert answer.status == 201, answer
        if published:
            assert (await self.post(f"{answer['url']}/publish")).status == 200
        return str(answer["url"])

    async def zaaktype(self, *, published: bool = False, catalogue: str = "", **fields: Any) -> str:
        """The URL of a new zaaktype; a published one has a statustype."""
        values = zaaktype_values(catalogue or await self.catalogue(), **fields)
        url = await self._type(ZAAKTYPEN, values, published=False)
        if published:
            await self.statustype(url)
            done = await self.post(f"{url}/publish")
            assert done.status == 200, done
        return url

    async def statustype(self, zaaktype: str) -> str:
        """The URL of a new statustype."""
        values = {"zaaktype": zaaktype, "omschrijving": "Ontvangen", "volgnummer": 1}
        return await self._type(STATUSTYPEN, values, published=False)

    async def besluittype(self, *, published: bool = True, catalogue: str = "", **fields: Any) -> str:
        """The URL of a new besluittype."""
        values = besluittype_values(catalogue or await self.catalogue(), **fields)
        return await self._type(BESLUITTYPEN, values, published=published)

    async def _type(self, at: str, values: dict[str, Any], *, published: bool) -> str:
        answer = await self.post(at, values)
        assert answer.status == 201, answer
        if published:
            done = await self.post(f"{answer['url']}/publish")
            assert done.status == 200, done
        return str(answer["url"])

    async def document(self, type_: str, **fields: Any) -> Answer:
        """A new document of this type; asserts that it was created."""
        answer = await self.post(DOCUMENTS, document_values(type_, **fields))
        assert answer.status == 201, answer
        return answer

    async def locked(self, url: str) -> str:
        """Lock a document and return the token."""
        answer = await self.post(f"{url}/lock")
        assert answer.status == 200, answer
        return str(answer["lock"])

    async def upload(self, part: str, content: bytes | None, lock: str | None, **options: Any) -> Answer:
        """`PUT` a bestandsdeel as a form; None leaves that field out. `lock_last` puts the file first."""
        lock_last = options.pop("lock_last", False)
        form = FormData()
        if lock is not None and not lock_last:
            form.add_field("lock", lock)
        if content is not None:
            form.add_field("inhoud", content, filename="part", content_type="application/octet-stream")
        if lock is not None and lock_last:
            form.add_field("lock", lock)
        if lock is None and content is None:
            form.add_field("anders", "x", filename="x")
        return await self.put(part, data=form, **options)


def document_values(type_: str, **fields: Any) -> dict[str, Any]:
    """The required fields of a document, and others; a `content` in bytes becomes its `inhoud`."""
    content = fields.pop("content", None)
    values = {
        "bronorganisatie": RSIN,
        "creatiedatum": "2026-11-24",
        "titel": "Aanvraag",
        "auteur": "J. Jansen",
        "taal": "nld",
        "informatieobjecttype": type_,
        **fields,
    }
    if content is not None:
        values["inhoud"] = base64.b64encode(content).decode()
    return values


def informatieobjecttype_values(catalogue: str, **fields: Any) -> dict[str, Any]:
    """The required fields of an informatieobjecttype, and others."""
    return {
        "catalogus": catalogue,
        "omschrijving": "Bijlage",
        "vertrouwelijkheidaanduiding": "openbaar",
        "beginGeldigheid": "2020-01-01",
        "informatieobjectcategorie": "bijlage",
        **fields,
    }


def zaaktype_values(catalogue: str, **fields: Any) -> dict[str, Any]:
    """The required fields of a zaaktype, and others."""
    return {
        "catalogus": catalogue,
        "identificatie": "ZT-1",
        "omschrijving": "Vergunning",
        "vertrouwelijkheidaanduiding": "openbaar",
        "doel": "Vergunnen",
        "aanleiding": "Een aanvraag",
        "indicatieInternOfExtern": "extern",
        "handelingInitiator": "aanvragen",
        "onderwerp": "Vergunning",
        "handelingBehandelaar": "behandelen",
        "doorlooptijd": "P30D",
        "opschortingEnAanhoudingMogelijk": False,
        "verlengingMogelijk": False,
        "publicatieIndicatie": False,
        "productenOfDiensten": [],
        "referentieproces": {"naam": "Vergunnen"},
        "verantwoordelijke": "Gemeente",
        "besluittypen": [],
        "gerelateerdeZaaktypen": [],
        "beginGeldigheid": "2020-01-01",
        **fields,
    }


def besluittype_values(catalogue: str, **fields: Any) -> dict[str, Any]:
    """The required fields of a besluittype, its name, and others."""
    return {
        "catalogus": catalogue,
        "omschrijving": "Toekenning",
        "publicatieIndicatie": False,
        "informatieobjecttypen": [],
        "beginGeldigheid": "2020-01-01",
        **fields,
    }
