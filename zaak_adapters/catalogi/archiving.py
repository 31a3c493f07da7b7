"""Resultaattype and the selectielijst: what follows from its class, and when the term of archiving begins
(RULES 4.6)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator

from dms.model.change import Change
from dms.model.fields import Duur, Text
from dms.model.problems import NON_FIELD, Problem
from dms.model.record import Group

Archiefnominatie: TypeAlias = Literal["", "blijvend_bewaren", "vernietigen"]
Afleidingswijze: TypeAlias = Literal[
    "afgehandeld",
    "ander_datumkenmerk",
    "eigenschap",
    "gerelateerde_zaak",
    "hoofdzaak",
    "ingangsdatum_besluit",
    "termijn",
    "vervaldatum_besluit",
    "zaakobject",
]
Objecttype: TypeAlias = Literal[
    "",
    "adres",
    "besluit",
    "buurt",
    "enkelvoudig_document",
    "gemeente",
    "gemeentelijke_openbare_ruimte",
    "huishouden",
    "inrichtingselement",
    "kadastrale_onroerende_zaak",
    "kunstwerkdeel",
    "maatschappelijke_activiteit",
    "medewerker",
    "natuurlijk_persoon",
    "niet_natuurlijk_persoon",
    "openbare_ruimte",
    "organisatorische_eenheid",
    "pand",
    "spoorbaandeel",
    "status",
    "terreindeel",
    "terrein_gebouwd_object",
    "vestiging",
    "waterdeel",
    "wegdeel",
    "wijk",
    "woonplaats",
    "woz_deelobject",
    "woz_object",
    "woz_waarde",
    "zakelijk_recht",
    "overige",
]


def _null_is(empty: Any) -> BeforeValidator:
    """Null counts as empty (RULES 4.6)."""
    return BeforeValidator(lambda value: empty if value is None else value)


class BrondatumArchiefprocedure(Group):
    """From which date the term of archiving runs."""

    afleidingswijze: Afleidingswijze
    datumkenmerk: Annotated[str, Text(80), _null_is("")] = ""
    einddatum_bekend: Annotated[bool, _null_is(False)] = False
    objecttype: Annotated[Objecttype, _null_is("")] = ""
    registratie: Annotated[str, Text(80), _null_is("")] = ""
    procestermijn: Duur | None = None


REQUIRED, EMPTY, FREE = "R", "E", "o"
FIELDS = ("datumkenmerk", "einddatumBekend", "objecttype", "registratie", "procestermijn")
TABLE: dict[str, str] = {
    "afgehandeld": "EEEEE",
    "ander_datumkenmerk": "RoRRE",
    "eigenschap": "RoEEE",
    "gerelateerde_zaak": "EoEEE",
    "hoofdzaak": "EoEEE",
    "ingangsdatum_besluit": "EoEEE",
    "termijn": "EEEER",
    "vervaldatum_besluit": "EoEEE",
    "zaakobject": "RoREE",
}
"""ztc-004 to ztc-008: what each afleidingswijze asks of the fields, in their order."""


def derive_from_the_selectielijst(change: Change) -> None:
    """ztc-002: what is left out follows from the class of the selectielijst and from the generic description.
    Of the class is kept what rules ask of it, for changes that do not name it again."""
    if change.new is None:
        return
    if described := change.related.get("resultaattypeomschrijving"):
        change.new["omschrijvingGeneriek"] = described["omschrijving"]
    if found := change.related.get("selectielijstklasse"):
        names = ("procesType", "procestermijn", "waardering", "bewaartermijn")
        change.new["_klasse"] = {name: found.get(name) for name in names}
    if chosen := change.new.get("_klasse"):
        change.new["archiefnominatie"] = change.new["archiefnominatie"] or chosen["waardering"]
        change.new["archiefactietermijn"] = change.new["archiefactietermijn"] or chosen["bewaartermijn"]


def its_class_is_of_the_procestype(change: Change) -> Iterator[Problem]:
    """ztc-002: the class of the selectielijst is one of the procestype of the zaaktype."""
    if change.new is None:
        return
    if change.new["_klasse"]["procesType"] != change.related["zaaktype"]["selectielijstProcestype"]:
        reason = "De selectielijstklasse hoort niet bij het procestype van het zaaktype."
        yield Problem(NON_FIELD, "procestype-mismatch", reason)


def the_afleidingswijze_fits_the_procestermijn(change: Change) -> Iterator[Problem]:
    """ztc-003, QC-6: nihil goes with afgehandeld and with nothing else, an estimated term with termijn."""
    if change.new is None or not change.new["brondatumArchiefprocedure"]:
        return
    way = change.new["brondatumArchiefprocedure"]["afleidingswijze"]
    term = change.new["_klasse"]["procestermijn"]
    if term and (
        (term == "nihil") != (way == "afgehandeld")
        or (term == "ingeschatte_bestaansduur_procesobject" and way != "termijn")
    ):
        reason = f"De afleidingswijze {way} past niet bij de procestermijn {term}."
        yield Problem(NON_FIELD, "invalid-afleidingswijze-for-procestermijn", reason)


def what_is_destroyed_has_a_brondatum(change: Change) -> Iterator[Problem]:
    """C-70: without brondatumArchiefprocedure there is only what is kept for ever."""
    if (
        change.new is not None
        and change.new["brondatumArchiefprocedure"] is None
        and change.new["archiefnominatie"] != "blijvend_bewaren"
    ):
        yield Problem("brondatumArchiefprocedure", "required", "Dit veld is vereist om te vernietigen.")


def the_brondatum_is_complete(change: Change) -> Iterator[Problem]:
    """ztc-004 to ztc-008: each afleidingswijze asks for some fields, and leaves no room for others."""
    procedure = (change.new or {}).get("brondatumArchiefprocedure")
    if not procedure:
        return
    way = procedure["afleidingswijze"]
    for name, wanted in zip(FIELDS, TABLE[way], strict=True):
        path = f"brondatumArchiefprocedure.{name}"
        if wanted == REQUIRED and not procedure[name]:
            yield Problem(path, "required", f"Dit veld is vereist bij de afleidingswijze {way}.")
        if wanted == EMPTY and procedure[name]:
            yield Problem(path, "must-be-empty", f"Dit veld moet leeg zijn bij de afleidingswijze {way}.")
