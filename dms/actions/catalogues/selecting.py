"""Finds the catalogue or the zaaktype that a person means."""

from __future__ import annotations

from dms.actions.service import Dms
from dms.model.query import And, By, Equals, Or, Query
from dms.storage.metadata.port import Record

_NEWEST_BEGIN = (By("beginGeldigheid", descending=True), By("_id"))


class NotOne(Exception):
    """There is nothing like what was meant, or more than one thing. Its text says which."""


async def the_catalogue(dms: Dms, meant: str) -> Record:
    """The catalogue with this URL or UUID, with this DOMEIN-RSIN, or with this domein if there is only one;
    for "" the only one there is. Raises `NotOne`."""
    id = meant.rstrip("/").rpartition("/")[2].lower()
    domein, _, rsin = meant.partition("-")
    query: Query = And()
    if meant:
        both = And((Equals("domein", domein), Equals("rsin", rsin)))
        query = Or((Equals("_id", id), both, Equals("domein", meant)))
    found = await dms.metadata.find("catalogussen", query, limit=20)
    if len(found) == 1:
        return found[0]
    if not found:
        raise NotOne(f"There is no catalogue {meant!r}." if meant else "There is no catalogue here.")
    names = ", ".join(sorted(f"{each['domein']}-{each['rsin']}" for each in found))
    raise NotOne(f"Which catalogue is meant? There are {names}.")


async def the_zaaktypen(dms: Dms, meant: str, catalogue: Record | None) -> list[Record]:
    """The zaaktype with this URL or UUID, or all versions of that with this identificatie, those that began
    last in front. Raises `NotOne`."""
    id = meant.rstrip("/").rpartition("/")[2].lower()
    query: Query = Or((Equals("_id", id), Equals("identificatie", meant)))
    if catalogue is not None:
        query = And((query, Equals("catalogus", catalogue["url"])))
    found = await dms.metadata.find("zaaktypen", query, order=_NEWEST_BEGIN)
    if not found:
        raise NotOne(f"There is no zaaktype {meant!r}.")
    if len({each["catalogus"] for each in found}) > 1:
        raise NotOne(f"There is a zaaktype {meant!r} in several catalogues: name the catalogue too.")
    return found
