"""A resource as a value: what can be asked of it."""

from __future__ import annotations

import pytest

from dms.model.record import Record
from dms.model.resource import Operation, Resource, Scopes

OPERATIONS = (
    Operation("open", "POST", "open", scopes=("zaken.heropenen",)),
    Operation("sluit", "POST", "sluit", scopes=("zaken.bijwerken",)),
)


def resource(*operations: Operation) -> Resource:
    return Resource(
        api="zaken",
        component="zrc",
        name="zaken",
        singular="zaak",
        record=Record,
        scopes=Scopes.of("zaken"),
        operations=operations,
    )


@pytest.mark.parametrize("order", [OPERATIONS, OPERATIONS[::-1]])
def test_an_operation_is_found_by_its_name_in_whatever_order(order: tuple[Operation, ...]) -> None:
    assert [resource(*order).operation(name) for name in ("open", "sluit")] == list(OPERATIONS)


def test_an_operation_that_is_not_there_is_a_key_error() -> None:
    with pytest.raises(KeyError, match="vernietig"):
        resource(*OPERATIONS).operation("vernietig")
