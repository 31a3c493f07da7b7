"""The few requests of the plain S3 API that the store makes. What goes wrong is an error of `s3_failures`."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from typing import Any

import aiohttp
from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from botocore.exceptions import BotoCoreError, ClientError
from yarl import URL

from dms.storage.content.s3.failures import NotThere, Patience, Unavailable, failure, persist, unanswered
from dms.storage.content.s3.outgoing import Outgoing, Stored, slices
from dms.storage.content.writing import Batch

CONNECT = 5.0  # seconds
IDLE = 30.0  # seconds in which nothing comes or goes
LONG = 600.0  # seconds for what the store does by itself: to put together, and to copy up to 5 GiB
VALID = 3600  # seconds in which a signed address may be used for the first time
READ_BUFFER = 256 * 1024
MARKER_LIMIT = 64 * 1024
CODE = re.compile(rb"<Code>(\w+)</Code>")
OF_TOTAL = re.compile(r"bytes (\d+)-(\d+)/(\d+)")


@dataclass(frozen=True, slots=True)
class Place:
    """Where the store is: an endpoint, one of its regions, and a bucket. With `compares` all that goes there
    is compared by its MD5; without, only what goes in one piece of less than 5 MiB."""

    endpoint: str
    region: str
    bucket: str
    compares: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """An object in a listing."""

    name: str
    size: int
    written: datetime


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of an object that the store has begun to send: how many bytes, and the bytes."""

    size: int
    chunks: AsyncIterator[bytes]


@dataclass(frozen=True, slots=True)
class Part:
    """Where bytes go: a part of a multipart upload, or without an id an object of its own."""

    name: str
    id: str = ""
    number: int = 0

    @property
    def request(self) -> tuple[str, dict[str, Any]]:
        """The operation, and its parameters."""
        if not self.id:
            return "put_object", {"Key": self.name}
        return "upload_part", {"Key": self.name, "UploadId": self.id, "PartNumber": self.number}


class S3Service:
    """One bucket. Make one with `connected`.

    Bytes go through signed addresses over a plain HTTP client, all else through aiobotocore: its handling
    of bodies costs three times the processor time, and holds more of them in memory.
    """

    def __init__(self, place: Place, patience: Patience, client: Any, session: aiohttp.ClientSession) -> None:
        self.place = place
        self.patience = patience
        self._client = client
        self._session = session

    @classmethod
    async def connected(
        cls,
        place: Place,
        keys: tuple[str, str],
        patience: Patience,
        connections: int,
        stack: AsyncExitStack,
    ) -> S3Service:
        """A service whose connections end with the stack."""
        trusted = ssl.create_default_context()
        config = AioConfig(
            signature_version="s3v4",
            s3={"addressing_style": "path", "payload_signing_enabled": False},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            retries={"total_max_attempts": 1},
            connect_timeout=CONNECT,
            read_timeout=LONG,
            max_pool_connections=connections,
            proxies={},
        )
        client = _aws().create_client(
            "s3",
            endpoint_url=place.endpoint,
            region_name=place.region,
            aws_access_key_id=keys[0],
            aws_secret_access_key=keys[1],
            verify=ssl.get_default_verify_paths().cafile or True,  # or it would trust a list of its own
            config=config,
        )
        session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=connections, ssl=trusted),
            timeout=aiohttp.ClientTimeout(total=None, connect=IDLE, sock_connect=CONNECT, sock_read=IDLE),
            read_bufsize=READ_BUFFER,
            auto_decompress=False,
        )
        await stack.enter_async_context(session)
        return cls(place, patience, await stack.enter_async_context(client), session)

    def failed(self, act: str, status: int, code: str) -> Exception:
        """The error for an answer that is no success."""
        return failure(self.place.endpoint, self.place.bucket, act, status, code)

    async def ask(self, act: str, *, limit: float = IDLE, **parameters: Any) -> dict[str, Any]:
        """The answer to an operation that may be done again, tried while the store is unavailable."""
        return await persist(self.patience, partial(self._ask_once, act, limit, parameters))

    async def _ask_once(self, act: str, limit: float, parameters: dict[str, Any]) -> dict[str, Any]:
        try:
            async with asyncio.timeout(limit):
                answer: dict[str, Any] = await getattr(self._client, act)(
                    Bucket=self.place.bucket, **parameters
                )
                return answer
        except ClientError as why:
            code = str(why.response.get("Error", {}).get("Code", ""))
            raise self.failed(act, why.response["ResponseMetadata"]["HTTPStatusCode"], code) from None
        except (BotoCoreError, aiohttp.ClientError, OSError) as why:
            raise unanswered(self.place.endpoint, act, why) from None

    async def signed(self, act: str, parameters: dict[str, Any], seconds: int = VALID) -> str:
        """An address with which anybody can do this for so long."""
        url: str = await self._client.generate_presigned_url(
            act, Params={"Bucket": self.place.bucket, **parameters}, ExpiresIn=seconds
        )
        return url

    async def put(self, target: Part, batch: Batch, md5: str) -> str:
        """Store bytes that are at hand; `md5`, if any, is for the store to compare. Returns the ETag."""
        headers = {"Content-MD5": md5} if md5 else {}

        async def once() -> str:
            return (await self._put_once(target, slices(batch.buffers), batch.size, headers)).etag

        return await persist(self.patience, once)

    async def begin_put(self, target: Part, size: int) -> Outgoing:
        """Begin to store so many bytes that are still to come; tried until the store wants them."""

        async def once() -> Outgoing:
            outgoing = Outgoing(lambda chunks: self._put_once(target, chunks, size, {}, expect100=True))
            try:
                await outgoing.ready()
            except BaseException:
                await outgoing.break_off()
                raise
            return outgoing

        return await persist(self.patience, once)

    async def _put_once(
        self,
        target: Part,
        chunks: AsyncIterable[memoryview],
        size: int,
        headers: dict[str, str],
        *,
        expect100: bool = False,
    ) -> Stored:
        act, parameters = target.request
        url = URL(await self.signed(act, parameters), encoded=True)
        try:
            async with (
                asyncio.timeout(IDLE) as limit,
                self._session.put(
                    url,
                    data=_watched(chunks, limit),
                    headers={"Content-Length": str(size), **headers},
                    expect100=expect100,
                    allow_redirects=False,
                ) as answer,
            ):
                await self._check(act, answer)
                encrypted = answer.headers.get("x-amz-server-side-encryption", "AES256") != "AES256"
                return Stored(answer.headers.get("ETag", "").strip('"'), not encrypted)
        except (aiohttp.ClientError, TimeoutError, ConnectionError) as why:
            raise self._broken(act, why) from None

    def _broken(self, act: str, why: Exception) -> Exception:
        return why if isinstance(why, Unavailable) else unanswered(self.place.endpoint, act, why)

    async def _check(self, act: str, answer: aiohttp.ClientResponse) -> None:
        if answer.status not in {200, 206}:
            found = CODE.search(await answer.content.read(MARKER_LIMIT))
            raise self.failed(act, answer.status, found[1].decode() if found else "")

    @asynccontextmanager
    async def stretch(self, name: str, start: int, stop: int | None) -> AsyncIterator[Stretch | None]:
        """A stretch of an object, or None if it begins at its end or after. Leaving it early ends the
        connection. Raises `NotThere`."""
        url = URL(await self.signed("get_object", {"Key": name}), encoded=True)
        headers = {} if (start, stop) == (0, None) else {"Range": f"bytes={start}-{_last(stop)}"}
        try:
            async with self._session.get(url, headers=headers, allow_redirects=False) as answer:
                try:
                    if answer.status == 416:
                        yield None
                        return
                    await self._check("get_object", answer)
                    size = self._size(answer, start, stop)
                    yield Stretch(size, answer.content.iter_any())
                finally:
                    answer.close()
        except (aiohttp.ClientError, TimeoutError, ConnectionError) as why:
            raise self._broken("get_object", why) from None

    def _size(self, answer: aiohttp.ClientResponse, start: int, stop: int | None) -> int:
        """How many bytes come; raises `OSError` if they are not those that were asked for."""
        if answer.status == 200 and (start, stop) == (0, None) and answer.content_length is not None:
            return answer.content_length
        found = OF_TOTAL.fullmatch(answer.headers.get("Content-Range", ""))
        if answer.status == 206 and found is not None:
            first, last, total = map(int, found.groups())
            if first == start and last + 1 == min(total, total if stop is None else stop):
                return last + 1 - first
        raise self.failed("get_object with a range, with other bytes than were asked for", answer.status, "")

    async def size(self, name: str) -> int:
        """The size of an object in bytes. Raises `NotThere`."""
        return int((await self.ask("head_object", Key=name))["ContentLength"])

    async def exists(self, name: str) -> bool:
        """Whether there is an object of this name."""
        try:
            await self.size(name)
        except NotThere:
            return False
        return True

    async def put_new(self, name: str, text: str) -> None:
        """Store a small object, unless there is one of this name: then `Taken` is raised. It may be ours,
        when an answer was lost."""
        await self.ask("put_object", Key=name, Body=text.encode(), IfNoneMatch="*")

    async def text(self, name: str) -> str:
        """A small object. Raises `NotThere`."""

        async def once() -> bytes:
            async with self.stretch(name, 0, None) as stretch:
                return b"" if stretch is None else b"".join([chunk async for chunk in stretch.chunks])

        return (await persist(self.patience, once)).decode()

    async def remove(self, *names: str) -> None:
        """Remove objects, or what there is of them."""
        for start in range(0, len(names), 16):
            await asyncio.gather(*(self._remove(name) for name in names[start : start + 16]))

    async def _remove(self, name: str) -> None:
        with suppress(NotThere):
            await self.ask("delete_object", Key=name)

    async def listed(self, prefix: str, after: str = "") -> AsyncGenerator[Found, None]:
        """The objects whose names begin with a prefix, in order; with `after`, those that come after it."""
        more: dict[str, Any] = {"StartAfter": after} if after else {}
        while True:
            page = await self.ask("list_objects_v2", Prefix=prefix, **more)
            for one in page.get("Contents", ()):
                yield Found(one["Key"], one["Size"], one["LastModified"])
            if not page.get("IsTruncated"):
                return
            more = {"ContinuationToken": page["NextContinuationToken"]}


@cache
def _aws() -> Any:
    """One for all stores: it reads the description of the API from disk, which takes a third of a second."""
    return get_session()


def _last(stop: int | None) -> str:
    return "" if stop is None else str(stop - 1)


async def _watched(chunks: AsyncIterable[memoryview], limit: asyncio.Timeout) -> AsyncIterator[memoryview]:
    """The chunks, with a limit on the time in which the store takes each; for their source it is not."""
    loop = asyncio.get_running_loop()
    limit.reschedule(None)
    async for chunk in chunks:
        limit.reschedule(loop.time() + IDLE)
        yield chunk
        limit.reschedule(None)
    limit.reschedule(loop.time() + IDLE)
