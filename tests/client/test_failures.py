"""What a refusal says to a person."""

from __future__ import annotations

from dms.client.failures import Refused

PROBLEM = {
    "code": "invalid",
    "title": "Ongeldige invoer.",
    "status": 400,
    "detail": "Er zijn twee problemen.",
    "invalidParams": [
        {"name": "titel", "code": "required", "reason": "Dit veld is verplicht."},
        {"name": "bronorganisatie", "code": "only-digits", "reason": "Alleen cijfers zijn toegestaan."},
    ],
}


def test_a_refusal_names_title_detail_and_every_field_with_its_reason() -> None:
    refused = Refused.of(400, "Bad Request", PROBLEM)
    assert str(refused).splitlines() == [
        "Ongeldige invoer. (400 invalid)",
        "Er zijn twee problemen.",
        "  titel: Dit veld is verplicht. (required)",
        "  bronorganisatie: Alleen cijfers zijn toegestaan. (only-digits)",
    ]
    assert (refused.status, refused.code) == (400, "invalid")


def test_a_detail_that_only_repeats_the_reasons_is_left_out() -> None:
    detail = "titel: Dit veld is verplicht. bronorganisatie: Alleen cijfers zijn toegestaan."
    text = str(Refused.of(400, "Bad Request", PROBLEM | {"detail": detail}))
    assert text.count("Dit veld is verplicht.") == 1


def test_a_detail_that_equals_the_title_is_said_once() -> None:
    problem = {"title": "Niet gevonden.", "detail": "Niet gevonden.", "code": "not_found"}
    assert str(Refused.of(404, "Not Found", problem)) == "Niet gevonden. (404 not_found)"


def test_a_refusal_without_a_problem_gives_status_and_reason() -> None:
    assert str(Refused.of(502, "Bad Gateway", None)) == "The server answers 502 Bad Gateway."
    assert str(Refused.of(599, "", ["no", "problem"])) == "The server answers 599."


def test_a_list_of_fields_that_is_none_is_passed_over() -> None:
    problem = {"title": "Fout", "code": "", "invalidParams": "titel"}
    assert str(Refused.of(400, "Bad Request", problem)) == "Fout (400)"


def test_very_many_fields_are_shown_up_to_a_point() -> None:
    params = [{"name": f"veld{number}", "code": "x", "reason": f"Reden {number}"} for number in range(25)]
    lines = str(Refused.of(400, "Bad Request", PROBLEM | {"invalidParams": params})).splitlines()
    assert len(lines) == 23
    assert lines[-1] == "  … and 5 more"


def test_a_server_cannot_send_commands_to_the_terminal() -> None:
    refused = Refused.of(400, "", {"title": "\x1b[2JFout\x07", "code": "invalid"})
    assert str(refused) == "[2JFout (400 invalid)"


def test_the_reasons_of_a_refusal_are_the_codes_of_its_fields() -> None:
    assert Refused.of(400, "Bad Request", PROBLEM).reasons == {"required", "only-digits"}
    assert Refused.of(400, "Bad Request", PROBLEM | {"invalidParams": "x"}).reasons == frozenset()
