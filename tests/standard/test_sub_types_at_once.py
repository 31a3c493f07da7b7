"""What belongs to a zaaktype changes, or moves, while that is published: the second sees the first."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from dms.actions.service import Dms
from dms.autorisaties.access import Grant
from dms.storage.metadata.port import MetadataStore, Transaction
from tests.standard.sub_types import FIXED_BY_THE_ZAAKTYPE, KINDS, Kind, Maker, found
from tests.zgw import Answer, Zgw, refusal

every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)


@every_kind
async def test_ztc_010_of_a_change_and_a_publication_at_once_the_second_sees_the_first(
    maker: Maker, zgw: Zgw, kind: Kind
) -> None:
    scopes = frozenset({"catalogi.schrijven", "catalogi.lezen"})
    writer = zgw.register("writer", [Grant("ztc", scopes)])
    zaaktypen = [await maker.zaaktype(identificatie=f"ZT-{number}") for number in range(5)]
    made = [await maker.make(kind, zaaktype) for zaaktype in zaaktypen]
    new = [maker.values(kind, zaaktype, **kind.other) for zaaktype in zaaktypen]
    answers = await asyncio.gather(
        *(zgw.post(f"{zaaktype}/publish") for zaaktype in zaaktypen),
        *(zgw.post(kind.url, values, client=writer) for values in new),
        *(zgw.patch(each["url"], kind.patch, client=writer) for each in made),
    )
    published, came, changed = answers[:5], answers[5:10], answers[10:]
    assert {answer.status for answer in published} == {200}
    code = "non-concept-zaaktype" if kind in FIXED_BY_THE_ZAAKTYPE else "non-concept-relation"
    for answer in (*came, *changed):
        assert answer.status in (200, 201) or refusal(answer) == (400, code, "nonFieldErrors")
    # Whichever came first, all that belongs to a published zaaktype knows that it is published.
    shown = {each["url"]: each for each in (await zgw.get(kind.url))["results"]}
    assert len(shown) == 5 + sum(answer.status == 201 for answer in came)
    for before, answer in zip(made, changed, strict=True):
        values = kind.patch if answer.status == 200 else {name: before[name] for name in kind.patch}
        assert {name: shown[before["url"]][name] for name in kind.patch} == values


class _MeanwhileAnother:
    """The metadata store; when all was read for the first commit, and before it, something else happens."""

    def __init__(self, store: MetadataStore, act: Callable[[], Awaitable[Answer]]) -> None:
        self._store = store
        self._acts = [act]
        self.answers: list[Answer] = []

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        if self._acts:
            self.answers.append(await self._acts.pop()())
        async with self._store.transaction() as transaction:
            yield transaction

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


@every_kind
@pytest.mark.parametrize("published_first", [True, False])
async def test_ztc_010_of_a_move_and_a_publication_at_once_the_second_sees_the_first(
    maker: Maker, zgw: Zgw, dms: Dms, concept: str, kind: Kind, published_first: bool
) -> None:
    writer = zgw.register("writer", [Grant("ztc", frozenset({"catalogi.schrijven", "catalogi.lezen"}))])
    other = await maker.zaaktype(identificatie="ZT-2")
    url = (await maker.make(kind, other))["url"]

    async def move() -> Answer:
        return await zgw.patch(url, {"zaaktype": concept}, client=writer)

    async def publication() -> Answer:
        return await zgw.post(f"{concept}/publish")

    last, first = (move, publication) if published_first else (publication, move)
    store = dms.metadata
    meanwhile = _MeanwhileAnother(store, first)
    object.__setattr__(dms, "metadata", meanwhile)
    try:
        answers = [await last(), *meanwhile.answers]
    finally:
        object.__setattr__(dms, "metadata", store)
    if published_first:
        code = "non-concept-zaaktype" if kind in FIXED_BY_THE_ZAAKTYPE else "non-concept-relation"
        assert refusal(answers[0]) == (400, code, "nonFieldErrors")
        assert (await zgw.get(url))["zaaktype"] == other
    else:
        assert [answer.status for answer in answers] == [200, 200]
        assert await found(zgw, kind, zaaktype=concept) == [url]
