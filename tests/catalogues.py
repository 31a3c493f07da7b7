"""A catalogue as another service would export it: one list a resource, with URLs of that service."""

from __future__ import annotations

import uuid
from collections import defaultdict
from typing import Any

from tests.zgw import besluittype_values, informatieobjecttype_values, zaaktype_values

ELSEWHERE = "https://open-zaak.example.nl"
LISTS = "/referentielijsten/api/v1"
_NAMESPACE = uuid.UUID("8d5c3c0e-7c55-4a1b-9b7e-7c7d6a3b9c01")


def url_of(resource: str, *names: object, origin: str = ELSEWHERE) -> str:
    """The URL there of what is known by these names."""
    return f"{origin}/catalogi/api/v1/{resource}/{uuid.uuid5(_NAMESPACE, f'{resource} {names}')}"


class Exported:
    """Lists that grow. All that is made is published, unless it is told otherwise."""

    def __init__(self, *, origin: str = ELSEWHERE, selectielijst: dict[str, str] | None = None) -> None:
        self.origin = origin
        self.selectielijst = selectielijst or {}
        self.lists: dict[str, list[dict[str, Any]]] = defaultdict(list)

    def url(self, resource: str, *names: object) -> str:
        """The URL of what is known by these names."""
        return url_of(resource, *names, origin=self.origin)

    def catalogue(self, domein: str = "UTRE", rsin: str = "517439943") -> str:
        """The URL of a new catalogue."""
        url = self.url("catalogussen", domein, rsin)
        values = {"domein": domein, "rsin": rsin, "contactpersoonBeheerNaam": "Beheer", "naam": "Proef"}
        self.lists["Catalogus"].append({"url": url, **values, "zaaktypen": [], "informatieobjecttypen": []})
        return url

    def document_type(self, catalogue: str, name: str, begin: str = "2020-01-01", **fields: Any) -> str:
        """The URL of a new informatieobjecttype."""
        url = self.url("informatieobjecttypen", name, begin)
        values = informatieobjecttype_values(
            catalogue, omschrijving=name, beginGeldigheid=begin, concept=False
        )
        self.lists["InformatieObjectType"].append({"url": url, **values, **fields})
        return url

    def besluittype(self, catalogue: str, name: str, *document_types: str, **fields: Any) -> str:
        """The URL of a new besluittype."""
        url = self.url("besluittypen", name)
        values = {**besluittype_values(catalogue), "omschrijving": name, "concept": False, "zaaktypen": []}
        self.lists["BesluitType"].append(
            {"url": url, **values, "informatieobjecttypen": list(document_types), **fields}
        )
        return url

    def zaaktype(self, catalogue: str, name: str, begin: str = "2020-01-01", **fields: Any) -> str:
        """The URL of a new zaaktype."""
        url = self.url("zaaktypen", name, begin)
        values = zaaktype_values(catalogue, identificatie=name, beginGeldigheid=begin, concept=False)
        if "proces" in self.selectielijst:
            values["selectielijstProcestype"] = self.selectielijst["proces"]
        self.lists["ZaakType"].append({"url": url, **values, **fields})
        return url

    def sub_type(self, file: str, resource: str, zaaktype: str, *names: object, **fields: Any) -> str:
        """The URL of something new that belongs to a zaaktype."""
        url = self.url(resource, zaaktype, *names)
        self.lists[file].append({"url": url, "zaaktype": zaaktype, **fields})
        return url

    def sub_types(self, zaaktype: str, *document_types: str, states: int = 2) -> None:
        """Some of everything that belongs to a zaaktype."""
        statustypen = [
            self.sub_type(
                "StatusType",
                "statustypen",
                zaaktype,
                number,
                omschrijving=f"Fase {number}",
                volgnummer=number,
            )
            for number in range(1, states + 1)
        ]
        self.sub_type(
            "Eigenschap",
            "eigenschappen",
            zaaktype,
            naam="hoogte",
            definitie="Hoe hoog.",
            specificatie={"formaat": "tekst", "lengte": "20", "kardinaliteit": "1"},
            statustype=statustypen[0],
        )
        self.sub_type(
            "RolType", "roltypen", zaaktype, omschrijving="Aanvrager", omschrijvingGeneriek="initiator"
        )
        results = []
        if self.selectielijst:
            results = [self.resultaattype(zaaktype, name) for name in ("Verleend", "Geweigerd")]
        self.sub_type(
            "ZaakObjectType",
            "zaakobjecttypen",
            zaaktype,
            anderObjecttype=False,
            objecttype="https://objecten.test/pand",
            relatieOmschrijving="Het pand",
            statustypen=statustypen[:1],
            resultaattypen=results[:1],
        )
        for number, document_type in enumerate(document_types, start=1):
            self.sub_type(
                "ZaakTypeInformatieObjectType",
                "zaaktype-informatieobjecttypen",
                zaaktype,
                number,
                informatieobjecttype=document_type,
                volgnummer=number,
                richting="inkomend",
                statustype=statustypen[-1],
            )

    def resultaattype(self, zaaktype: str, name: str) -> str:
        """The URL of a new resultaattype of the selectielijst."""
        return self.sub_type(
            "ResultaatType",
            "resultaattypen",
            zaaktype,
            name,
            omschrijving=name,
            resultaattypeomschrijving=self.selectielijst["omschrijving"],
            selectielijstklasse=self.selectielijst["zonder"],
            archiefnominatie="vernietigen",
            archiefactietermijn="P10Y",
            brondatumArchiefprocedure={"afleidingswijze": "afgehandeld"},
        )

    def whole(self, zaaktypen: int = 3, *, domein: str = "UTRE", states: int = 2) -> str:
        """The URL of a catalogue with some of everything, with relations in all directions."""
        catalogue = self.catalogue(domein)
        documents = [self.document_type(catalogue, name) for name in ("Aanvraag", "Bijlage", "Besluit")]
        decision = self.besluittype(catalogue, "Vergunning", documents[2])
        urls = [self.url("zaaktypen", f"ZT-{number:03}", "2020-01-01") for number in range(zaaktypen)]
        for number in range(zaaktypen):
            related = {"zaaktype": urls[number - 1], "aardRelatie": "vervolg", "toelichting": ""}
            url = self.zaaktype(
                catalogue,
                f"ZT-{number:03}",
                besluittypen=[decision],
                gerelateerdeZaaktypen=[related],
                deelzaaktypen=urls[number + 1 : number + 2],
            )
            self.sub_types(url, *documents[:2], states=states)
        return catalogue
