"""Rights (RULES 1.6): what a grant allows for one record, and what it leaves of a list, are the same."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dms.autorisaties.access import ALL_RIGHTS, NO_RIGHTS, Access, Grant
from dms.autorisaties.applications import Application, Applications, Client
from dms.model.fields import VERTROUWELIJKHEID
from dms.model.query import And, Equals, Or, Query, Range
from dms.model.record import Record
from dms.model.resource import ANYONE, NO_ONE, Guard, Resource, Scopes

BRIEF, NOTA, OTHER = (f"/catalogi/api/v1/informatieobjecttypen/{number}" for number in range(3))
READ, WRITE = ("documenten.lezen",), ("documenten.bijwerken",)
GUARDED = Resource(
    api="documenten",
    component="drc",
    name="documenten",
    singular="document",
    record=Record,
    scopes=Scopes.of("documenten"),
    guard=Guard(type="type", level="niveau", published="gereed"),
)
UNGUARDED = Resource(
    api="catalogi",
    component="ztc",
    name="typen",
    singular="type",
    record=Record,
    scopes=Scopes.of("catalogi"),
)
NEVER_HIDDEN = Resource(
    api="zaken",
    component="zrc",
    name="zaken",
    singular="zaak",
    record=Record,
    scopes=Scopes.of("zaken"),
    guard=Guard(type="type", level="niveau"),
)
ALL_SCOPES = [
    f"{name}.{act}" for name in ("documenten", "catalogi", "zaken") for act in ("lezen", "bijwerken")
]

GRANTS = st.builds(
    Grant,
    component=st.sampled_from(["drc", "ztc", "zrc"]),
    scopes=st.frozensets(st.sampled_from(ALL_SCOPES), max_size=3),
    type=st.none() | st.sampled_from([BRIEF, NOTA]),
    level=st.none() | st.integers(1, 8),
)
ACCESSES = st.builds(
    Access,
    everything=st.booleans(),
    grants=st.lists(GRANTS, max_size=5).map(tuple),
    only_published=st.booleans(),
)
RECORDS = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from([BRIEF, NOTA, OTHER, "", None]),
        "niveau": st.none() | st.integers(1, 8),
        "gereed": st.sampled_from([True, False, None]),
    },
)


def matches(query: Query, record: dict[str, Any]) -> bool:
    """Whether a store would find this record, for the kinds of query that rights are made of."""
    match query:
        case And(queries):
            return all(matches(part, record) for part in queries)
        case Or(queries):
            return any(matches(part, record) for part in queries)
        case Equals(field, value):
            return record.get(field) is not None and bool(record[field] == value)
        case Range(field, gt=None, gte=None, lt=None, lte=lte):
            return record.get(field) is not None and bool(record[field] <= lte)
    raise AssertionError(f"rights ask {query}")


def granting(*scopes: str, type: str | None = None, level: str | None = None) -> Grant:
    """A grant on documents."""
    return Grant("drc", frozenset(scopes), type, VERTROUWELIJKHEID[level] if level else None)


def document(type: str = BRIEF, level: str = "intern", **fields: Any) -> dict[str, Any]:
    """A document of a type, at a level."""
    return {"type": type, "niveau": VERTROUWELIJKHEID[level], **fields}


@given(ACCESSES, RECORDS, st.sampled_from([GUARDED, UNGUARDED, NEVER_HIDDEN]))
def test_g_50_a_list_holds_exactly_the_records_that_may_be_read_one_by_one(
    access: Access, record: dict[str, Any], resource: Resource
) -> None:
    for scopes in (resource.scopes.read, (*resource.scopes.read, *resource.scopes.update)):
        listed = matches(access.restriction(resource, scopes), record)
        assert listed == access.allows(resource, scopes, record, read=True)


@given(ACCESSES, RECORDS)
def test_g_49_what_is_allowed_for_a_record_is_held_for_some_object(
    access: Access, record: dict[str, Any]
) -> None:
    for scopes in (READ, WRITE):
        if access.allows(GUARDED, scopes, record):
            assert access.holds("drc", scopes)


@given(ACCESSES, RECORDS, GRANTS)
def test_g_47_one_more_grant_never_takes_a_right_away(
    access: Access, record: dict[str, Any], more: Grant
) -> None:
    wider = Access(access.everything, (*access.grants, more), access.only_published)
    for read in (False, True):
        if access.allows(GUARDED, READ, record, read=read):
            assert wider.allows(GUARDED, READ, record, read=read)


def test_g_46_an_application_with_all_rights_may_do_everything() -> None:
    assert ALL_RIGHTS.holds("zrc", ("zaken.heropenen",))
    assert ALL_RIGHTS.allows(GUARDED, ("documenten.verwijderen",), document(OTHER, "zeer_geheim"))
    assert matches(ALL_RIGHTS.restriction(GUARDED, READ), {})


def test_g_46_an_application_without_grants_may_do_nothing() -> None:
    nothing = Access()
    assert not nothing.holds("drc", READ)
    assert not nothing.allows(GUARDED, READ, document())
    assert not nothing.allows(UNGUARDED, ("catalogi.lezen",), {})
    assert not matches(nothing.restriction(GUARDED, READ), document())
    assert not matches(nothing.restriction(UNGUARDED, ("catalogi.lezen",)), {})


def test_g_46_a_grant_is_for_its_own_component_only() -> None:
    access = Access(grants=(Grant("zrc", frozenset(READ)),))
    assert access.holds("zrc", READ)
    assert not access.holds("drc", READ)
    assert not access.allows(GUARDED, READ, document())


def test_g_46_a_grant_is_for_its_own_type_by_its_exact_url() -> None:
    access = Access(grants=(granting(*READ, type=BRIEF),))
    assert access.allows(GUARDED, READ, document(BRIEF))
    assert not access.allows(GUARDED, READ, document(NOTA))
    assert not access.allows(GUARDED, READ, document(BRIEF + "/"))
    assert not access.allows(GUARDED, READ, {"niveau": 1})


def test_g_47_scopes_of_several_grants_add_up_per_type() -> None:
    access = Access(
        grants=(
            granting(*READ, type=BRIEF, level="geheim"),
            granting(*WRITE, type=BRIEF, level="intern"),
            granting(*WRITE, type=NOTA),
        )
    )
    assert access.allows(GUARDED, READ, document(BRIEF, "geheim"))
    assert access.allows(GUARDED, WRITE, document(BRIEF, "intern"))
    assert not access.allows(GUARDED, WRITE, document(BRIEF, "geheim"))
    assert access.allows(GUARDED, WRITE, document(NOTA, "zeer_geheim"))
    assert not access.allows(GUARDED, READ, document(NOTA, "openbaar"))


def test_g_47_of_several_scopes_one_is_enough() -> None:
    access = Access(grants=(granting(*WRITE),))
    assert access.allows(GUARDED, (*READ, *WRITE), document())
    assert not access.allows(GUARDED, READ, document())


@pytest.mark.parametrize("maximum", VERTROUWELIJKHEID)
def test_g_51_a_maximum_includes_its_own_level_and_all_below(maximum: str) -> None:
    access = Access(grants=(granting(*READ, level=maximum),))
    allowed = [level for level in VERTROUWELIJKHEID if access.allows(GUARDED, READ, document(level=level))]
    assert allowed == list(VERTROUWELIJKHEID)[: VERTROUWELIJKHEID[maximum]]


def test_g_51_a_record_without_a_level_counts_as_the_most_secret() -> None:
    assert not Access(grants=(granting(*READ, level="geheim"),)).allows(GUARDED, READ, {"type": BRIEF})
    assert Access(grants=(granting(*READ, level="zeer_geheim"),)).allows(GUARDED, READ, {"type": BRIEF})


@pytest.mark.parametrize("everything", [False, True])
def test_g_56_only_what_is_ready_for_publication_may_be_read(everything: bool) -> None:
    access = Access(everything, (granting(*READ, *WRITE),), only_published=True)
    assert access.allows(GUARDED, READ, document(gereed=True), read=True)
    for ready in (False, None):
        assert not access.allows(GUARDED, READ, document(gereed=ready), read=True)
        assert not matches(access.restriction(GUARDED, READ), document(gereed=ready))
    assert not access.allows(GUARDED, READ, document(), read=True)


def test_g_56_nothing_is_said_of_writing_or_of_other_resources() -> None:
    access = Access(grants=(granting(*WRITE), Grant("zrc", frozenset({"zaken.lezen"}))), only_published=True)
    assert access.allows(GUARDED, WRITE, document(gereed=False))
    assert access.allows(NEVER_HIDDEN, ("zaken.lezen",), document(gereed=False), read=True)


def test_g_43_a_client_is_known_by_its_id_and_may_lack_an_application() -> None:
    first, second = Client("a", "secret"), Client("a", "other", Application.with_all_rights("a"))
    applications = Applications([first])
    assert applications.client("a") is first
    assert applications.client("b") is None
    applications.add(second)
    assert applications.client("a") is second


def test_the_application_at_the_start_keeps_its_id_and_hides_its_secret() -> None:
    one, again = Application.with_all_rights("a"), Application.with_all_rights("a")
    assert one == again
    assert one.id != Application.with_all_rights("b").id
    assert "geheim" not in repr(Client("a", "geheim", one))


def test_g_45_what_is_open_to_anyone_asks_for_no_grant_and_gives_none() -> None:
    assert NO_RIGHTS.holds("vrl", ANYONE)
    assert NO_RIGHTS.allows(UNGUARDED, ANYONE, {})
    assert NO_RIGHTS.restriction(UNGUARDED, ANYONE) == And()
    assert not NO_RIGHTS.holds("vrl", NO_ONE)
    assert not NO_RIGHTS.holds("ztc", READ)
    # A grant that calls itself so opens nothing.
    assert not Access(grants=(Grant("ztc", frozenset(ANYONE)),)).holds("ztc", READ)
