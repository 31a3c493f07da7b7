"""The baseline for S3: aiobotocore that sends and asks, in a bucket of its own, without hashes or records."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from secrets import token_hex
from typing import Any

from aiobotocore.config import AioConfig
from aiobotocore.session import get_session

from benchmarks.plan import Took
from benchmarks.wire import FileBody

REGION = "us-east-1"
_NAME = "bare"


class BareS3:
    """A client of one bucket. Bodies are neither signed nor hashed, as little as aiobotocore can do."""

    def __init__(self, client: Any, bucket: str, runner: asyncio.Runner) -> None:
        self.bucket = bucket
        self._client = client
        self._runner = runner

    def upload(self, body: FileBody, part_size: int, at_once: int) -> Took:
        """Send a file as a multipart upload, so many parts at a time."""
        return self._runner.run(self._upload(body, part_size, at_once))

    def first_byte(self) -> float:
        """Seconds until the first byte of a range of what was uploaded is here."""
        return self._runner.run(self._first_byte())

    async def _upload(self, body: FileBody, part_size: int, at_once: int) -> Took:
        places, cpu, began = asyncio.Semaphore(at_once), time.process_time(), time.perf_counter()
        upload = {"Bucket": self.bucket, "Key": _NAME}
        upload["UploadId"] = (await self._client.create_multipart_upload(**upload))["UploadId"]

        async def send(number: int, start: int) -> dict[str, Any]:
            async with places:
                data = BytesIO(os.pread(body.fd, min(part_size, body.size - start), start))
                answer = await self._client.upload_part(**upload, PartNumber=number, Body=data)
            return {"PartNumber": number, "ETag": answer["ETag"]}

        starts = enumerate(range(0, body.size, part_size), 1)
        parts = await asyncio.gather(*(send(number, start) for number, start in starts))
        sent = time.perf_counter() - began
        await self._client.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
        return Took(sent, time.perf_counter() - began, time.process_time() - cpu)

    async def _first_byte(self) -> float:
        began = time.perf_counter()
        answer = await self._client.get_object(Bucket=self.bucket, Key=_NAME, Range="bytes=0-65535")
        async with answer["Body"] as body:
            await body.read(1)
            return time.perf_counter() - began

    async def empty(self) -> None:
        """Remove all objects, and all uploads that were not completed."""
        async for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket):
            for found in page.get("Contents", ()):
                await self._client.delete_object(Bucket=self.bucket, Key=found["Key"])
        uploads = self._client.get_paginator("list_multipart_uploads").paginate(Bucket=self.bucket)
        async for page in uploads:
            for found in page.get("Uploads", ()):
                name, id = found["Key"], found["UploadId"]
                await self._client.abort_multipart_upload(Bucket=self.bucket, Key=name, UploadId=id)


@contextmanager
def bucket(endpoint: str, access_key: str, secret_key: str, connections: int) -> Iterator[BareS3]:
    """A client of a bucket that is new, and gone with all that is in it when the context is left."""
    config = AioConfig(
        s3={"addressing_style": "path", "payload_signing_enabled": False},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        max_pool_connections=connections,
    )
    making = get_session().create_client(
        "s3",
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
        config=config,
    )
    with asyncio.Runner() as runner:
        client = runner.run(making.__aenter__())
        bare = BareS3(client, f"dms-bench-{token_hex(6)}", runner)
        try:
            runner.run(client.create_bucket(Bucket=bare.bucket))
            try:
                yield bare
            finally:
                runner.run(bare.empty())
                runner.run(client.delete_bucket(Bucket=bare.bucket))
        finally:
            runner.run(making.__aexit__(None, None, None))
