"""Values of an answer that are made of other records: of those that point here, or that bear a name. Of
records with a guard a caller is shown those that it may read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dms.model.change import Values
from dms.model.problems import NON_FIELD
from dms.model.query import EVERYTHING, Query


@dataclass(frozen=True, slots=True)
class Reverse:
    """A value in the answer that is made of the records that point back, with one query for a whole page.

    Those are the records whose `by` is this one's `key`, or with `elements` holds it among others; with
    `within` only those that have that field in common with this one. `show` makes an element of such a record
    and `fold` the value of the elements; `when` tells which records have the value at all; `where` (made
    afresh from the day of the answer) narrows it.
    """

    field: str
    collection: str
    by: str
    show: Callable[[Values, Values], Any]
    where: Callable[[str], Query] = lambda day: EVERYTHING
    when: Callable[[Values], bool] = lambda record: True
    order: str = "_created"
    key: str = "url"
    within: str | None = None
    elements: bool = False
    fold: Callable[[list[Any]], Any] = list


def distinct(found: list[Any]) -> list[Any]:
    """For `fold`: each element once, in the order of the first."""
    return list(dict.fromkeys(found))


@dataclass(frozen=True, slots=True)
class Named:
    """References by name (C-50, C-52): written as names or as URLs, kept as names, and answered as the URLs
    of the versions with that name for which `where` holds on the day of the answer.

    `field` is a list of names, or one name; with `member`, a list of objects that each hold one there. `by`
    is the field that is the name in `collection`; names mean something `within` what both records have in
    common. The names themselves are answered in each of `names`. What clients do not write (`written`) is
    only answered: its names are what a `Reverse` found for the first of them. Where `stand_in` holds for a
    record, one version is shown of a name of which none is to be shown: of those among `stand_ins` the one
    that began last. A URL into something else than `within` is a problem `@ misplaced`.
    """

    field: str
    collection: str
    by: str
    where: Callable[[str], Query]
    names: tuple[str, ...] = ()
    within: str = "catalogus"
    member: str | None = None
    written: bool = True
    stand_in: Callable[[Values], bool] = lambda record: False
    stand_ins: Query = EVERYTHING
    misplaced: str = NON_FIELD
    begins: str = "beginGeldigheid"
