"""Queries as values: how they are put together."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dms.model.query import BY_ID, EVERYTHING, NEWEST_FIRST, OLDEST_FIRST, And, By, Equals, Not, Or, both

A, B, C = Equals("a", 1), Equals("b", 2), Equals("c", 3)


def test_everything_is_all_of_no_conditions() -> None:
    assert And() == EVERYTHING
    assert EVERYTHING.queries == ()


def test_two_queries_become_one_that_is_flat() -> None:
    assert both(A, B) == And((A, B))
    assert both(both(A, B), C) == both(A, both(B, C)) == And((A, B, C))


def test_everything_adds_no_condition_to_a_query() -> None:
    assert both(A, EVERYTHING) == both(EVERYTHING, A) == A
    assert both(EVERYTHING, EVERYTHING) == EVERYTHING


def test_only_conditions_that_all_hold_are_flattened() -> None:
    either, nothing = Or((A, B)), Or()
    assert both(either, C) == And((either, C))
    assert both(Not(A), nothing) == And((Not(A), nothing))


def test_the_orders_are_those_of_insertion_and_of_the_id() -> None:
    assert list(NEWEST_FIRST) == [By("_created", descending=True)]
    assert list(OLDEST_FIRST) == [By("_created")]
    assert list(BY_ID) == [By("_id")]


@given(st.lists(st.sampled_from([A, B, C, Or((A, B)), EVERYTHING]), max_size=6))
def test_conditions_keep_their_order_however_they_are_put_together(
    parts: list[Equals | Or | And],
) -> None:
    query: Equals | Or | And = EVERYTHING
    for part in parts:
        query = both(query, part)  # type: ignore[assignment]
    conditions = query.queries if isinstance(query, And) else (query,)
    assert conditions == tuple(part for part in parts if part is not EVERYTHING)
