"""The catalogue of refusals: each has a status and a code of the standard (G-34)."""

from __future__ import annotations

import inspect

import pytest

from dms.model import refusals
from dms.model.problems import NON_FIELD, Problem
from dms.model.refusals import (
    Denied,
    Invalid,
    NotFound,
    RangeNotSatisfiable,
    Refusal,
    TokenRefused,
    invalid,
)

KINDS = [kind for _, kind in inspect.getmembers(refusals, inspect.isclass) if issubclass(kind, Refusal)]
G_34 = {
    "Denied": (403, "permission_denied"),
    "InConflict": (409, "conflict"),
    "Invalid": (400, "invalid"),
    "KeyReused": (409, "idempotency-key-reused"),
    "MethodNotAllowed": (405, "method_not_allowed"),
    "NotAcceptable": (406, "not_acceptable"),
    "NotCleared": (409, "not-cleared"),
    "NotFound": (404, "not_found"),
    "ParseError": (400, "parse_error"),
    "PreconditionFailed": (412, "precondition_failed"),
    "Refusal": (500, "error"),
    "StoreFull": (507, "insufficient_storage"),
    "TokenRefused": (403, "permission_denied"),
    "TooLarge": (413, "request_entity_too_large"),
    "UnsupportedMediaType": (415, "unsupported_media_type"),
    "RangeNotSatisfiable": (416, "range_not_satisfiable"),
    "TooSlow": (408, "request_timeout"),
    "Unavailable": (503, "unavailable"),
}


def test_g_34_every_status_has_the_code_of_the_standard() -> None:
    assert {kind.__name__: (kind.status, kind.code) for kind in KINDS} == G_34


@pytest.mark.parametrize("kind", KINDS)
def test_g_30_every_refusal_says_itself_what_there_is_to_do_about_it(kind: type[Refusal]) -> None:
    assert vars(kind)["remedy"].endswith(".")


@pytest.mark.parametrize("kind", KINDS)
def test_g_30_every_refusal_has_a_title_and_says_what_it_means(kind: type[Refusal]) -> None:
    assert kind.title.endswith((".", "opnieuw."))
    assert kind.__doc__


def test_the_drawing_names_every_refusal_with_its_status() -> None:
    drawing = refusals.__doc__ or ""
    for kind in KINDS:
        assert kind is Refusal or f"{kind.__name__} {kind.status}" in drawing


def test_without_a_detail_the_title_tells_what_happened() -> None:
    assert NotFound().detail == NotFound.title
    assert Denied("Vraag een ander.").detail == "Vraag een ander."


def test_g_31_an_invalid_request_tells_all_of_its_problems() -> None:
    refusal = Invalid([Problem("titel", "blank", "Vul in."), Problem("taal", "invalid", "Drie letters.")])
    assert str(refusal) == "blank @ titel, invalid @ taal"
    assert refusal.detail == "titel: Vul in. taal: Drie letters."


def test_g_31_the_detail_of_many_problems_stays_readable() -> None:
    refusal = Invalid(Problem(f"veld{number}", "blank", "Vul in.") for number in range(1000))
    assert len(refusal.problems) == 1000
    assert refusal.detail.count("Vul in.") == 20


def test_g_32_a_problem_of_the_whole_object_is_named_non_field_errors() -> None:
    [problem] = invalid("unique", "Bestaat al.").problems
    assert (problem.name, problem.code) == ("nonFieldErrors", "unique")
    assert NON_FIELD == "nonFieldErrors"


def test_g_32_a_problem_within_an_object_is_named_by_the_path_to_it() -> None:
    problem = Problem("waarde", "blank", "Vul in.").under("0").under("lijst")
    assert problem == Problem("lijst.0.waarde", "blank", "Vul in.")


def test_g_41_a_refused_token_has_a_code_of_its_own() -> None:
    refusal = TokenRefused("jwt-expired", "Verlopen.")
    assert (refusal.status, refusal.code, refusal.detail) == (403, "jwt-expired", "Verlopen.")
    assert TokenRefused.code == "permission_denied"


def test_a_range_outside_the_body_tells_its_size() -> None:
    refusal = RangeNotSatisfiable(12)
    assert refusal.size == 12
    assert "12" in refusal.detail
