"""What belongs to a document, in a few words."""

from __future__ import annotations

from typing import Any

from dms.autorisaties.access import Grant
from tests.zgw import Answer, Zgw

ROOT = "/documenten/api/v1"
USAGE = f"{ROOT}/gebruiksrechten"
SENDINGS = f"{ROOT}/verzendingen"
MIRRORS = f"{ROOT}/objectinformatieobjecten"
WRONG_LOCK = (400, "incorrect-lock-id", "nonFieldErrors")
"""The refusal of a lock that is not the document's (D-10, D-11, D-48)."""


def usage_values(document: str, **fields: Any) -> dict[str, Any]:
    """The required fields of gebruiksrechten, and others."""
    return {
        "informatieobject": document,
        "startdatum": "2026-01-01T00:00:00Z",
        "omschrijvingVoorwaarden": "Alleen voor intern gebruik",
        **fields,
    }


def sending_values(document: str, **fields: Any) -> dict[str, Any]:
    """The required fields of a verzending, with an address unless the fields have one, and others."""
    return {
        "betrokkene": "https://klanten.nl/api/v1/klanten/1",
        "informatieobject": document,
        "aardRelatie": "geadresseerde",
        "contactPersoon": "https://klanten.nl/api/v1/personen/1",
        **(fields or {"emailadres": "j.jansen@example.nl"}),
    }


async def usage_of(zgw: Zgw, document: str, **fields: Any) -> Answer:
    """New gebruiksrechten of a document; asserts that they were created."""
    answer = await zgw.post(USAGE, usage_values(document, **fields))
    assert answer.status == 201, answer
    return answer


async def sending_of(zgw: Zgw, document: str, **fields: Any) -> Answer:
    """A new verzending of a document; asserts that it was created."""
    answer = await zgw.post(SENDINGS, sending_values(document, **fields))
    assert answer.status == 201, answer
    return answer


def grant(zgw: Zgw, type_: str, *scopes: str, level: int | None = None) -> Grant:
    """Scopes on the documents of one type, up to a level."""
    return Grant(
        "drc", frozenset(f"documenten.{scope}" for scope in scopes), type_.removeprefix(zgw.origin), level
    )
