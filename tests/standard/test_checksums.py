"""The checksum in integriteit: held against the content wherever its algorithm is known (D-02)."""

from __future__ import annotations

import base64
import hashlib
import zlib

import pytest

from dms.actions.collect import remove_dropped
from dms.actions.service import Dms
from tests.standard.stored import bodies, everything
from tests.zgw import DOCUMENTS, Answer, Zgw, document_values, refusal

CONTENT = bytes(range(250))
DIFFERS = (400, "integrity-mismatch", "integriteit.waarde")
KNOWN = {
    "md5": ["md5"],
    "sha_1": ["sha1"],
    "sha_256": ["sha256"],
    "sha_512": ["sha512"],
    "sha_3": ["sha3_224", "sha3_256", "sha3_384", "sha3_512"],
    "crc_32": ["crc32"],
}
EACH = [(algorithm, variant) for algorithm, variants in KNOWN.items() for variant in variants]
LEFT_OPEN = ["crc_16", "crc_64", "fletcher_4", "fletcher_8", "fletcher_16", "fletcher_32", "hmac"]


def checksum(variant: str, content: bytes) -> bytes:
    if variant == "crc32":
        return zlib.crc32(content).to_bytes(4, "big")
    return hashlib.new(variant, content).digest()


def stated(algorithm: str, value: str) -> dict[str, str]:
    return {"algoritme": algorithm, "waarde": value, "datum": "2026-01-05"}


def right(content: bytes = CONTENT) -> dict[str, str]:
    return stated("sha_1", hashlib.sha1(content).hexdigest())


async def uploading(zgw: Zgw, type_: str, content: bytes) -> Answer:
    """A document that waits for parts with the checksum of CONTENT, and has received these."""
    document = await zgw.document(type_, bestandsomvang=len(content), integriteit=right())
    await resend(zgw, document, content)
    return document


async def resend(zgw: Zgw, document: Answer, content: bytes) -> None:
    for number, part in enumerate(document["bestandsdelen"]):
        answer = await zgw.upload(part["url"], content[number * 100 :][:100], document["lock"])
        assert answer.status == 200


@pytest.mark.parametrize(("algorithm", "variant"), EACH)
async def test_d_02_the_right_checksum_is_accepted_in_hexadecimal_and_base64(
    zgw: Zgw, type_: str, algorithm: str, variant: str
) -> None:
    digest = checksum(variant, CONTENT)
    for written in (digest.hex(), digest.hex().upper(), base64.b64encode(digest).decode()):
        document = await zgw.document(type_, content=CONTENT, integriteit=stated(algorithm, written))
        assert document["integriteit"]["waarde"] == written


@pytest.mark.parametrize(("algorithm", "variant"), EACH)
async def test_d_02_a_wrong_checksum_is_refused_and_nothing_is_kept(
    zgw: Zgw, dms: Dms, type_: str, algorithm: str, variant: str
) -> None:
    before = await everything(dms)
    digest = checksum(variant, CONTENT[:-1])
    for wrong in (digest.hex(), base64.b64encode(digest).decode(), digest.hex()[:-2], "geen controlewaarde"):
        values = document_values(type_, content=CONTENT, integriteit=stated(algorithm, wrong))
        assert refusal(await zgw.post(DOCUMENTS, values)) == DIFFERS
    assert await everything(dms) == before


@pytest.mark.parametrize("algorithm", LEFT_OPEN)
async def test_d_02_an_algorithm_with_many_variants_is_taken_as_it_is_stated(
    zgw: Zgw, type_: str, algorithm: str
) -> None:
    document = await zgw.document(type_, content=CONTENT, integriteit=stated(algorithm, "ffff"))
    assert document["integriteit"] == stated(algorithm, "ffff")


async def test_d_02_the_checksum_of_a_document_without_content_is_not_judged(zgw: Zgw, type_: str) -> None:
    document = await zgw.document(type_, integriteit=stated("md5", "ffff"))
    assert document["integriteit"]["waarde"] == "ffff"


async def test_d_02_an_empty_file_has_a_checksum_as_well(zgw: Zgw, type_: str) -> None:
    assert (await zgw.document(type_, bestandsomvang=0, integriteit=right(b"")))["bestandsomvang"] == 0
    values = document_values(type_, bestandsomvang=0, integriteit=right())
    assert refusal(await zgw.post(DOCUMENTS, values)) == DIFFERS


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_d_02_an_update_with_the_wrong_checksum_keeps_the_document_as_it_was(
    zgw: Zgw, dms: Dms, type_: str, method: str
) -> None:
    document = await zgw.document(type_, content=b"eerst")
    lock = await zgw.locked(document["url"])
    before = await everything(dms)
    values = document_values(
        type_, content=CONTENT, bestandsomvang=len(CONTENT), integriteit=right(b"anders"), lock=lock
    )
    assert refusal(await zgw.call(method, document["url"], json=values)) == DIFFERS
    assert await everything(dms) == before
    assert (await zgw.get(f"{document['url']}/download")).body == b"eerst"
    values["integriteit"] = right()
    assert (await zgw.call(method, document["url"], json=values)).status == 200
    assert (await zgw.get(f"{document['url']}/download")).body == CONTENT


async def test_d_24_new_content_answers_to_the_checksum_that_a_patch_keeps(zgw: Zgw, type_: str) -> None:
    document = await zgw.document(type_, content=CONTENT, integriteit=right())
    lock = await zgw.locked(document["url"])
    new = {"inhoud": base64.b64encode(b"nieuw").decode(), "bestandsomvang": 5, "lock": lock}
    assert refusal(await zgw.patch(document["url"], new)) == DIFFERS
    assert (await zgw.patch(document["url"], {**new, "integriteit": None})).status == 200


async def test_d_02_parts_that_make_another_file_are_refused_at_unlock(zgw: Zgw, type_: str) -> None:
    document = await uploading(zgw, type_, bytes(250))
    assert refusal(await zgw.post(f"{document['url']}/unlock", {"lock": document["lock"]})) == DIFFERS
    still = await zgw.get(document["url"])
    assert (still["locked"], still["inhoud"], len(still["bestandsdelen"])) == (True, None, 3)


async def test_d_02_a_wrong_checksum_is_told_in_the_same_words_however_the_file_came(
    zgw: Zgw, type_: str
) -> None:
    document = await uploading(zgw, type_, bytes(250))
    in_parts = await zgw.post(f"{document['url']}/unlock", {"lock": document["lock"]})
    whole = await zgw.post(DOCUMENTS, document_values(type_, content=bytes(250), integriteit=right()))
    assert in_parts["invalidParams"] == whole["invalidParams"]


@pytest.mark.parametrize("algorithm", [["md5"], {"md5": 1}, 5, True])
async def test_d_02_an_algorithm_that_is_no_text_is_refused_and_nothing_is_kept(
    zgw: Zgw, dms: Dms, type_: str, algorithm: object
) -> None:
    before = await everything(dms)
    integriteit = {**right(), "algoritme": algorithm}
    values = document_values(type_, content=CONTENT, integriteit=integriteit)
    wanted = (400, "invalid_choice", "integriteit.algoritme")
    assert refusal(await zgw.post(DOCUMENTS, values)) == wanted
    assert await everything(dms) == before
    assert await bodies(dms) == set()


async def test_d_02_after_a_wrong_file_the_right_parts_can_be_sent(zgw: Zgw, dms: Dms, type_: str) -> None:
    document = await uploading(zgw, type_, bytes(250))
    assert (await zgw.post(f"{document['url']}/unlock", {"lock": document["lock"]})).status == 400
    await resend(zgw, document, CONTENT)
    assert (await zgw.post(f"{document['url']}/unlock", {"lock": document["lock"]})).status == 204
    assert (await zgw.get(f"{document['url']}/download")).body == CONTENT
    assert len(await bodies(dms)) == 1


async def test_d_51_force_gives_up_parts_that_make_another_file(zgw: Zgw, dms: Dms, type_: str) -> None:
    document = await uploading(zgw, type_, bytes(250))
    assert (await zgw.post(f"{document['url']}/unlock")).status == 204
    given_up = await zgw.get(document["url"])
    assert (given_up["locked"], given_up["bestandsomvang"], given_up["inhoud"]) == (False, None, None)
    assert given_up["bestandsdelen"] == []
    assert await remove_dropped(dms) == 1
    assert await bodies(dms) == set()
