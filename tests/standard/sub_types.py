"""What belongs to a zaaktype, for tests: the least that each kind asks for, and a selectielijst."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from dms.actions.service import Dms
from tests.zgw import Answer, Zgw
from zaak_adapters.referentielijsten.form import read
from zaak_adapters.referentielijsten.register import fill

CATALOGI = "/catalogi/api/v1"
LISTS = "/referentielijsten/api/v1"
NOWHERE = "00000000-0000-4000-8000-000000000000"


@dataclass(frozen=True)
class Kind:
    """A kind of sub type: what a create sends beside its zaaktype, a change that it can have, and by what
    another of the same zaaktype must differ."""

    name: str
    values: Mapping[str, Any]
    patch: Mapping[str, Any]
    other: Mapping[str, Any]
    dated: bool = True

    @property
    def url(self) -> str:
        """Of the list."""
        return f"{CATALOGI}/{self.name}"


SPECIFICATION = {"formaat": "tekst", "lengte": "20", "kardinaliteit": "1"}
STATUSTYPE = Kind(
    "statustypen",
    {"omschrijving": "Ontvangen", "volgnummer": 1},
    {"statustekst": "Wij hebben u gehoord."},
    {"volgnummer": 2},
)
RESULTAATTYPE = Kind(
    "resultaattypen",
    {
        "omschrijving": "Verleend",
        "resultaattypeomschrijving": "omschrijving",
        "selectielijstklasse": "zonder",
        "archiefnominatie": "blijvend_bewaren",
    },
    {"toelichting": "Zo eindigt het goed."},
    {"omschrijving": "Geweigerd"},
)
ROLTYPE = Kind(
    "roltypen",
    {"omschrijving": "Aanvrager", "omschrijvingGeneriek": "initiator"},
    {"omschrijvingGeneriek": "belanghebbende"},
    {"omschrijving": "Behandelaar"},
)
EIGENSCHAP = Kind(
    "eigenschappen",
    {"naam": "hoogte", "definitie": "Hoe hoog het wordt.", "specificatie": SPECIFICATION},
    {"toelichting": "In meters."},
    {"naam": "breedte"},
)
ZAAKOBJECTTYPE = Kind(
    "zaakobjecttypen",
    {
        "anderObjecttype": False,
        "objecttype": "https://objecten.test/pand",
        "relatieOmschrijving": "Het pand",
    },
    {"relatieOmschrijving": "Het gebouw"},
    {},
)
ZIOT = Kind(
    "zaaktype-informatieobjecttypen",
    {"informatieobjecttype": "Bijlage", "volgnummer": 1, "richting": "inkomend"},
    {"richting": "uitgaand"},
    {"volgnummer": 2},
    dated=False,
)
FIXED_BY_THE_ZAAKTYPE = (STATUSTYPE, RESULTAATTYPE, ROLTYPE, EIGENSCHAP, ZAAKOBJECTTYPE)
"""Those that a publication of their zaaktype fixes by itself."""
KINDS = (*FIXED_BY_THE_ZAAKTYPE, ZIOT)

_PROCES = "5a3f0c1e-7f5d-4b0a-9a51-0f2d6f7f1b0"
_RESULT = "5a3f0c1e-7f5d-4b0a-9a51-0f2d6f7f1c0"
_NAMES = {
    "nihil": "nihil",
    "geschat": "ingeschatte_bestaansduur_procesobject",
    "bestaan": "bestaansduur_procesobject",
    "zonder": "",
}
DESCRIPTION = "5a3f0c1e-7f5d-4b0a-9a51-0f2d6f7f1d01"


async def selectielijst(dms: Dms, origin: str) -> dict[str, str]:
    """Load a list for tests, and return URLs: `proces` and `ander`; results by their procestermijn as in
    `_NAMES`, `vreemd` of the other process; and `omschrijving`."""
    processes = [
        {
            "uuid": f"{_PROCES}{number}",
            "nummer": number,
            "jaar": 1900,
            "naam": "Test",
            "omschrijving": "Test",
            "toelichting": "",
            "procesobject": "",
        }
        for number in (1, 2)
    ]
    results = [
        {
            "uuid": f"{_RESULT}{number}",
            "procesType": f"{_PROCES}{1 if name in _NAMES else 2}",
            "nummer": number,
            "volledigNummer": f"{1 if name in _NAMES else 2}.{number}",
            "naam": name,
            "herkomst": "Test",
            "waardering": "vernietigen",
            "procestermijn": _NAMES.get(name, ""),
            "bewaartermijn": "P10Y",
        }
        for number, name in enumerate((*_NAMES, "vreemd"), start=1)
    ]
    described = {"uuid": DESCRIPTION, "omschrijving": "Toegekend", "definitie": "Test"}
    document = {
        "procestypen": processes,
        "resultaten": results,
        "resultaattypeomschrijvingen": [described],
    }
    await fill(dms.metadata, read(orjson.dumps(document)))
    root = origin + LISTS
    return {
        "proces": f"{root}/procestypen/{_PROCES}1",
        "ander": f"{root}/procestypen/{_PROCES}2",
        "omschrijving": f"{root}/resultaattypeomschrijvingen/{DESCRIPTION}",
        **{str(each["naam"]): f"{root}/resultaten/{each['uuid']}" for each in results},
    }


async def found(zgw: Zgw, kind: Kind, **asked: str) -> list[str]:
    """The URLs that a list holds."""
    query = "&".join(f"{name}={value}" for name, value in asked.items())
    answer = await zgw.get(f"{kind.url}?{query}")
    assert answer.status == 200, answer
    return [each["url"] for each in answer["results"]]


class Maker:
    """Makes sub types of zaaktypen that follow the selectielijst."""

    def __init__(self, zgw: Zgw, urls: Mapping[str, str], catalogue: str) -> None:
        self.zgw = zgw
        self.urls = urls
        self.catalogue = catalogue

    async def zaaktype(self, *, published: bool = False, **fields: Any) -> str:
        """The URL of a new zaaktype of the process; a published one has a statustype."""
        values = {"selectielijstProcestype": self.urls["proces"], **fields}
        return await self.zgw.zaaktype(catalogue=self.catalogue, published=published, **values)

    async def publish(self, url: str) -> None:
        """Publish a type."""
        answer = await self.zgw.post(f"{url}/publish")
        assert answer.status == 200, answer

    def values(self, kind: Kind, zaaktype: str, **fields: Any) -> dict[str, Any]:
        """What a create sends."""
        values = {**kind.values, "zaaktype": zaaktype, **fields}
        return {
            name: self.urls.get(value, value)
            if name in ("selectielijstklasse", "resultaattypeomschrijving")
            else value
            for name, value in values.items()
        }

    async def sent(self, kind: Kind, zaaktype: str, **fields: Any) -> Answer:
        """The answer to a create."""
        return await self.zgw.post(kind.url, self.values(kind, zaaktype, **fields))

    async def make(self, kind: Kind, zaaktype: str, **fields: Any) -> Answer:
        """A new one; asserts that it was created."""
        answer = await self.sent(kind, zaaktype, **fields)
        assert answer.status == 201, answer
        return answer
