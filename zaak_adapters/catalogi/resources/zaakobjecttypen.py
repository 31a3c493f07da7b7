"""Zaakobjecttype: what zaken of a type are about."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from dms.model.change import Change, Values
from dms.model.fields import Datum, OwnLink, OwnUrl, ReadOnly, Text, Url, WriteOnly
from dms.model.filters import equals, extra, link
from dms.model.looked_up import Reverse
from dms.model.record import Record
from dms.model.resource import Resource
from zaak_adapters.catalogi import sub_types as sub
from zaak_adapters.catalogi.history import DATUM_GELDIGHEID

_Listed = Annotated[list[Annotated[str, Url()]], OwnUrl(), Field(max_length=1000)]


class ZaakObjectType(Record):
    """A kind of object, and the statustypen and resultaattypen for which it matters (C-83)."""

    url: OwnLink = ""
    ander_objecttype: bool
    begin_geldigheid: sub.Dag = None
    einde_geldigheid: sub.Dag = None
    begin_object: sub.Object = None
    einde_object: sub.Object = None
    objecttype: Annotated[str, Url(200)]
    relatie_omschrijving: Annotated[str, Text(80, shortest=1)]
    zaaktype: sub.Zaaktype
    zaaktype_identificatie: sub.OfTheZaaktype = ""
    resultaattypen: _Listed = Field(default_factory=list)
    resultaattype_omschrijving: Annotated[tuple[str, ...], ReadOnly()] = ()
    statustypen: _Listed = Field(default_factory=list)
    statustype: Annotated[
        Annotated[str, Url()] | None,
        WriteOnly(),
        OwnUrl(),
        Field(
            description="QC-9: één statustype, in plaats van statustypen.",
            json_schema_extra={"x-experimental": True},
        ),
    ] = None
    catalogus: sub.Catalogus = ""


def _statustypen(change: Change) -> list[str]:
    if "statustype" not in change.sent:
        return list(change.after["statustypen"])
    one = change.sent["statustype"]
    return [one] if one else []


def _one_statustype_is_a_list_of_one(change: Change) -> None:
    """QC-9: clients of another reading of the standard name a single statustype."""
    if change.new is not None:
        change.new["statustypen"] = _statustypen(change)
        change.new.pop("statustype", None)


def _listed(found: Values, record: Values) -> Any:
    return found["omschrijving"] if found["url"] in record["resultaattypen"] else None


ZAAKOBJECTTYPEN = Resource(
    api="catalogi",
    component="ztc",
    name="zaakobjecttypen",
    singular="zaakobjecttype",
    summary="De objecten waar zaken van een type over gaan.",
    record=ZaakObjectType,
    scopes=sub.SUB_SCOPES,
    parent=sub.ZAAKTYPE,
    filters=(
        equals("anderObjecttype", bool),
        link("catalogus"),
        equals("datumBeginGeldigheid", Datum, field="beginGeldigheid"),
        equals("datumEindeGeldigheid", Datum, field="eindeGeldigheid"),
        DATUM_GELDIGHEID,
        link("objecttype"),
        equals("relatieOmschrijving"),
        link("zaaktype"),
        equals("zaaktypeIdentificatie"),
        *extra(sub.STATUS),
    ),
    expands={**sub.EXPANDS, "resultaattypen": ("resultaattypen",), "statustypen": ("statustypen",)},
    reverses=(
        *sub.FIRST_AND_LAST,
        Reverse(
            field="resultaattypeOmschrijving",
            collection="resultaattypen",
            by="zaaktype",
            key="zaaktype",
            when=lambda record: bool(record["resultaattypen"]),
            show=_listed,
            fold=lambda names: [name for name in names if name is not None],
        ),
    ),
    needs=(
        sub.list_need("resultaattypen"),
        sub.list_need("statustypen", _statustypen),
        sub.referring("zaakobjecten", "zaakobjecttype"),
    ),
    derivations=(_one_statustype_is_a_list_of_one,),
    stages=(
        (),
        (
            *sub.RULES,
            sub.all_of_the_same_zaaktype("resultaattypen"),
            sub.all_of_the_same_zaaktype("statustypen"),
            sub.what_is_referred_to_stays,
        ),
    ),
    effects=(*sub.EFFECTS, sub.all_of_these_stay),
)
