"""What the tests of the S3 store need of the service itself: a bucket that is gone afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from io import BytesIO
from secrets import token_hex
from typing import Any
from urllib.parse import quote

from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from yarl import URL

from dms.storage.content.s3.failures import Patience
from dms.storage.content.s3.store import S3ContentStore
from tests.engines import S3

SESSION = get_session()
HASTE = Patience(attempts=5, seconds=5)


@asynccontextmanager
async def fresh_bucket(engine: S3) -> AsyncIterator[Bucket]:
    """A bucket, and a plain client with which to look into it."""
    config = AioConfig(
        s3={"addressing_style": "path"},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    client = SESSION.create_client(
        "s3",
        endpoint_url=engine.endpoint,
        region_name="us-east-1",
        aws_access_key_id=engine.access_key,
        aws_secret_access_key=engine.secret_key,
        config=config,
    )
    async with client as plain:
        bucket = Bucket(engine, plain, f"test-{token_hex(8)}")
        await plain.create_bucket(Bucket=bucket.name)
        try:
            yield bucket
        finally:
            for store in bucket.stores:
                await store.close()
            names = await bucket.names()
            await asyncio.gather(*(plain.delete_object(Bucket=bucket.name, Key=name) for name in names))
            for name, id in await bucket.unfinished():
                await plain.abort_multipart_upload(Bucket=bucket.name, Key=name, UploadId=id)
            await plain.delete_bucket(Bucket=bucket.name)


class Bucket:
    """A bucket, its engine and a plain client."""

    def __init__(self, engine: S3, plain: Any, name: str) -> None:
        self.engine = engine
        self.plain = plain
        self.name = name
        self.stores: list[S3ContentStore] = []

    def url(self, endpoint: str | None = None, more: str = "") -> str:
        """Where a store in this bucket is."""
        address = quote(endpoint or self.engine.endpoint)
        return f"s3://{self.name}/dms/content?region=us-east-1&endpoint={address}{more}"

    async def open(self, endpoint: str | None = None, more: str = "") -> S3ContentStore:
        """A store in this bucket, as one more node would have it; it is closed with the bucket, if not
        before."""
        store = await S3ContentStore.open(
            self.url(endpoint, more),
            access_key=self.engine.access_key,
            secret_key=self.engine.secret_key,
            patience=HASTE,
        )
        self.stores.append(store)
        return store

    async def names(self, part: str = "") -> list[str]:
        """The names of all objects with this in them."""
        found: list[str] = []
        async for page in self.plain.get_paginator("list_objects_v2").paginate(Bucket=self.name):
            found += [one["Key"] for one in page.get("Contents", ()) if part in one["Key"]]
        return found

    async def unfinished(self) -> list[tuple[str, str]]:
        """The multipart uploads that are neither completed nor aborted: names and ids."""
        answer = await self.plain.list_multipart_uploads(Bucket=self.name)
        return [(one["Key"], one["UploadId"]) for one in answer.get("Uploads", ())]


class Refusing:
    """Stands before a service and answers 503 to some requests, or loses the answer to them."""

    def __init__(self, target: str) -> None:
        self._target = target
        self._rules: list[tuple[str, bool, int]] = []
        self.forgotten = {"Expect"}  # the headers that are not passed on
        self._acts: dict[str, Callable[[], Awaitable[object]]] = {}

    @property
    def left(self) -> list[str]:
        """The requests that have not come."""
        return [rule[0] for rule in self._rules]

    def refuse(self, *requests: str) -> None:
        """Answer 503 to the next request that holds these words in its method and address, for each text."""
        self._rules += [(request, False, 503) for request in requests]

    def lose(self, *requests: str) -> None:
        """Let a request pass and answer 503 to it nevertheless, for each text."""
        self._rules += [(request, True, 503) for request in requests]

    def deny(self, *requests: str) -> None:
        """Let a request pass and answer 404 to it nevertheless, for each text."""
        self._rules += [(request, True, 404) for request in requests]

    def afterwards(self, request: str, act: Callable[[], Awaitable[object]]) -> None:
        """Do something after the next request with this text, before its answer is passed on."""
        self._acts[request] = act

    async def _expected(self, request: web.Request) -> web.StreamResponse | None:
        if not request.headers.get("Expect"):
            return None
        if self._taken(request, passing=False):
            return web.Response(status=503)
        assert request.transport is not None
        request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        return None

    def _taken(self, request: web.Request, *, passing: bool) -> int:
        line = f"{request.method} {request.path_qs}"
        for rule in self._rules:
            if rule[1] == passing and all(word in line for word in rule[0].split()):
                self._rules.remove(rule)
                return rule[2]
        return 0

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if not request.headers.get("Expect") and self._taken(request, passing=False):
            return web.Response(status=503, text="<Error><Code>SlowDown</Code></Error>")
        headers = {name: value for name, value in request.headers.items() if name not in self.forgotten}
        async with (
            ClientSession(auto_decompress=False, skip_auto_headers=("User-Agent", "Accept")) as session,
            session.request(
                request.method,
                URL(self._target + request.raw_path, encoded=True),
                headers=headers,
                data=BytesIO(await request.read()),
            ) as answer,
        ):
            body = await answer.read()
            for text in [text for text in self._acts if text in f"{request.method} {request.path_qs}"]:
                await self._acts.pop(text)()
            if status := self._taken(request, passing=True):
                return web.Response(status=status)
            return web.Response(
                status=answer.status,
                body=body,
                headers={
                    name: value
                    for name, value in answer.headers.items()
                    if name not in {"Content-Length", "Transfer-Encoding", "Connection", "Date"}
                }
                | ({"Content-Length": answer.headers["Content-Length"]} if request.method == "HEAD" else {}),
            )

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        """Serve, at the address that this yields."""
        app = web.Application(client_max_size=2**30)
        app.router.add_route("*", "/{path:.*}", self._answer, expect_handler=self._expected)
        async with TestServer(app) as server:
            yield str(server.make_url("")).rstrip("/")
