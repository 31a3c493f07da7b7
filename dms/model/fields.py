"""The field types of the standard: what each accepts, how it is stored, and its problem codes.

Every type yields JSON: a date is the text `2026-11-24`, a moment the text of a UTC instant. A problem is
raised with the code of the standard (G-15), as the type of pydantic's error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Literal, TypeAlias, get_args
from urllib.parse import urlsplit
from uuid import UUID

import isodate
from annotated_types import GroupedMetadata
from pydantic import (
    AfterValidator,
    AllowInfNan,
    BeforeValidator,
    Field,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

Vertrouwelijkheidaanduiding: TypeAlias = Literal[
    "openbaar",
    "beperkt_openbaar",
    "intern",
    "zaakvertrouwelijk",
    "vertrouwelijk",
    "confidentieel",
    "geheim",
    "zeer_geheim",
]

VERTROUWELIJKHEID: dict[str, int] = {
    name: level for level, name in enumerate(get_args(Vertrouwelijkheidaanduiding), start=1)
}
"""The order of G-51, as numbers from 1 (openbaar) to 8 (zeer_geheim)."""


@dataclass(frozen=True, slots=True)
class ReadOnly:
    """Marks a field that clients read and the service writes; in a request it is ignored (G-12).

    `listed` tells that the standard's schema has it among what may be sent, though it follows from the rest.
    """

    listed: bool = False


@dataclass(frozen=True, slots=True)
class WriteOnly:
    """Marks a field that clients write and never read."""


@dataclass(frozen=True, slots=True)
class Immutable:
    """Marks a field that may be sent again on an update only with the value it has (G-122)."""


@dataclass(frozen=True, slots=True)
class To:
    """Marks a URL as a reference to a record of this resource.

    `strict` chooses the codes for one that is not there (G-121): `does_not_exist` and its kin, or
    `bad-url`. `published` demands that what is referred to is no concept.
    """

    resource: str
    strict: bool = False
    published: bool = False


@dataclass(frozen=True, slots=True)
class OwnUrl:
    """Marks a text that, when it begins with `/`, is a URL of this installation."""


def refuse(code: str, reason: str) -> PydanticCustomError:
    """A problem with this code; braces in the reason would be taken for placeholders, so there are none."""
    return PydanticCustomError(code, reason)


def _no_nul(text: str) -> str:
    if "\x00" in text:
        raise refuse("null_characters_not_allowed", "Het teken NUL is niet toegestaan.")
    return text


Plain: TypeAlias = Annotated[str, AfterValidator(_no_nul)]
"""Text of any length that holds no NUL."""


@dataclass(frozen=True, slots=True)
class Text(GroupedMetadata):
    """Text of `shortest` to `longest` characters, spaces around it dropped."""

    longest: int
    shortest: int = 0

    def __iter__(self) -> Iterator[object]:
        yield StringConstraints(max_length=self.longest, min_length=self.shortest)
        yield AfterValidator(_no_nul)


def _eleven_test(digits: str) -> bool:
    weights = (9, 8, 7, 6, 5, 4, 3, 2, -1)
    total = sum(weight * int(digit) for weight, digit in zip(weights, digits, strict=True))
    return total % 11 == 0


def _nine_digits(value: str) -> str:
    if value == "":
        raise refuse("blank", "Dit veld mag niet leeg zijn.")
    if not (value.isascii() and value.isdigit()):
        raise refuse("only-digits", "Alleen cijfers zijn toegestaan.")
    if len(value) != 9:
        code = "min_length" if len(value) < 9 else "max_length"
        raise refuse(code, "De waarde moet precies 9 cijfers lang zijn.")
    if not _eleven_test(value):
        raise refuse("invalid", "De waarde voldoet niet aan de elfproef.")
    return value


RSIN: TypeAlias = Annotated[
    str, AfterValidator(_nine_digits), WithJsonSchema({"type": "string", "minLength": 9, "maxLength": 9})
]
"""G-17: nine digits that pass the eleven test."""

BSN: TypeAlias = RSIN
"""G-17: the same form; kept apart because a BSN never reaches a log."""


def _taal(value: str) -> str:
    lowered = value.lower()
    if not (lowered.isascii() and lowered.isalpha()):
        raise refuse("invalid", "Gebruik een taalcode van drie letters volgens ISO 639-2/B.")
    return lowered


def _sha256(value: str) -> str:
    lowered = value.lower()
    if not re.fullmatch(r"[0-9a-f]{64}", lowered):
        raise refuse("invalid", "Dit is geen SHA-256 in 64 hexadecimale cijfers.")
    return lowered


SHA256: TypeAlias = Annotated[str, AfterValidator(_sha256)]
"""A SHA-256 in 64 hexadecimal digits."""

_UUID = re.compile(r"[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}")


def _uuid(value: str) -> str:
    lowered = value.lower()
    if not _UUID.fullmatch(lowered):
        raise refuse("invalid", "Dit is geen UUID.")
    return str(UUID(lowered))


Uuid: TypeAlias = Annotated[str, AfterValidator(_uuid), WithJsonSchema({"type": "string", "format": "uuid"})]
"""A UUID, in lower case and with its hyphens."""

Taal: TypeAlias = Annotated[str, StringConstraints(min_length=3, max_length=3), AfterValidator(_taal)]
"""A language by its three letters (ISO 639-2/B); upper case is accepted and stored in lower case."""

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def _datum(value: object) -> str:
    if isinstance(value, str) and _DATE.fullmatch(value):
        try:
            return date.fromisoformat(value).isoformat()
        except ValueError:
            pass
    raise refuse("invalid", "Gebruik een bestaande datum in de vorm JJJJ-MM-DD.")


def _nullable_through(check: Callable[[object], str]) -> Callable[[object], object]:
    """Leave null to the type, so that it is `null` where it is not allowed and not `invalid`."""
    return lambda value: value if value is None else check(value)


Datum: TypeAlias = Annotated[
    str, BeforeValidator(_nullable_through(_datum)), WithJsonSchema({"type": "string", "format": "date"})
]
"""G-14: a calendar date; a moment is no date."""

_MOMENT = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?([Zz]|[+-]\d{2}(:?\d{2})?)?", re.ASCII
)


def moment_text(instant: datetime) -> str:
    """An instant as it is stored: UTC, to the microsecond, always as long, so that text sorts as time."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0")


def parse_moment(value: str) -> datetime | None:
    """The instant that an ISO-8601 text names, or None. Without an offset it is the server's own time."""
    if not _MOMENT.fullmatch(value):
        return None
    try:
        return datetime.fromisoformat(value.upper().replace(",", ".")).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _moment(value: object) -> str:
    instant = parse_moment(value) if isinstance(value, str) else None
    if instant is None:
        raise refuse("invalid", "Gebruik een moment volgens ISO 8601, zoals 2026-11-24T13:45:00+01:00.")
    return moment_text(instant)


Moment: TypeAlias = Annotated[
    str,
    BeforeValidator(_nullable_through(_moment)),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""G-14: an instant with its offset; without one it is in the server's time zone. Stored in UTC."""


def _duur(value: object) -> str:
    if isinstance(value, str) and value.startswith("P") and not value.endswith("T"):
        try:
            isodate.parse_duration(value)
        except (ValueError, ArithmeticError, TypeError):
            pass
        else:
            return value
    raise refuse("invalid", "Gebruik een duur volgens ISO 8601, zoals P5Y4M.")


Duur: TypeAlias = Annotated[
    str, BeforeValidator(_nullable_through(_duur)), WithJsonSchema({"type": "string", "format": "duration"})
]
"""G-14: an ISO-8601 duration, kept as it was written."""


def is_url(value: str) -> bool:
    """Whether a text is an absolute http(s) or ftp URL with a host and no spaces or control characters."""
    if not value.isprintable() or " " in value:
        return False
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme in {"http", "https", "ftp"} and bool(parts.hostname)


def _url(value: str) -> str:
    if not is_url(value):
        raise refuse("invalid", "Dit is geen geldige URL.")
    return value


def _url_or_blank(value: str) -> str:
    return value if value == "" else _url(value)


@dataclass(frozen=True, slots=True)
class Url(GroupedMetadata):
    """An absolute URL of at most `longest` characters; with `blank`, or the empty text for none."""

    longest: int = 1000
    blank: bool = False

    def __iter__(self) -> Iterator[object]:
        yield StringConstraints(max_length=self.longest, min_length=0 if self.blank else 1)
        yield AfterValidator(_url_or_blank if self.blank else _url)
        yield OwnUrl()
        yield Field(json_schema_extra={"format": "uri"})


OwnLink: TypeAlias = Annotated[str, OwnUrl(), ReadOnly(), Field(json_schema_extra={"format": "uri"})]
"""A URL of this installation that the service itself wrote."""


def no_truth_value(value: object) -> object:
    """For numbers: true and false are none."""
    if isinstance(value, bool):
        raise refuse("invalid", "Gebruik een geheel getal.")
    return value


def _wide(value: int) -> int:
    if value > 2**63 - 1:
        raise refuse("max_value", "De waarde is te groot.")
    return value


Omvang: TypeAlias = Annotated[
    int,
    BeforeValidator(no_truth_value),
    Field(ge=0),
    AfterValidator(_wide),
    WithJsonSchema({"type": "integer", "format": "int64", "minimum": 0, "maximum": 2**63 - 1}),
]
"""A size in bytes, 0 to 2^63 - 1."""


def _no_flag(value: object) -> object:
    if isinstance(value, bool):
        raise refuse("invalid", "Dit is geen getal.")
    return value


Decimal: TypeAlias = Annotated[float, AllowInfNan(False), BeforeValidator(_no_flag)]
"""A finite number; true and false are none."""


def _email(value: str) -> str:
    local, at, domain = value.rpartition("@")
    if value == "":
        return value
    if not (at and local and "." in domain and value.isprintable() and " " not in value):
        raise refuse("invalid", "Dit is geen geldig e-mailadres.")
    return value


Email: TypeAlias = Annotated[
    str,
    StringConstraints(max_length=254),
    AfterValidator(_email),
    Field(json_schema_extra={"format": "email"}),
]
"""An e-mail address, or the empty text for none."""
