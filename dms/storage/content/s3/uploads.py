"""Uploads in parts, as all nodes see them: what lies in the bucket is all that they share."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from dms.storage.content.port import Entry, MissingBody
from dms.storage.content.s3 import multipart
from dms.storage.content.s3.failures import NotThere, Taken
from dms.storage.content.s3.names import Names
from dms.storage.content.s3.service import S3Service

TIMES_OVERTAKEN = 5


@dataclass(frozen=True, slots=True)
class Remains:
    """An upload of which something is in the bucket: when it was last written to, and whether it is marked
    as one that goes on."""

    key: str
    written: datetime
    marked: bool


class Uploads:
    """The uploads of one bucket. An upload goes on as long as its marker is there, which holds the id of its
    multipart upload. The first part makes the marker, and only one node can."""

    def __init__(self, service: S3Service, names: Names) -> None:
        self._service = service
        self._names = names

    async def id(self, upload: str) -> str | None:
        """The id of an upload that goes on, or None. Raises `MissingBody` for what cannot be an upload."""
        try:
            return await self._service.text(self._names.marker(upload))
        except NotThere:
            return None

    async def begun(self, upload: str) -> str:
        """The id of an upload, which is begun if need be. Raises `MissingBody` if it was sealed."""
        for _ in range(TIMES_OVERTAKEN):
            if (id := await self.id(upload)) is not None:
                return id
            if (id := await self._begin(upload)) is not None:
                return id
        raise MissingBody(f"upload {upload} is begun and abandoned all the time")

    async def _begin(self, upload: str) -> str | None:
        """A new id, or None if another node was first."""
        name = self._names.body(upload)
        id = await multipart.create(self._service, name)
        try:
            if await self._marked(upload, id):
                # Looked at after the marker is there: a seal removes the marker when there is a body.
                if not await self._service.exists(name):
                    return id
                await self._service.remove(self._names.marker(upload))
                raise MissingBody(f"upload {upload} was sealed")  # noqa: TRY301 - one way out for every failure
        except BaseException:
            with suppress(OSError):
                await multipart.abort(self._service, name, id)
            raise
        await multipart.abort(self._service, name, id)
        return None

    async def _marked(self, upload: str, id: str) -> bool:
        try:
            await self._service.put_new(self._names.marker(upload), id)
        except Taken:
            # By us, if the answer to a first try was lost.
            return await self.id(upload) == id
        return True

    async def check(self, upload: str, id: str) -> None:
        """Raise `MissingBody` unless the upload still goes on under this id."""
        if await self.id(upload) != id:
            raise MissingBody(f"upload {upload} was sealed or removed while a part of it came")

    async def claimed(self, upload: str, number: int) -> bool:
        """Claim the place of a part in the multipart upload, for a single attempt and for good: a second one
        would overwrite the first. False if it was claimed before, perhaps by us with an answer that was lost.
        """
        try:
            await self._service.put_new(self._names.claim(upload, number), "")
        except Taken:
            return False
        return True

    async def clear(self, upload: str) -> None:
        """Remove all but the body. The marker goes last, so that whoever takes over knows the id."""
        marker = self._names.marker(upload)
        batch: list[str] = []
        async for found in self._service.listed(self._names.upload(upload)):
            if found.name != marker:
                batch.append(found.name)
        await self._service.remove(*batch)
        await self._service.remove(marker)

    async def abandon(self, upload: str) -> None:
        """Remove an upload, sealed or not. Once its multipart upload is aborted, no seal can make a body."""
        if (id := await self.id(upload)) is not None:
            # Without the marker first, a part could be told to go where it cannot.
            await self._service.remove(self._names.marker(upload))
            await multipart.abort(self._service, self._names.body(upload), id)
        await self.clear(upload)
        await self._service.remove(self._names.body(upload))

    async def remains(self) -> AsyncGenerator[Remains, None]:
        """All uploads of which something is there. What is written to is listed when its part begins, so the
        time may be as long ago as the part has been under way."""
        last: Remains | None = None
        async for found in self._service.listed(self._names.uploads):
            key = self._names.upload_key(found.name)
            if key is None:
                continue
            marked = found.name == self._names.marker(key)
            if last is not None and last.key == key:
                last = Remains(key, max(found.written, last.written), marked or last.marked)
                continue
            if last is not None:
                yield last
            last = Remains(key, found.written, marked)
        if last is not None:
            yield last

    async def entries(self) -> AsyncGenerator[Entry, None]:
        """All uploads that go on."""
        async for remains in self.remains():
            if remains.marked and not await self._service.exists(self._names.body(remains.key)):
                yield Entry(remains.key, remains.written)

    async def clear_unfinished(self, older_than: datetime) -> int:
        """Remove multipart uploads that nobody will complete, and what is left of uploads that ended."""
        removed = 0
        async for one in multipart.unfinished(self._service, self._names.bodies):
            key = self._names.key(one.name)
            if key is not None and one.begun < older_than and not await self._goes_on(key, one.id):
                await multipart.abort(self._service, one.name, one.id)
                removed += 1
        async for remains in self.remains():
            if remains.written < older_than and (
                not remains.marked or await self._service.exists(self._names.body(remains.key))
            ):
                await self.clear(remains.key)
                removed += 1
        return removed

    async def _goes_on(self, key: str, id: str) -> bool:
        return self._names.is_upload(key) and await self.id(key) == id
