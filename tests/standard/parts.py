"""Uploads in parts of 100 bytes, in a few words."""

from __future__ import annotations

from typing import Any

from tests.zgw import ALL, Answer, Zgw

CONTENT = bytes(range(250))
"""A file that comes in three parts, of 100, 100 and 50 bytes."""

SIZES = (100, 100, 50)


async def begun(zgw: Zgw, type_: str, **fields: Any) -> Answer:
    """A document that waits for the parts of CONTENT."""
    return await zgw.document(type_, bestandsomvang=len(CONTENT), **fields)


def bytes_of(number: int, content: bytes = CONTENT) -> bytes:
    """The part with this number, from 1."""
    return content[(number - 1) * 100 :][:100]


async def send(
    zgw: Zgw, document: Answer, *numbers: int, content: bytes = CONTENT, lock: str | None = None
) -> None:
    """Send these parts, in this order, with the lock that the document was created with."""
    for number in numbers:
        part = document["bestandsdelen"][number - 1]
        answer = await zgw.upload(part["url"], bytes_of(number, content), lock or document["lock"])
        assert (answer.status, answer["voltooid"]) == (200, True), answer


async def unlock(zgw: Zgw, document: Answer, lock: str | None = None, client: str = ALL) -> Answer:
    """Unlock with the lock that the document was created with, or with this one."""
    token = document["lock"] if lock is None else lock
    return await zgw.post(f"{document['url']}/unlock", {"lock": token}, client=client)
