"""What belongs to a document has the document's rights (G-48, G-52), whatever is done to the document."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from dms.actions.service import Dms
from dms.storage.metadata.port import MetadataStore, Record
from tests.standard.documents import (
    SENDINGS,
    USAGE,
    grant,
    sending_of,
    sending_values,
    usage_of,
    usage_values,
)
from tests.zgw import DOCUMENTS, Zgw, refusal

DENIED = (403, "permission_denied")


async def seen(zgw: Zgw, client: str) -> list[int]:
    """How many gebruiksrechten and verzendingen this client finds."""
    usage = await zgw.get(USAGE, client=client)
    sendings = await zgw.get(SENDINGS, client=client)
    assert sendings["count"] == len(sendings["results"])
    return [len(usage.body), sendings["count"]]


@pytest.fixture
async def document(zgw: Zgw, type_: str) -> str:
    """A document with gebruiksrechten and a verzending, zaakvertrouwelijk."""
    url = str((await zgw.document(type_))["url"])
    await usage_of(zgw, url)
    await sending_of(zgw, url)
    return url


async def parts_of(zgw: Zgw, document: str) -> list[str]:
    """The URLs of what belongs to the document."""
    usage = (await zgw.get(f"{USAGE}?informatieobject={document}")).body
    sendings = (await zgw.get(f"{SENDINGS}?informatieobject={document}"))["results"]
    return [each["url"] for each in (*usage, *sendings)]


@pytest.mark.parametrize(("level", "found"), [(4, [1, 1]), (3, [0, 0]), (None, [1, 1])])
async def test_g_52_lists_hold_what_belongs_to_readable_documents(
    zgw: Zgw, type_: str, document: str, level: int | None, found: list[int]
) -> None:
    reader = zgw.register("reader", [grant(zgw, type_, "lezen", level=level)])
    assert await seen(zgw, reader) == found
    for url in await parts_of(zgw, document):
        answer = await zgw.get(url, client=reader)
        assert answer.status == 200 if found[0] else refusal(answer) == DENIED


async def test_g_52_rights_on_another_type_are_no_rights_here(zgw: Zgw, type_: str, document: str) -> None:
    other = await zgw.document_type(omschrijving="Ander", catalogue=(await zgw.get(type_))["catalogus"])
    reader = zgw.register("reader", [grant(zgw, other, "lezen", "bijwerken", "verwijderen")])
    assert await seen(zgw, reader) == [0, 0]
    for url in await parts_of(zgw, document):
        assert refusal(await zgw.get(url, client=reader)) == DENIED
        assert refusal(await zgw.patch(url, {}, client=reader)) == DENIED
        assert refusal(await zgw.delete(url, client=reader)) == DENIED


async def test_g_52_a_document_that_becomes_secret_takes_along_what_belongs_to_it(
    zgw: Zgw, type_: str, document: str
) -> None:
    reader = zgw.register("reader", [grant(zgw, type_, "lezen", level=4)])
    urls = await parts_of(zgw, document)
    lock = await zgw.locked(document)
    for level, found in (("geheim", [0, 0]), ("openbaar", [1, 1])):
        changed = await zgw.patch(document, {"lock": lock, "vertrouwelijkheidaanduiding": level})
        assert changed.status == 200, changed
        assert await seen(zgw, reader) == found
        assert [(await zgw.get(url, client=reader)).status == 200 for url in urls] == [bool(n) for n in found]


async def test_g_52_a_document_that_changes_type_takes_along_what_belongs_to_it(
    zgw: Zgw, type_: str, document: str
) -> None:
    other = await zgw.document_type(omschrijving="Ander", catalogue=(await zgw.get(type_))["catalogus"])
    old, new = [
        zgw.register(name, [grant(zgw, kind, "lezen")]) for name, kind in (("old", type_), ("new", other))
    ]
    lock = await zgw.locked(document)
    assert (await zgw.patch(document, {"lock": lock, "informatieobjecttype": other})).status == 200
    assert await seen(zgw, old) == [0, 0]
    assert await seen(zgw, new) == [1, 1]


async def test_g_56_only_what_belongs_to_published_documents_is_shown(
    zgw: Zgw, type_: str, document: str
) -> None:
    public = zgw.register("public", [grant(zgw, type_, "lezen")], only_published=True)
    assert await seen(zgw, public) == [0, 0]
    lock = await zgw.locked(document)
    assert (await zgw.patch(document, {"lock": lock, "isGereedVoorPublicatie": True})).status == 200
    assert await seen(zgw, public) == [1, 1]


async def test_qd_11_all_rights_do_not_show_what_is_not_ready_for_publication(
    zgw: Zgw, type_: str, document: str
) -> None:
    public = zgw.register("public", everything=True, only_published=True)
    seen_by_url = [
        document,
        f"{document}/download",
        f"{document}/versies",
        f"{document}/duplicaten",
        f"{document}/audittrail",
        *await parts_of(zgw, document),
    ]
    lock = await zgw.locked(document)
    search = {"uuid__in": [document.rpartition("/")[2]]}

    async def statuses() -> set[int]:
        return {(await zgw.get(url, client=public)).status for url in seen_by_url}

    async def found() -> list[int]:
        searched = await zgw.post(f"{DOCUMENTS}/_zoek", search, client=public)
        listed = await zgw.get(DOCUMENTS, client=public)
        return [listed["count"], searched["count"], *await seen(zgw, public)]

    assert (await statuses(), await found()) == ({403}, [0, 0, 0, 0])
    change = {"lock": lock, "titel": "Anders"}
    assert refusal(await zgw.patch(document, change, client=public)) == DENIED
    ready = {"lock": lock, "isGereedVoorPublicatie": True, "inhoud": "YQ==", "bestandsomvang": 1}
    assert (await zgw.patch(document, ready)).status == 200
    assert (await statuses(), await found()) == ({200}, [1, 1, 1, 1])
    assert (await zgw.patch(document, change, client=public)).status == 200


async def test_g_48_making_something_of_a_document_needs_the_right_on_it(
    zgw: Zgw, type_: str, document: str
) -> None:
    low = zgw.register("low", [grant(zgw, type_, "aanmaken", level=3)])
    high = zgw.register("high", [grant(zgw, type_, "aanmaken", level=4)])
    for url, values in ((USAGE, usage_values(document)), (SENDINGS, sending_values(document))):
        # Also with a body that is wrong otherwise.
        for body in (values, {"informatieobject": document}):
            assert refusal(await zgw.post(url, body, client=low)) == DENIED
        assert (await zgw.post(url, values, client=high)).status == 201
    reader = zgw.register("reader", [grant(zgw, type_, "lezen")])
    assert refusal(await zgw.post(USAGE, {}, client=reader)) == DENIED


async def test_g_55_a_document_that_may_not_be_read_is_not_expanded(
    zgw: Zgw, type_: str, document: str
) -> None:
    other = await zgw.document_type(omschrijving="Ander", catalogue=(await zgw.get(type_))["catalogus"])
    await usage_of(zgw, (await zgw.document(other, vertrouwelijkheidaanduiding="openbaar"))["url"])
    reader = zgw.register("reader", [grant(zgw, type_, "lezen", level=4)])
    for url in (USAGE, SENDINGS):
        answer = await zgw.get(f"{url}?expand=informatieobject", client=reader)
        results = answer.body if url == USAGE else answer["results"]
        assert [each["_expand"]["informatieobject"]["url"] for each in results] == [document]


async def test_g_88_the_etag_of_what_belongs_to_a_document_knows_its_expansion(
    zgw: Zgw, document: str
) -> None:
    for url in await parts_of(zgw, document):
        plain = await zgw.get(url)
        expanded = await zgw.get(f"{url}?expand=informatieobject")
        assert plain.headers["Etag"] != expanded.headers["Etag"]
        again = {"If-None-Match": expanded.headers["Etag"]}
        assert (await zgw.get(f"{url}?expand=informatieobject", headers=again)).status == 304
        lock = await zgw.locked(document)
        assert (await zgw.get(f"{url}?expand=informatieobject", headers=again)).status == 200
        await zgw.post(f"{document}/unlock", {"lock": lock})


async def test_g_52_what_was_made_while_its_document_changed_has_the_documents_rights(
    zgw: Zgw, type_: str, document: str
) -> None:
    reader = zgw.register("reader", [grant(zgw, type_, "lezen", level=4)])
    lock = await zgw.locked(document)
    levels = ["geheim", "openbaar"] * 4 + ["geheim"]

    async def change() -> None:
        for level in levels:
            answer = await zgw.patch(document, {"lock": lock, "vertrouwelijkheidaanduiding": level})
            assert answer.status == 200, answer

    await asyncio.gather(change(), *(sending_of(zgw, document) for _ in range(10)))
    assert (await zgw.get(f"{SENDINGS}?informatieobject={document}"))["count"] == 11
    assert await seen(zgw, reader) == [0, 0]


class _ChangesMeanwhile:
    """The metadata store; after a document was read for the first time it is changed, before it is used."""

    def __init__(self, store: MetadataStore, change: Callable[[], Awaitable[object]]) -> None:
        self._store = store
        self._changes = [change]

    async def get(self, collection: str, id: str) -> Record | None:
        found = await self._store.get(collection, id)
        if self._changes and collection == "enkelvoudiginformatieobjecten":
            await self._changes.pop()()
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


async def test_g_48_rights_are_those_on_the_document_as_it_is_when_something_is_made_of_it(
    zgw: Zgw, dms: Dms, type_: str
) -> None:
    document = (await zgw.document(type_))["url"]
    writer = zgw.register("writer", [grant(zgw, type_, "aanmaken", "lezen", level=4)])
    secret = {"lock": await zgw.locked(document), "vertrouwelijkheidaanduiding": "geheim"}
    store = dms.metadata
    object.__setattr__(dms, "metadata", _ChangesMeanwhile(store, lambda: zgw.patch(document, secret)))
    try:
        answer = await zgw.post(USAGE, usage_values(document), client=writer)
    finally:
        object.__setattr__(dms, "metadata", store)
    assert (await zgw.get(document))["vertrouwelijkheidaanduiding"] == "geheim"
    assert refusal(answer) == DENIED
    assert (await zgw.get(USAGE)).body == []
