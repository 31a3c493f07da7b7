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
    """The request is refused, and nothing of it was kept. `detail` tells the client what to do."""

    status: ClassVar[int] = 500
    code: str = "error"
    title: ClassVar[str] = "Er ging iets mis."

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title


class ParseError(Refusal):
    """The body cannot be read as what it says it is (G-11)."""

    status, code, title = 400, "parse_error", "Ongeldige invoer: de inhoud is niet te lezen."


class Invalid(Refusal):
    """One or more problems with fields (G-31)."""

    status, code, title = 400, "invalid", "Ongeldige invoer."

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(" ".join(f"{problem.name}: {problem.reason}" for problem in self.problems[:20]))

    def __str__(self) -> str:
        return ", ".join(f"{problem.code} @ {problem.name}" for problem in self.problems)


class TooSlow(Refusal):
    """The client stopped sending for longer than the idle time allows."""

    status, code, title = 408, "request_timeout", "De aanvraag kwam niet op tijd binnen."


class Denied(Refusal):
    """The caller may not do this (G-43, G-49)."""

    status, code, title = 403, "permission_denied", "Je hebt geen toestemming om deze actie uit te voeren."


class TokenRefused(Denied):
    """The JWT is missing something, or does not hold (G-41); each way has its own code."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


class NotFound(Refusal):
    """There is nothing at this URL."""

    status, code, title = 404, "not_found", "Niet gevonden."


class MethodNotAllowed(Refusal):
    """The resource does not know this method."""

    status, code, title = 405, "method_not_allowed", "Deze methode wordt hier niet ondersteund."


class NotAcceptable(Refusal):
    """None of the media types that the client accepts is offered."""

    status, code, title = 406, "not_acceptable", "Het gevraagde mediatype wordt niet aangeboden."


class InConflict(Refusal):
    """Others kept changing the same object while this was tried."""

    status, code, title = 409, "conflict", "Het object werd tegelijkertijd gewijzigd; probeer het opnieuw."


class KeyReused(Refusal):
    """A create was repeated with the Idempotency-Key of another one."""

    status, code, title = 409, "idempotency-key-reused", "Deze Idempotency-Key is al gebruikt."


class NotCleared(Refusal):
    """The content is kept, but not handed out: it was not found clean of viruses, or not yet."""

    status, code, title = 409, "not-cleared", "De inhoud is niet vrijgegeven."


class PreconditionFailed(Refusal):
    """A condition in the request's headers does not hold."""

    status, code, title = 412, "precondition_failed", "Niet aan de voorwaarde in de aanvraag voldaan."


class TooLarge(Refusal):
    """The body, or a part of it, is over a limit."""

    status, code, title = 413, "request_entity_too_large", "De aanvraag is te groot."


class UnsupportedMediaType(Refusal):
    """The body's media type is not one that is read here."""

    status, code, title = 415, "unsupported_media_type", "Dit mediatype wordt hier niet ondersteund."


class RangeNotSatisfiable(Refusal):
    """The requested range lies outside the body; `size` is what the body has."""

    status, code, title = 416, "range_not_satisfiable", "Het gevraagde bereik valt buiten het bestand."

    def __init__(self, size: int) -> None:
        super().__init__(f"Het bestand is {size} bytes groot.")
        self.size = size


class Unavailable(Refusal):
    """A store does not answer, or the service is stopping."""

    status, code, title = 503, "unavailable", "De dienst is even niet beschikbaar; probeer het later opnieuw."


class StoreFull(Refusal):
    """There is no room to store this. What was stored before can still be read."""

    status, code, title = 507, "insufficient_storage", "Er is geen opslagruimte meer; meld het de beheerder."


def invalid(code: str, reason: str, name: str = NON_FIELD) -> Invalid:
    """The refusal for a single problem."""
    return Invalid([Problem(name, code, reason)])
