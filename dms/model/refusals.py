"""Every way in which the service says no: one class a kind, with its HTTP status, code and title (G-34).

    Refusal
    ├── ParseError 400            ├── NotFound 404              ├── PreconditionFailed 412
    ├── Invalid 400               ├── MethodNotAllowed 405      ├── TooLarge 413
    ├── Denied 403                ├── NotAcceptable 406         ├── UnsupportedMediaType 415
    │   └── TokenRefused 403      ├── InConflict 409            ├── RangeNotSatisfiable 416
    ├── TooSlow 408               ├── NotCleared 409            ├── Unavailable 503
    └── StoreFull 507             └── KeyReused 409

`api` turns them into problem+json; nothing else does.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from dms.model.problems import NON_FIELD, Problem


class Refusal(Exception):
    """The request is refused, and nothing of it was kept.

    `detail` tells the client what happened this time, `remedy` what there is to do about its kind.
    """

    status: ClassVar[int] = 500
    code: str = "error"
    title: ClassVar[str] = "Er ging iets mis."
    remedy: ClassVar[str] = "Meld de instance van de fout bij de beheerder; die vindt haar in het logboek."

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title


class ParseError(Refusal):
    """The body cannot be read as what it says it is (G-11)."""

    status, code, title = 400, "parse_error", "Ongeldige invoer: de inhoud is niet te lezen."
    remedy = "Controleer of de inhoud is wat Content-Type zegt, en of de aanvraag heel overkwam."


class Invalid(Refusal):
    """One or more problems with fields (G-31)."""

    status, code, title = 400, "invalid", "Ongeldige invoer."
    remedy = "Verbeter de velden die invalidParams noemt; al wat in één keer te vinden was, staat erin."

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(" ".join(f"{problem.name}: {problem.reason}" for problem in self.problems[:20]))

    def __str__(self) -> str:
        return ", ".join(f"{problem.code} @ {problem.name}" for problem in self.problems)


class TooSlow(Refusal):
    """The client stopped sending for longer than the idle time allows."""

    status, code, title = 408, "request_timeout", "De aanvraag kwam niet op tijd binnen."
    remedy = "Stuur de aanvraag opnieuw, zonder lange stiltes. Een groot bestand kan in delen."


class Denied(Refusal):
    """The caller may not do this (G-43, G-49)."""

    status, code, title = 403, "permission_denied", "Je hebt geen toestemming om deze actie uit te voeren."
    remedy = "Gebruik een applicatie die een scope van deze bewerking heeft; de beheerder geeft die."


class TokenRefused(Denied):
    """The JWT is missing something, or does not hold (G-41); each way has its own code."""

    remedy = "De code zegt wat eraan schort. Maak een nieuw JWT, met het juiste client_id, secret en iat."

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


class NotFound(Refusal):
    """There is nothing at this URL."""

    status, code, title = 404, "not_found", "Niet gevonden."
    remedy = "Controleer de URL. Wat vernietigd is, komt niet terug."


class MethodNotAllowed(Refusal):
    """The resource does not know this method."""

    status, code, title = 405, "method_not_allowed", "Deze methode wordt hier niet ondersteund."
    remedy = "Gebruik een van de methoden die de header Allow noemt."


class NotAcceptable(Refusal):
    """None of the media types that the client accepts is offered."""

    status, code, title = 406, "not_acceptable", "Het gevraagde mediatype wordt niet aangeboden."
    remedy = "Vraag in Accept om application/json, of laat die header weg."


class InConflict(Refusal):
    """Others kept changing the same object while this was tried."""

    status, code, title = 409, "conflict", "Het object werd tegelijkertijd gewijzigd; probeer het opnieuw."
    remedy = "Haal het object opnieuw op, en herhaal de wijziging als die nog nodig is."


class KeyReused(Refusal):
    """A create was repeated with the Idempotency-Key of another one."""

    status, code, title = 409, "idempotency-key-reused", "Deze Idempotency-Key is al gebruikt."
    remedy = "Geef elke nieuwe aanvraag een nieuwe sleutel; herhaal met een sleutel alleen dezelfde aanvraag."


class NotCleared(Refusal):
    """The content is kept, but not handed out: it was not found clean of viruses, or not yet."""

    status, code, title = 409, "not-cleared", "De inhoud is niet vrijgegeven."
    remedy = "Wacht tot de virusscanner klaar is, en vraag anders de beheerder naar de uitslag."


class PreconditionFailed(Refusal):
    """A condition in the request's headers does not hold."""

    status, code, title = 412, "precondition_failed", "Niet aan de voorwaarde in de aanvraag voldaan."
    remedy = "Haal het object opnieuw op, en herhaal de aanvraag met zijn nieuwe ETag."


class TooLarge(Refusal):
    """The body, or a part of it, is over a limit."""

    status, code, title = 413, "request_entity_too_large", "De aanvraag is te groot."
    remedy = "Stuur minder ineens: een groot bestand kan in delen (bestandsdelen)."


class UnsupportedMediaType(Refusal):
    """The body's media type is not one that is read here."""

    status, code, title = 415, "unsupported_media_type", "Dit mediatype wordt hier niet ondersteund."
    remedy = "Stuur de aanvraag met het Content-Type dat de bewerking noemt."


class RangeNotSatisfiable(Refusal):
    """The requested range lies outside the body; `size` is what the body has."""

    status, code, title = 416, "range_not_satisfiable", "Het gevraagde bereik valt buiten het bestand."
    remedy = "Vraag om bytes binnen de grootte die de header Content-Range noemt."

    def __init__(self, size: int) -> None:
        super().__init__(f"Het bestand is {size} bytes groot.")
        self.size = size


class Unavailable(Refusal):
    """A store does not answer, or the service is stopping."""

    status, code, title = 503, "unavailable", "De dienst is even niet beschikbaar; probeer het later opnieuw."
    remedy = "Probeer het opnieuw na het aantal seconden in de header Retry-After."


class StoreFull(Refusal):
    """There is no room to store this. What was stored before can still be read."""

    status, code, title = 507, "insufficient_storage", "Er is geen opslagruimte meer; meld het de beheerder."
    remedy = "Waarschuw de beheerder. Wat er al stond, is nog te lezen."


def invalid(code: str, reason: str, name: str = NON_FIELD) -> Invalid:
    """The refusal for a single problem."""
    return Invalid([Problem(name, code, reason)])
