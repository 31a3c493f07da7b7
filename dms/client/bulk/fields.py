"""The fields that a person gives a document, in the standard's names: checked before anything is sent."""

from __future__ import annotations

import mimetypes
import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from dms.client.failures import Failure, printable
from dms.model.fields import RSIN, Datum, Plain, Taal, Text, Url, Vertrouwelijkheidaanduiding

REQUIRED = ("informatieobjecttype", "bronorganisatie", "titel", "auteur", "taal", "creatiedatum")
_TRUTH = {"ja": True, "waar": True, "nee": False, "onwaar": False}
_DUTCH_DATE = re.compile(r"(\d{1,2})-(\d{1,2})-(\d{4})", re.ASCII)
_LONGEST_VALUE = 40
_CLOSED = ConfigDict(extra="forbid", str_strip_whitespace=True, alias_generator=to_camel)


class Ondertekening(BaseModel):
    """How and when it was signed."""

    model_config = _CLOSED
    soort: Literal["analoog", "digitaal", "pki"]
    datum: Datum


class Integriteit(BaseModel):
    """A checksum; without one, that of the file is sent along."""

    model_config = _CLOSED
    algoritme: str
    waarde: Annotated[str, Text(128, shortest=1)]
    datum: Datum


class Given(BaseModel):
    """What may be given: all that a client writes, except the content and its size."""

    model_config = _CLOSED
    identificatie: Annotated[str, Text(40)] = ""
    bronorganisatie: RSIN = ""
    creatiedatum: Datum = ""
    titel: Annotated[str, Text(200, shortest=1)] = ""
    vertrouwelijkheidaanduiding: Vertrouwelijkheidaanduiding | Literal[""] = ""
    is_gereed_voor_publicatie: bool | None = None
    tonen_aan_initiator: bool = False
    auteur: Annotated[str, Text(200, shortest=1)] = ""
    status: Literal["in_bewerking", "ter_vaststelling", "definitief", "gearchiveerd", ""] = ""
    inhoud_is_vervallen: bool | None = None
    formaat: Annotated[str, Text(255)] = ""
    taal: Taal = ""
    bestandsnaam: Annotated[str, Text(255)] = ""
    link: Annotated[str, Url(200, blank=True)] = ""
    beschrijving: Annotated[str, Text(1000)] = ""
    ontvangstdatum: Datum | None = None
    verzenddatum: Datum | None = None
    indicatie_gebruiksrecht: bool | None = None
    verschijningsvorm: Plain = ""
    ondertekening: Ondertekening | None = None
    integriteit: Integriteit | None = None
    informatieobjecttype: Annotated[str, Url(200)] = ""
    trefwoorden: Annotated[list[Annotated[str, Text(100)]], Field(max_length=1000)] = []


_GROUPS: dict[str, type[BaseModel]] = {"ondertekening": Ondertekening, "integriteit": Integriteit}
_FLAGS = {to_camel(name) for name, field in Given.model_fields.items() if "bool" in str(field.annotation)}
COLUMNS = tuple(
    column
    for name in map(to_camel, Given.model_fields)
    for column in (
        [f"{name}.{member}" for member in _GROUPS[name].model_fields] if name in _GROUPS else [name]
    )
)
"""The fields by the names of their columns: `ondertekening.soort` is the `soort` of `ondertekening`."""


class WrongFields(Failure):
    """Fields that no server takes; `problems` holds a line for each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def of_cells(cells: Mapping[str, str]) -> dict[str, Any]:
    """The values that cells of a table stand for: dates as Dutch spreadsheets write them become those of the
    standard, `ja` and `nee` become truth values, and trefwoorden are split at commas."""
    values: dict[str, Any] = {}
    for column, cell in cells.items():
        name, _, member = column.partition(".")
        if member:
            values.setdefault(name, {})[member] = _plain(member, cell)
        else:
            values[name] = _plain(name, cell)
    return values


def _plain(name: str, cell: str) -> Any:
    text = cell.strip()
    if name == "trefwoorden":
        return [word for part in text.split(",") if (word := part.strip())]
    if name in _FLAGS:
        return _TRUTH.get(text.lower(), text)
    if "datum" in name and (found := _DUTCH_DATE.fullmatch(text)):
        return f"{found[3]}-{found[2]:0>2}-{found[1]:0>2}"
    return text


def checked(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as they are sent. Raises `WrongFields`."""
    try:
        given = Given.model_validate(dict(values), by_alias=True, by_name=False)
    except ValidationError as error:
        raise WrongFields([_said(problem) for problem in error.errors(include_url=False)]) from None
    return given.model_dump(by_alias=True, exclude_unset=True)


def _said(problem: Mapping[str, Any]) -> str:
    place = ".".join(str(step) for step in problem["loc"])
    if problem["type"] == "extra_forbidden":
        return printable(f"{place[:_LONGEST_VALUE]}: not a field of a document that can be given")
    value = problem.get("input")
    shown = f" ({value[:_LONGEST_VALUE]!r})" if isinstance(value, str) and value else ""
    return printable(f"{place}: {str(problem['msg']).rstrip('.')}{shown}")


def missing(values: Mapping[str, Any]) -> list[str]:
    """What a document cannot do without and is not among the values."""
    return [name for name in REQUIRED if not values.get(name)]


def of_file(file: Path, changed: float) -> dict[str, Any]:
    """What a file says of its document; `changed` is when it last did, in seconds."""
    name = os.fsencode(file.name).decode(errors="replace")
    return {
        "bestandsnaam": name,
        "titel": name[:200],
        "formaat": mimetypes.guess_type(name)[0] or "application/octet-stream",
        "creatiedatum": datetime.fromtimestamp(changed, UTC).astimezone().date().isoformat(),
    }
