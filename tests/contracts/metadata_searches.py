"""What every search means, written out in Python, and that a metadata store finds just that."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from dms.model.query import (
    BY_ID,
    EVERYTHING,
    NEWEST_FIRST,
    OLDEST_FIRST,
    And,
    AnyElement,
    By,
    Contains,
    Equals,
    In,
    IsNull,
    Not,
    Or,
    Order,
    Prefix,
    Query,
    Range,
    Scalar,
    both,
)
from dms.storage.metadata.port import Collection, Index, MetadataStore, Record, every

MISSING: Any = object()
LONE_SURROGATE = "a\ud800"
HOSTILE = ("$where", "{'$gt': ''}", '{"$ne": 1}', "' OR 1=1 --", '"; DROP TABLE', "%", "a%", "_", ".*", "[a]")
EDGES = ("a\0", "a\0b", "\1", "\ud7ff", "\ue000", "\U0001f600", "\U0010ffff", "\U0010ffffa")
TEXTS = (MISSING, None, "", "a", "A", "ab", "aB%", "b", "é", "É", "1", "true", "[]", "null", *HOSTILE, *EDGES)
NUMBERS = (MISSING, None, 0, 1, -1, 2.5, -0.5, 2**53, 2**63 - 1, -(2**63))
TRUTHS = (MISSING, None, True, False)
LISTS: tuple[Any, ...] = (MISSING, None, [], ["a"], ["a", "b"], ["A", "é"], ["a", "a"], ["1", "a\0"], [1, 2])
LISTS += (["b", 2.5, None],)
FIELDS = ("tekst", "groep.tekst", "groep.getal", "groep.waar", "groep.lijst")

BARE = Collection("kaal")
INDEXED = Collection(
    "geindexeerd",
    (
        Index(("tekst",)),
        Index(("groep.tekst", "groep.getal")),
        Index(("groep.getal", "_created")),
        Index(("groep.waar",)),
        Index(("groep.lijst",), elements=True),
    ),
)


def value_at(record: Record, field: str) -> Any:
    """The value at a dotted path; None if it is null or missing."""
    value: Any = record
    for name in field.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def same_type(one: Any, other: Any) -> bool:
    """Whether both are texts, or booleans, or numbers."""
    return type(one) is type(other) or {type(one), type(other)} == {int, float}


def storable(value: Scalar) -> bool:
    """Whether JSON can hold it."""
    return not isinstance(value, str) or "\ud800" not in value


def in_lower_case(text: str) -> str:
    """The text with its ASCII letters in lower case."""
    return text.encode("utf-8", "surrogatepass").lower().decode("utf-8", "surrogatepass")


def lies_within(value: Any, bounds: Range) -> bool:
    """Whether the value has the type of each bound, and lies on the right side of it."""
    given = [bound for bound in (bounds.gt, bounds.gte, bounds.lt, bounds.lte) if bound is not None]
    return (
        value is not None
        and all(same_type(value, bound) and storable(bound) for bound in given)
        and (bounds.gt is None or value > bounds.gt)
        and (bounds.gte is None or value >= bounds.gte)
        and (bounds.lt is None or value < bounds.lt)
        and (bounds.lte is None or value <= bounds.lte)
    )


def holds(query: Query, record: Record) -> bool:
    """Whether the record matches, by the words of the queries' own docstrings."""
    match query:
        case And(queries):
            return all(holds(each, record) for each in queries)
        case Or(queries):
            return any(holds(each, record) for each in queries)
        case Not(negated):
            return not holds(negated, record)
    value = value_at(record, query.field)
    match query:
        case Equals(_, wanted):
            return same_type(value, wanted) and bool(value == wanted)
        case In(_, choices):
            return any(same_type(value, each) and value == each for each in choices)
        case Range():
            return lies_within(value, query)
        case Contains(_, text):
            return isinstance(value, str) and in_lower_case(text) in in_lower_case(value)
        case Prefix(_, text):
            return isinstance(value, str) and value.startswith(text)
        case IsNull(_, wanted):
            return (value is None) == wanted
        case AnyElement(_, wanted):
            return isinstance(value, list) and any(
                same_type(each, wanted) and each == wanted for each in value
            )


def specimens() -> list[Record]:
    """Records in which each value occurs, beside varying others."""

    def present(**fields: Any) -> dict[str, Any]:
        return {name: value for name, value in fields.items() if value is not MISSING}

    def turn(values: tuple[Any, ...], number: int) -> Any:
        return values[number % len(values)]

    return [
        {
            "_id": f"{number * 37 % 101:03}",
            "_rev": 1,
            **present(tekst=turn(TEXTS, number)),
            **present(
                groep=present(
                    tekst=turn(TEXTS, number * 3 + 1),
                    getal=turn(NUMBERS, number + number // len(NUMBERS)),
                    waar=turn(TRUTHS, number + number // 4),
                    lijst=turn(LISTS, number + number // 7),
                )
            ),
        }
        for number in range(2 * len(TEXTS))
    ]


def questions() -> list[Query]:
    """Searches of every kind, with every value that occurs and some that cannot."""
    texts = [*TEXTS[2:], LONE_SURROGATE, "x" * 60_000]
    numbers = [*NUMBERS[2:], 2**64, 10**400, -(2**64), -(10**400)]
    simple: list[Query] = [IsNull(field, wanted) for field in FIELDS for wanted in (True, False)]
    for field in ("tekst", "groep.tekst"):
        for text in texts:
            simple += [Equals(field, text), Prefix(field, text), Contains(field, text)]
            simple += [Range(field, gt=text), Range(field, gte=text, lt="é"), Range(field, lte=text)]
        simple += [Equals(field, 1), Equals(field, True), Range(field, lt=5), In(field, ()), Range(field)]
        simple += [In(field, ("a", "a\0", LONE_SURROGATE, "A")), In(field, (*HOSTILE, 1)), In(field, ("a",))]
    for number in numbers:
        simple += [Equals("groep.getal", number), In("groep.getal", (number, 1, "1"))]
        simple += [Range("groep.getal", gt=number), Range("groep.getal", lte=number, gte=-1)]
    simple += [Equals("groep.getal", "1"), Prefix("groep.getal", "1"), Contains("groep.getal", "1")]
    simple += [Range("groep.getal", gte=""), Range("groep.getal", gt=0, lt="z"), Range("groep.getal")]
    simple += [Equals("groep.waar", truth) for truth in (True, False)] + [Equals("groep.waar", "true")]
    for element in ("a", "A", "b", "a\0", 1, 2.5, "1", LONE_SURROGATE, 10**400, "[]"):
        simple += [
            AnyElement("groep.lijst", element),
            AnyElement("tekst", element),
            AnyElement("groep", element),
        ]
    simple += [Equals("_id", "037"), Equals("_id", 37), In("_id", ("000", "037", 74)), Range("_id", gt="090")]
    simple += [
        Prefix("_id", "03"),
        Contains("_id", "7"),
        Range("_id", gt=3),
        IsNull("_id"),
        Equals("_rev", 1),
    ]
    return [*simple, *combined(simple[::3])]


@cache
def answers() -> list[tuple[Query, list[str]]]:
    """Each question with the ids of the specimens that match, newest first."""
    newest_first = specimens()[::-1]
    return [(query, ids([each for each in newest_first if holds(query, each)])) for query in questions()]


def combined(simple: list[Query]) -> Iterator[Query]:
    """Negations, and conjunctions and disjunctions of two or three."""
    yield from (
        And(()),
        Or(()),
        Not(And(())),
        Not(Or(())),
        And((And(()), Or(()))),
        Or((And(()),)),
        Or((Or(()), And(()))),
    )
    for first, second, third in zip(
        simple, simple[17:] + simple[:17], simple[101:] + simple[:101], strict=True
    ):
        yield Not(first)
        yield And((first, Not(second)))
        yield Or((first, And((second, third))))
        yield Not(Or((first, Not(And((second, third))))))
    lists = [AnyElement("groep.lijst", each) for each in ("a", "b", 2.5)]
    yield from (
        And((*lists[:2], IsNull("tekst", False))),
        And(tuple(lists[1:])),
        Or(tuple(lists)),
        Or((lists[0],)),
    )
    yield And((Or((*lists, Equals("tekst", "a"))), IsNull("groep.getal", False), Not(Equals("tekst", "b"))))
    yield Or(tuple(Equals("tekst", f"{number}") for number in range(1500)))
    for kind in (Equals, Prefix, Contains):
        yield And(tuple(Or(tuple(kind("tekst", f"{n}") for n in range(many))) for many in (30, 30, 300)))
    texts = Or(tuple(Equals("tekst", text) for text in ("a", "b", "é", *HOSTILE)))
    yield And((texts, Not(Or(tuple(Prefix("tekst", f"b{number}") for number in range(1000))))))
    yield And(tuple(AnyElement("groep.lijst", "a") for _ in range(300)))
    yield And(tuple(Not(Equals("groep.tekst", f"{number}")) for number in range(1500)))


async def keep(store: MetadataStore, collection: str, *records: Record) -> None:
    """Insert the records in one transaction."""
    async with store.transaction() as transaction:
        for record in records:
            transaction.insert(collection, record)


def ids(records: list[Record]) -> list[str]:
    """Their ids, in their order."""
    return [record["_id"] for record in records]


class SearchContract:
    """The part of the contract that is about `find`, `count` and `every`. Uses the fixture `store`."""

    @pytest.mark.parametrize("collection", ["kaal", "geindexeerd"])
    async def test_every_search_finds_and_counts_exactly_what_it_says(
        self, store: MetadataStore, collection: str
    ) -> None:
        await keep(store, collection, *specimens())
        wrong = []
        for query, wanted in answers():
            found = ids(await store.find(collection, query))
            if found != wanted or await store.count(collection, query) != len(wanted):
                wrong.append((query, wanted, found))
        assert wrong == []

    async def test_records_come_back_exactly_as_they_went_in(self, store: MetadataStore) -> None:
        records = specimens()
        await keep(store, "kaal", *records)
        assert await store.find("kaal", order=OLDEST_FIRST) == records
        assert await store.get("kaal", "037") == records[1]

    @pytest.mark.parametrize("id", ["", "x", "'", "a\0", LONE_SURROGATE, "x" * 100_000])
    async def test_an_id_that_does_not_exist_gives_no_record(self, store: MetadataStore, id: str) -> None:
        await keep(store, "kaal", {"_id": "a"})
        assert await store.get("kaal", id) is None

    async def test_a_text_of_ten_megabytes_is_stored_and_found(self, store: MetadataStore) -> None:
        text = "Ünïcode " * 1_100_000
        await keep(
            store, "geindexeerd", {"_id": "groot", "tekst": text}, {"_id": "klein", "tekst": "Ünïcode "}
        )
        assert await store.get("geindexeerd", "groot") == {"_id": "groot", "_rev": 1, "tekst": text}
        for query in (Equals("tekst", text), Prefix("tekst", text), Contains("tekst", text)):
            assert ids(await store.find("geindexeerd", query)) == ["groot"]
        assert await store.count("geindexeerd", Equals("tekst", text + "!")) == 0

    async def test_one_of_forty_thousand_values_is_a_search_too(self, store: MetadataStore) -> None:
        await keep(store, "geindexeerd", *({"_id": id, "tekst": id} for id in ("-1", "0", "39999", "40000")))
        query = In("tekst", tuple(f"{number}" for number in range(40_000)))
        assert ids(await store.find("geindexeerd", query)) == ["39999", "0"]
        assert await store.count("geindexeerd", Not(query)) == 2

    @pytest.mark.parametrize(
        ("order", "wanted"),
        [
            (NEWEST_FIRST, ["d", "a", "c", "e", "b"]),
            (OLDEST_FIRST, ["b", "e", "c", "a", "d"]),
            (BY_ID, ["a", "b", "c", "d", "e"]),
            ((By("_id", descending=True),), ["e", "d", "c", "b", "a"]),
            ((By("tekst"), By("_id")), ["a", "d", "c", "b", "e"]),
            ((By("tekst", descending=True), By("_id")), ["e", "b", "c", "a", "d"]),
            ((By("tekst", descending=True), By("_created")), ["e", "b", "c", "a", "d"]),
            ((By("groep.getal"), By("_created", descending=True)), ["e", "b", "a", "c", "d"]),
        ],
    )
    async def test_records_come_in_the_order_that_was_asked(
        self, store: MetadataStore, order: Order, wanted: list[str]
    ) -> None:
        await keep(
            store,
            "geindexeerd",
            {"_id": "b", "tekst": "b", "groep": {"getal": 1}},
            {"_id": "e", "tekst": "é"},
        )
        await keep(store, "geindexeerd", {"_id": "c", "tekst": "B", "groep": {"getal": 10}})
        await keep(store, "geindexeerd", {"_id": "a", "groep": {"getal": 2.5}})
        await keep(store, "geindexeerd", {"_id": "d", "tekst": None, "groep": {"getal": 11}})
        assert ids(await store.find("geindexeerd", order=order)) == wanted

    @pytest.mark.parametrize("order", [NEWEST_FIRST, OLDEST_FIRST, BY_ID, (By("groep.waar"),), ()])
    @pytest.mark.parametrize(
        "query",
        [
            EVERYTHING,
            Equals("groep.waar", True),
            AnyElement("groep.lijst", "a"),
            Or((AnyElement("groep.lijst", "a"), Equals("groep.waar", False))),
            And((Or((Equals("groep.waar", True), Equals("tekst", "a"))), IsNull("groep.tekst", False))),
        ],
    )
    async def test_pages_of_any_size_together_are_the_whole(
        self, store: MetadataStore, query: Query, order: Order
    ) -> None:
        await keep(store, "geindexeerd", *specimens())
        whole = await store.find("geindexeerd", query, order=order)
        assert len(whole) == await store.count("geindexeerd", query)
        for size in (1, 3, 1000):
            pages: list[Record] = []
            for start in range(0, len(whole) + size, size):
                page = await store.find("geindexeerd", query, order=order, limit=size, offset=start)
                assert len(page) <= size
                pages += page
            assert pages == whole

    @pytest.mark.parametrize("query", [EVERYTHING, Equals("groep.waar", True)])
    async def test_a_page_beyond_the_end_is_empty(self, store: MetadataStore, query: Query) -> None:
        await keep(store, "geindexeerd", *specimens())
        for limit, offset in ((0, 0), (10, 1000), (10**30, 10**30), (None, 1000)):
            assert await store.find("geindexeerd", query, limit=limit, offset=offset) == []
        assert await store.find("geindexeerd", query, limit=10**30) == await store.find("geindexeerd", query)

    async def test_a_replaced_record_keeps_its_place_in_the_order(self, store: MetadataStore) -> None:
        await keep(store, "geindexeerd", *({"_id": id, "tekst": "x"} for id in "cab"))
        async with store.transaction() as transaction:
            transaction.replace("geindexeerd", {"_id": "a", "_rev": 1, "tekst": "y"})
        assert ids(await store.find("geindexeerd")) == ["b", "a", "c"]

    async def test_what_is_found_follows_a_replaced_or_removed_record(self, store: MetadataStore) -> None:
        def asked(value: str) -> tuple[Query, Query]:
            return Equals("tekst", value), AnyElement("groep.lijst", value)

        await keep(store, "geindexeerd", {"_id": "a", "tekst": "oud", "groep": {"lijst": ["oud", "blijft"]}})
        async with store.transaction() as transaction:
            new = {"_id": "a", "_rev": 1, "tekst": "nieuw", "groep": {"lijst": ["blijft", "nieuw"]}}
            transaction.replace("geindexeerd", new)
        assert [await store.count("geindexeerd", query) for query in (*asked("oud"), *asked("nieuw"))] == [
            0,
            0,
            1,
            1,
        ]
        assert await store.count("geindexeerd", AnyElement("groep.lijst", "blijft")) == 1
        async with store.transaction() as transaction:
            transaction.remove("geindexeerd", {**new, "_rev": 2})
        assert [await store.count("geindexeerd", query) for query in (*asked("nieuw"), EVERYTHING)] == [
            0,
            0,
            0,
        ]

    async def test_a_walk_over_everything_meets_each_record_once(self, store: MetadataStore) -> None:
        await keep(store, "geindexeerd", *specimens())
        for query in (EVERYTHING, Equals("groep.waar", True)):
            batches = [batch async for batch in every(store, "geindexeerd", query, batch=7)]
            assert all(len(batch) <= 7 for batch in batches)
            met = [record for batch in batches for record in batch]
            assert met == await store.find("geindexeerd", query, order=BY_ID)

    async def test_a_record_that_stays_is_met_while_others_come_and_go(self, store: MetadataStore) -> None:
        await keep(store, "kaal", *({"_id": f"{number:02}"} for number in range(20)))
        met: list[str] = []
        async for batch in every(store, "kaal", batch=5):
            met += ids(batch)
            async with store.transaction() as transaction:
                for record in batch:
                    transaction.remove("kaal", record)
                transaction.insert("kaal", {"_id": f"{batch[0]['_id']}-nieuw"})
        assert met == [f"{number:02}" for number in range(20)]

    def test_two_searches_joined_ask_for_both(self) -> None:
        one, two, three = Equals("a", 1), Equals("b", 2), Equals("c", 3)
        assert both(EVERYTHING, one) == one
        assert both(And((one, two)), three) == And((one, two, three))
