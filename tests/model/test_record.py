"""The shape of a record: what a request may hold, what it then means, and how its problems are named."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

import pytest
from pydantic import Field

from dms.model.fields import (
    Datum,
    Immutable,
    OwnLink,
    OwnUrl,
    ReadOnly,
    Text,
    To,
    Url,
    Vertrouwelijkheidaanduiding,
    WriteOnly,
)
from dms.model.record import Group, GroupOf, Record, Shape
from dms.model.refusals import Invalid


class Adres(Group):
    """A group that is null while it is not set."""

    straatnaam: Annotated[str, Text(10, shortest=1)]
    huisnummer: int | None = None


class Handtekening(Group):
    """A group that shows empty members while it is not set."""

    unset: ClassVar[Mapping[str, Any] | None] = {"soort": "", "op": None}

    soort: Annotated[str, Text(10, shortest=1)]
    op: Datum


class Regel(Record):
    """An object in a list."""

    naam: Annotated[str, Text(10, shortest=1)]


class Voorbeeld(Record):
    """A record with a field of each kind."""

    url: OwnLink = ""
    titel: Annotated[str, Text(10, shortest=1)]
    begin_geldigheid: Datum
    einde_geldigheid: Datum | None = None
    niveau: Vertrouwelijkheidaanduiding = "openbaar"
    soort: Annotated[str, Url(), To("soorten", strict=True), Immutable()] = "http://a.nl/soort"
    versie: Annotated[int, ReadOnly()] = 1
    lijsten: Annotated[tuple[str, ...], ReadOnly(), OwnUrl()] = ()
    woorden: list[Annotated[str, Text(5)]] = Field(default_factory=list)
    regels: list[Regel] = Field(default_factory=list)
    adres: Annotated[Adres | None, GroupOf(Adres)] = None
    handtekening: Annotated[Handtekening | None, GroupOf(Handtekening)] = None
    sleutel: Annotated[str, Text(10), WriteOnly()] = ""


SHAPE = Shape.of(Voorbeeld)
SENT = {"titel": "Titel", "beginGeldigheid": "2026-01-01"}
UNSET = {"soort": "", "op": None}


def problems(sent: Mapping[str, Any], *, partial: bool = False) -> set[str]:
    """What is wrong with a request, as `code @ name`."""
    with pytest.raises(Invalid) as refused:
        SHAPE.check(sent, partial=partial)
    return set(str(refused.value).split(", "))


def group(**handtekening: Any) -> dict[str, Any]:
    """A request with this group."""
    return {**SENT, "handtekening": handtekening}


def test_a_class_has_one_shape_only() -> None:
    assert Shape.of(Voorbeeld) is SHAPE


def test_the_markers_of_fields_are_found_by_their_wire_names() -> None:
    assert SHAPE.read_only == {"url", "versie", "lijsten"}
    assert SHAPE.write_only == {"sleutel"}
    assert SHAPE.immutable == {"soort"}
    assert SHAPE.urls == ("lijsten", "soort", "url")
    assert SHAPE.links == {"soort": To("soorten", strict=True)}
    assert SHAPE.wire("begin_geldigheid") == "beginGeldigheid"


def test_an_answer_has_every_field_in_order_but_those_only_written() -> None:
    assert SHAPE.answered == (
        "url", "titel", "beginGeldigheid", "eindeGeldigheid", "niveau", "soort", "versie", "lijsten",
        "woorden", "regels", "adres", "handtekening",
    )  # fmt: skip


def test_a_request_gets_its_defaults_and_knows_what_was_given() -> None:
    checked = SHAPE.check(SENT)
    assert checked.given == SENT
    assert checked.all == {
        **SENT,
        "eindeGeldigheid": None,
        "niveau": "openbaar",
        "soort": "http://a.nl/soort",
        "woorden": [],
        "regels": [],
        "adres": None,
        "handtekening": UNSET,
        "sleutel": "",
    }


def test_two_requests_never_share_a_default() -> None:
    first = SHAPE.check(SENT).all
    first["woorden"].append("x")
    first["handtekening"]["soort"] = "x"
    assert SHAPE.check(SENT).all["woorden"] == []
    assert SHAPE.check(SENT).all["handtekening"] == UNSET


def test_g_12_read_only_and_unknown_keys_are_ignored_whatever_they_hold() -> None:
    noise = {"url": None, "versie": "x", "lijsten": 7, "onbekend": {"a": 1}, "__class__": "x", "": 1}
    assert SHAPE.check({**SENT, **noise}) == SHAPE.check(SENT)
    assert SHAPE.check(noise, partial=True).given == {}


def test_g_10_keys_in_snake_case_are_accepted_as_well() -> None:
    checked = SHAPE.check({"titel": "Titel", "begin_geldigheid": "2026-01-01"})
    assert checked.given == SENT


def test_g_32_a_problem_is_named_in_camel_case_however_the_key_was_sent() -> None:
    assert problems({"titel": "Titel", "begin_geldigheid": "x"}) == {"invalid @ beginGeldigheid"}
    assert problems({"titel": "Titel"}) == {"required @ beginGeldigheid"}


def test_g_31_all_problems_are_found_in_one_pass() -> None:
    sent = {
        "titel": "",
        "eindeGeldigheid": "morgen",
        "niveau": "laag",
        "woorden": ["goed", "veel te lang"],
        "regels": [{"naam": "a"}, {}, "b"],
        "adres": {"straatnaam": None, "huisnummer": "x"},
        "handtekening": {"soort": "pki"},
        "sleutel": 1.0e300,
    }
    assert problems(sent) == {
        "blank @ titel",
        "required @ beginGeldigheid",
        "invalid @ eindeGeldigheid",
        "invalid_choice @ niveau",
        "max_length @ woorden.1",
        "required @ regels.1.naam",
        "invalid @ regels.2",
        "null @ adres.straatnaam",
        "invalid @ adres.huisnummer",
        "required @ handtekening.op",
    }


def test_g_13_a_patch_requires_nothing_and_changes_only_what_it_holds() -> None:
    assert SHAPE.check({}, partial=True).given == {}
    assert SHAPE.check({"titel": "Nieuw"}, partial=True).given == {"titel": "Nieuw"}
    assert SHAPE.check({"eindeGeldigheid": None}, partial=True).given == {"eindeGeldigheid": None}


def test_g_15_a_patch_with_null_is_refused_as_any_other_request() -> None:
    assert problems({"titel": None, "woorden": None}, partial=True) == {"null @ titel", "null @ woorden"}
    assert problems({"titel": "  "}, partial=True) == {"blank @ titel"}


def test_null_is_not_the_same_as_absent_where_a_default_is_something_else() -> None:
    assert problems({**SENT, "niveau": None}) == {"null @ niveau"}
    assert SHAPE.check({**SENT, "eindeGeldigheid": None}).given == {**SENT, "eindeGeldigheid": None}


def test_zrc_012_a_group_that_is_null_or_absent_is_not_set() -> None:
    assert SHAPE.check({**SENT, "adres": None, "handtekening": None}).all == SHAPE.check(SENT).all
    assert SHAPE.check({"handtekening": None}, partial=True).given == {"handtekening": UNSET}
    assert SHAPE.check({"adres": None}, partial=True).given == {"adres": None}


@pytest.mark.parametrize("empty", [{"soort": "", "op": None}, {"soort": ""}, {"soort": None, "op": ""}])
def test_zrc_012_a_group_with_nothing_in_it_is_not_set(empty: dict[str, Any]) -> None:
    assert SHAPE.check(group(**empty)).all == SHAPE.check(SENT).all
    assert SHAPE.check({"handtekening": empty}, partial=True).given == {"handtekening": UNSET}


@pytest.mark.parametrize("partial", [False, True])
def test_zrc_012_a_group_that_is_given_is_checked_in_full(partial: bool) -> None:
    assert problems(group(soort="pki"), partial=partial) == {"required @ handtekening.op"}
    assert problems(group(), partial=partial) == {
        "required @ handtekening.soort",
        "required @ handtekening.op",
    }
    assert problems(group(soort="pki", op=""), partial=partial) == {"invalid @ handtekening.op"}
    assert problems(group(soort="", op="2026-01-01"), partial=partial) == {"blank @ handtekening.soort"}


def test_zrc_012_members_of_a_group_that_are_optional_get_their_defaults() -> None:
    checked = SHAPE.check({**SENT, "adres": {"straatnaam": "Plein", "onbekend": 1}})
    assert checked.all["adres"] == {"straatnaam": "Plein", "huisnummer": None}


@pytest.mark.parametrize("value", ["x", "", 7, True, [], [{}]])
def test_g_15_what_is_no_object_is_no_group(value: object) -> None:
    assert problems({**SENT, "adres": value}) == {"invalid @ adres"}


def test_a_member_of_a_group_may_come_in_snake_case_and_is_named_in_camel_case() -> None:
    class Generiek(Group):
        lange_naam: Annotated[str, Text(5)]

    class Houder(Record):
        groep: Annotated[Generiek | None, GroupOf(Generiek)] = None

    shape = Shape.of(Houder)
    assert shape.check({"groep": {"lange_naam": "a"}}).all == {"groep": {"langeNaam": "a"}}
    with pytest.raises(Invalid) as refused:
        shape.check({"groep": {"lange_naam": "te lang"}})
    assert str(refused.value) == "max_length @ groep.langeNaam"


def test_a_problem_is_told_once_though_several_types_refused() -> None:
    class Keuze(Record):
        keuze: Vertrouwelijkheidaanduiding | Annotated[str, Text(3)] = ""

    with pytest.raises(Invalid) as refused:
        Shape.of(Keuze).check({"keuze": None})
    assert str(refused.value) == "null @ keuze"


def test_every_problem_has_a_sentence_for_people() -> None:
    with pytest.raises(Invalid) as refused:
        SHAPE.check({"titel": "", "niveau": 1, "woorden": {}, "adres": {}})
    assert all(problem.reason.endswith(".") for problem in refused.value.problems)
    assert refused.value.detail.count(":") == len(refused.value.problems)
