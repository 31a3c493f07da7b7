"""Multipart uploads: many parts that become one object at once, or nothing."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, NamedTuple

from dms.storage.content.s3.failures import NotThere
from dms.storage.content.s3.service import LONG, S3Service

Numbered = tuple[int, str]  # a part: its number, and its ETag


class Unfinished(NamedTuple):
    """A multipart upload that was neither completed nor aborted."""

    name: str
    id: str
    begun: datetime


async def create(service: S3Service, name: str) -> str:
    """Begin a multipart upload; returns its id. If the answer is lost, one stays that nobody knows."""
    answer = await service.ask("create_multipart_upload", Key=name)
    return str(answer["UploadId"])


async def complete(service: S3Service, name: str, id: str, parts: Sequence[Numbered]) -> None:
    """Make the object of all its parts. Raises `NotThere` if the upload is no more, which it may also be
    because this succeeded before, and `OtherPart` if it holds others."""
    listed = [{"PartNumber": number, "ETag": f'"{etag}"'} for number, etag in parts]
    await service.ask(
        "complete_multipart_upload", limit=LONG, Key=name, UploadId=id, MultipartUpload={"Parts": listed}
    )


async def copy_part(
    service: S3Service, source: str, name: str, id: str, number: int, start: int, stop: int
) -> Numbered:
    """Make the bytes [start, stop) of an object a part, in the store itself; all of it if `stop` is 0."""
    some = {"CopySourceRange": f"bytes={start}-{stop - 1}"} if stop else {}
    answer = await service.ask(
        "upload_part_copy",
        limit=LONG,
        Key=name,
        UploadId=id,
        PartNumber=number,
        CopySource={"Bucket": service.place.bucket, "Key": source},
        **some,
    )
    return number, str(answer["CopyPartResult"]["ETag"]).strip('"')


async def abort(service: S3Service, name: str, id: str) -> None:
    """Drop a multipart upload with its parts; one that is no more is fine."""
    with suppress(NotThere):
        await service.ask("abort_multipart_upload", Key=name, UploadId=id)


async def unfinished(service: S3Service, prefix: str) -> AsyncGenerator[Unfinished, None]:
    """The multipart uploads to names with this prefix. MinIO tells only those whose name it is exactly."""
    more: dict[str, Any] = {}
    while True:
        page = await service.ask("list_multipart_uploads", Prefix=prefix, **more)
        for one in page.get("Uploads", ()):
            yield Unfinished(one["Key"], one["UploadId"], one["Initiated"])
        if not page.get("IsTruncated"):
            return
        more = {"KeyMarker": page["NextKeyMarker"], "UploadIdMarker": page["NextUploadIdMarker"]}
