"""The end of an upload in parts: by unlocking, by force, or by another change (D-50 to D-53)."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import pytest

from dms.actions.collect import remove_dropped
from dms.actions.service import Dms
from dms.autorisaties.access import Grant
from tests.standard.documents import WRONG_LOCK
from tests.standard.parts import CONTENT, SIZES, begun, send, unlock
from tests.standard.stored import bodies, everything, uploads
from tests.zgw import Answer, Zgw, document_values, refusal

INCOMPLETE = (400, "incomplete-upload", "nonFieldErrors")
NO_PARTS = (400, "file-size", "nonFieldErrors")
NOT_FOUND = (404, "not_found")


@pytest.fixture
async def document(zgw: Zgw, type_: str) -> Answer:
    return await begun(zgw, type_)


@pytest.fixture
def plain(zgw: Zgw) -> str:
    """A client that may lock and change, and force nothing."""
    return zgw.register("plain", [Grant("drc", frozenset({"documenten.lock", "documenten.bijwerken"}))])


@pytest.fixture
def forceful(zgw: Zgw) -> str:
    return zgw.register("forceful", [Grant("drc", frozenset({"documenten.geforceerd-unlock"}))])


async def test_d_50_unlocking_makes_the_parts_the_content(zgw: Zgw, dms: Dms, document: Answer) -> None:
    await send(zgw, document, 1, 2, 3)
    answer = await unlock(zgw, document)
    assert (answer.status, answer.body) == (204, b"")
    done = await zgw.get(document["url"])
    assert (done["locked"], done["bestandsdelen"], done["bestandsomvang"]) == (False, [], 250)
    assert done["inhoud"] == f"{document['url']}/download?versie=1"
    assert (await zgw.get(done["inhoud"])).body == CONTENT
    assert (len(await bodies(dms)), await uploads(dms)) == (1, set())


async def test_d_50_after_unlocking_the_parts_are_gone(zgw: Zgw, document: Answer) -> None:
    await send(zgw, document, 1, 2, 3)
    assert (await unlock(zgw, document)).status == 204
    for part in document["bestandsdelen"]:
        assert refusal(await zgw.upload(part["url"], bytes(100), document["lock"])) == NOT_FOUND
    assert (await zgw.get(f"{document['url']}/download")).body == CONTENT


@pytest.mark.parametrize("sent", [(1,), (3,), (1, 2), (2, 3)])
async def test_d_16_d_50_an_incomplete_upload_is_not_unlocked(
    zgw: Zgw, document: Answer, sent: tuple[int, ...]
) -> None:
    await send(zgw, document, *sent)
    assert refusal(await unlock(zgw, document)) == INCOMPLETE
    still = await zgw.get(document["url"])
    assert (still["locked"], still["inhoud"], len(still["bestandsdelen"])) == (True, None, 3)
    await send(zgw, document, *{1, 2, 3}.difference(sent))
    assert (await unlock(zgw, document)).status == 204
    assert (await zgw.get(f"{document['url']}/download")).body == CONTENT


async def test_d_50_an_upload_of_which_nothing_came_is_not_unlocked(zgw: Zgw, document: Answer) -> None:
    assert refusal(await unlock(zgw, document)) == NO_PARTS
    assert (await zgw.get(document["url"]))["locked"] is True


async def test_d_50_an_upload_is_unlocked_by_its_own_lock_only(
    zgw: Zgw, document: Answer, plain: str
) -> None:
    await send(zgw, document, 1, 2, 3)
    assert refusal(await unlock(zgw, document, "van een ander", plain)) == WRONG_LOCK
    assert len((await zgw.get(document["url"]))["bestandsdelen"]) == 3
    assert (await unlock(zgw, document, client=plain)).status == 204


async def test_d_50_of_two_that_unlock_at_once_one_finishes_the_upload(
    zgw: Zgw, dms: Dms, document: Answer, plain: str
) -> None:
    await send(zgw, document, 1, 2, 3)
    answers = await asyncio.gather(*(unlock(zgw, document, client=plain) for _ in range(4)))
    assert sorted(answer.status for answer in answers) == [204, 400, 400, 400]
    assert {refusal(answer) for answer in answers if answer.status == 400} == {WRONG_LOCK}
    await remove_dropped(dms)
    assert (await zgw.get(f"{document['url']}/download")).body == CONTENT


async def test_d_50_a_part_that_races_with_the_unlock_is_in_the_file_or_not_found(
    zgw: Zgw, document: Answer
) -> None:
    await send(zgw, document, 1, 2, 3, content=bytes(250))
    part = document["bestandsdelen"][1]["url"]
    again, unlocked = await asyncio.gather(
        zgw.upload(part, b"2" * 100, document["lock"]), unlock(zgw, document)
    )
    assert (again.status, unlocked.status) in {(200, 204), (404, 204)}
    second = b"2" * 100 if again.status == 200 else bytes(100)
    assert (await zgw.get(f"{document['url']}/download")).body == bytes(100) + second + bytes(50)


async def test_d_51_force_completes_what_is_complete(zgw: Zgw, document: Answer, forceful: str) -> None:
    await send(zgw, document, 1, 2, 3)
    assert (await unlock(zgw, document, "", forceful)).status == 204
    assert (await zgw.get(f"{document['url']}/download")).body == CONTENT


async def test_d_51_force_gives_up_what_is_incomplete(
    zgw: Zgw, dms: Dms, document: Answer, forceful: str
) -> None:
    await send(zgw, document, 1, 2)
    assert (await unlock(zgw, document, "", forceful)).status == 204
    left = await zgw.get(document["url"])
    assert (left["locked"], left["inhoud"], left["bestandsomvang"]) == (False, None, None)
    assert left["bestandsdelen"] == []
    part = document["bestandsdelen"][0]["url"]
    assert refusal(await zgw.upload(part, bytes(100), document["lock"])) == NOT_FOUND
    assert await remove_dropped(dms) == 1
    assert (await bodies(dms), await uploads(dms)) == (set(), set())


async def test_d_51_force_leaves_an_upload_of_which_nothing_came(
    zgw: Zgw, document: Answer, forceful: str
) -> None:
    assert (await unlock(zgw, document, "", forceful)).status == 204
    left = await zgw.get(document["url"])
    assert (left["locked"], left["bestandsomvang"]) == (False, 250)
    assert [part["omvang"] for part in left["bestandsdelen"]] == list(SIZES)
    assert {part["lock"] for part in left["bestandsdelen"]} == {""}
    part = document["bestandsdelen"][0]["url"]
    assert refusal(await zgw.upload(part, bytes(100), document["lock"])) == WRONG_LOCK
    lock = await zgw.locked(document["url"])
    assert (await zgw.get(document["url"]))["bestandsdelen"][0]["lock"] == lock
    await send(zgw, document, 1, 2, 3, lock=lock)
    assert (await unlock(zgw, document, lock)).status == 204
    assert (await zgw.get(f"{document['url']}/download")).body == CONTENT


OTHER = base64.b64encode(b"anders").decode()
CHANGES: list[tuple[dict[str, Any], tuple[int | None, bytes | None, int]]] = [
    ({"titel": "Anders"}, (250, None, 3)),
    ({"bestandsomvang": 150}, (150, None, 2)),
    ({"bestandsomvang": 0}, (0, b"", 0)),
    ({"bestandsomvang": None}, (None, None, 0)),
    ({"inhoud": None}, (250, None, 3)),
    ({"inhoud": OTHER, "bestandsomvang": 6}, (6, b"anders", 0)),
]


@pytest.mark.parametrize(("changed", "wanted"), CHANGES)
async def test_d_52_a_patch_discards_the_parts_that_came(
    zgw: Zgw,
    dms: Dms,
    document: Answer,
    changed: dict[str, Any],
    wanted: tuple[int | None, bytes | None, int],
) -> None:
    await send(zgw, document, 1, 2, 3)
    answer = await zgw.patch(document["url"], {**changed, "lock": document["lock"]})
    assert answer.status == 200
    download = await zgw.get(f"{document['url']}/download")
    content = download.body if download.status == 200 else None
    assert (answer["bestandsomvang"], content, len(answer["bestandsdelen"])) == wanted
    assert not any(part["voltooid"] for part in answer["bestandsdelen"])
    for part in document["bestandsdelen"]:
        assert refusal(await zgw.upload(part["url"], bytes(100), document["lock"])) == NOT_FOUND
    assert await remove_dropped(dms) == 1
    assert await uploads(dms) == set()
    assert len(await bodies(dms)) == (0 if content is None else 1)


async def test_d_52_a_put_discards_the_parts_that_came(zgw: Zgw, type_: str, document: Answer) -> None:
    await send(zgw, document, 1)
    for size, count in ((None, 0), (250, 3), (0, 0)):
        values = document_values(type_, bestandsomvang=size, lock=document["lock"])
        answer = await zgw.put(document["url"], values)
        assert (answer.status, answer["bestandsomvang"]) == (200, size)
        assert len(answer["bestandsdelen"]) == count
        assert not any(part["voltooid"] for part in answer["bestandsdelen"])


async def test_d_52_a_refused_change_leaves_the_parts_that_came(zgw: Zgw, dms: Dms, document: Answer) -> None:
    await send(zgw, document, 1, 2, 3)
    before = await everything(dms)
    for wrong in ({"status": "zoek"}, {"inhoud": OTHER}, {"inhoud": "!"}, {"bestandsomvang": -1}):
        answer = await zgw.patch(document["url"], {**wrong, "lock": document["lock"]})
        assert answer.status == 400
    assert await everything(dms) == before
    assert (await unlock(zgw, document)).status == 204
    assert (await zgw.get(f"{document['url']}/download")).body == CONTENT


async def test_d_53_the_content_of_a_document_is_replaced_in_parts(zgw: Zgw, dms: Dms, type_: str) -> None:
    document = await zgw.document(type_, content=b"eerst")
    url, lock = document["url"], await zgw.locked(document["url"])
    new = await zgw.patch(url, {"inhoud": None, "bestandsomvang": 250, "lock": lock})
    assert (new.status, new["versie"], new["inhoud"]) == (200, 2, None)
    await send(zgw, new, 1, 2, 3, lock=lock)
    assert (await zgw.get(f"{url}/download?versie=1")).body == b"eerst"
    assert (await zgw.get(f"{url}/download")).status == 204
    assert (await unlock(zgw, new, lock)).status == 204
    assert (await zgw.get(f"{url}/download?versie=1")).body == b"eerst"
    assert (await zgw.get(f"{url}/download?versie=2")).body == CONTENT
    assert len(await bodies(dms)) == 2


async def test_d_53_an_upload_may_be_begun_again_and_again(zgw: Zgw, dms: Dms, document: Answer) -> None:
    change = {"bestandsomvang": 250, "lock": document["lock"]}
    for number in (2, 3, 4):
        await send(zgw, document, 1)
        answer = await zgw.patch(document["url"], change)
        assert (answer.status, answer["versie"]) == (200, number)
        document = Answer(200, {}, {**answer.body, "lock": document["lock"]})
    await send(zgw, document, 3, 2, 1)
    assert (await unlock(zgw, document)).status == 204
    assert await remove_dropped(dms) == 3
    assert (await zgw.get(f"{document['url']}/download?versie=4")).body == CONTENT
    assert (len(await bodies(dms)), await uploads(dms)) == (1, set())
