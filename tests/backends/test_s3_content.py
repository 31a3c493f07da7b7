"""A bucket of an S3 store keeps the promises of a content store, and a few of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from aiohttp import ClientSession
from minio import Minio
from yarl import URL

from dms.storage.content.port import MissingBody, PresignedReads
from dms.storage.content.s3.failures import NotThere, OtherPart, Patience, Taken, Unavailable, failure
from dms.storage.content.s3.names import SMALLEST_PART
from dms.storage.content.s3.store import S3ContentStore
from dms.storage.content.s3.whole import piece_size
from tests.backends.s3 import Bucket, Refusing, fresh_bucket
from tests.contracts.bodies_that_move import TakesBodiesContract
from tests.contracts.content import (
    MIB,
    ContentStoreContract,
    Interrupted,
    PartwiseContentContract,
    Sender,
    body_of,
    broken_after,
    collect,
    cut,
    found,
    pattern,
    regions,
    send,
    send_all,
    whole,
)
from tests.engines import s3
from tests.failing_proxy import FailingProxy

pytestmark = pytest.mark.engines


@pytest.fixture
async def bucket() -> AsyncIterator[Bucket]:
    async with fresh_bucket(s3()) as bucket:
        yield bucket


@pytest.fixture
async def store(bucket: Bucket) -> S3ContentStore:
    return await bucket.open()


@pytest.fixture
async def other_store(bucket: Bucket) -> S3ContentStore:
    return await bucket.open()


class TestS3ContentStore(ContentStoreContract, PartwiseContentContract):
    pass


class TestBodiesThatMove(TakesBodiesContract):
    pass


async def test_a_body_of_many_pieces_reads_the_same_through_another_client(
    store: S3ContentStore, bucket: Bucket
) -> None:
    data = pattern(17 * MIB + 5)
    body = await store.write(cut(data, 100_003))
    assert body == body_of(body.key, data)
    endpoint = urlsplit(bucket.engine.endpoint)
    other = Minio(
        endpoint.netloc,
        access_key=bucket.engine.access_key,
        secret_key=bucket.engine.secret_key,
        secure=False,
        region="us-east-1",
    )
    answer = await asyncio.to_thread(other.get_object, bucket.name, f"dms/content/bodies/{body.key}")
    assert answer.data == data
    answer.release_conn()


async def test_an_address_lets_anybody_read_a_body_under_a_name_and_type(store: S3ContentStore) -> None:
    body = await store.write(whole(b"hello"))
    assert isinstance(store, PresignedReads)
    url = await store.read_url(
        body.key, seconds=60, content_disposition='attachment; filename="a b.txt"', content_type="text/plain"
    )
    async with (
        ClientSession() as session,
        session.get(URL(url, encoded=True), headers={"Range": "bytes=1-3"}) as answer,
    ):
        assert (answer.status, await answer.read()) == (206, b"ell")
        assert answer.headers["Content-Disposition"] == 'attachment; filename="a b.txt"'
        assert answer.headers["Content-Type"] == "text/plain"
    with pytest.raises(MissingBody):
        await store.read_url("../probe", seconds=60)


@pytest.mark.parametrize("pieces", [1, 3])
async def test_a_large_body_that_breaks_off_leaves_nothing_in_the_bucket(
    store: S3ContentStore, bucket: Bucket, pieces: int
) -> None:
    with pytest.raises(Interrupted):
        await store.write(broken_after(*[pattern(5 * MIB)] * pieces))
    assert await bucket.names() == ["dms/content/probe"]
    assert await bucket.unfinished() == []


async def test_a_large_body_that_is_cancelled_leaves_nothing_in_the_bucket(
    store: S3ContentStore, bucket: Bucket
) -> None:
    sender = Sender(pattern(11 * MIB), b"end")
    writing = asyncio.create_task(store.write(sender.chunks()))
    await sender.waits.wait()
    sender.goes_on.set()
    while not await bucket.unfinished():
        await asyncio.sleep(0)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    assert await bucket.names() == ["dms/content/probe"]
    assert await bucket.unfinished() == []


@pytest.mark.parametrize("size", [MIB, 11 * MIB])
@pytest.mark.parametrize("checksums", ["", "&checksums=md5"])
async def test_a_body_is_written_and_read_over_lines_that_break(
    bucket: Bucket, size: int, checksums: str
) -> None:
    data = pattern(size)
    with FailingProxy(bucket.engine.endpoint) as proxy:
        store = await bucket.open(proxy.address, checksums)
        written = proxy.cut(after=size // 2)
        body = await store.write(whole(data))
        assert body == body_of(body.key, data)
        read = [proxy.cut(after=size // 3, direction="down"), proxy.cut(after=size // 2, direction="down")]
        assert await collect(store.read(body.key, 1)) == data[1:]
        assert all(cut_off.is_set() for cut_off in (written, *read))


async def test_bytes_that_change_on_their_way_to_the_store_are_noticed(bucket: Bucket) -> None:
    with FailingProxy(bucket.engine.endpoint) as proxy:
        store = await bucket.open(proxy.address, "&checksums=md5")
        data = pattern(MIB)
        changed = proxy.corrupt(after=MIB // 2, direction="up")
        body = await store.write(whole(data))
        assert changed.is_set()
        assert await collect(store.read(body.key)) == data
        upload, [region] = store.new_upload(), regions(6 * MIB)
        changed = proxy.corrupt(after=3 * MIB, direction="up")
        with pytest.raises(Unavailable, match="other bytes"):
            await send(store, upload, region, whole(pattern(6 * MIB)))
        assert changed.is_set()


async def test_a_store_that_stays_away_fails_a_reader_loudly(bucket: Bucket) -> None:
    with FailingProxy(bucket.engine.endpoint) as proxy:
        store = await bucket.open(proxy.address)
        body = await store.write(whole(pattern(6 * MIB)))
        reading = store.read(body.key)
        got = len(await anext(reading))
        for _ in range(40):
            proxy.cut(after=0, direction="down")
        with pytest.raises(Unavailable, match="does not answer"):
            async for chunk in reading:
                got += len(chunk)
        assert got < 6 * MIB
        proxy.release()


async def test_a_store_that_refuses_for_a_while_is_asked_again(bucket: Bucket) -> None:
    refusing = Refusing(bucket.engine.endpoint)
    async with refusing.serving() as address:
        store = await bucket.open(address)
        data = pattern(6 * MIB)
        refusing.refuse("POST", "partNumber", "partNumber", "GET", "HEAD")
        refusing.lose("partNumber", "?uploadId")
        body = await store.write(cut(data, MIB))
        assert body == body_of(body.key, data)
        assert await store.size(body.key) == 6 * MIB
        assert await collect(store.read(body.key)) == data
        refusing.deny("POST uploadId")
        body = await store.write(cut(data, MIB))
        assert await collect(store.read(body.key)) == data
        assert refusing.left == []
        refusing.refuse(*["GET"] * 5)
        with pytest.raises(Unavailable, match="503 SlowDown"):
            await collect(store.read(body.key))


async def test_a_store_that_sends_other_bytes_than_were_asked_for_is_an_error(bucket: Bucket) -> None:
    refusing = Refusing(bucket.engine.endpoint)
    async with refusing.serving() as address:
        store = await bucket.open(address)
        body = await store.write(whole(b"hello"))
        refusing.forgotten.add("Range")
        with pytest.raises(OSError, match="other bytes than were asked for"):
            await collect(store.read(body.key, 1))


async def test_a_multipart_upload_that_vanishes_under_a_writer_is_an_error(
    store: S3ContentStore, bucket: Bucket
) -> None:
    sender = Sender(pattern(5 * MIB))
    writing = asyncio.create_task(store.write(sender.chunks()))
    await sender.waits.wait()
    [(name, id)] = await bucket.unfinished()
    await bucket.plain.abort_multipart_upload(Bucket=bucket.name, Key=name, UploadId=id)
    sender.goes_on.set()
    with pytest.raises(OSError, match="vanished"):
        await writing
    assert await bucket.names() == ["dms/content/probe"]


async def test_keys_since_a_moment_leave_out_what_is_much_older(
    store: S3ContentStore, bucket: Bucket
) -> None:
    body = await store.write(whole(b"x"))
    upload = store.new_upload()
    await store.seal(upload, await send_all(store, upload, b"x", 1))
    for key in ("whole/000000000001" + "0" * 20, "whole/else", "upload/else"):
        await bucket.plain.put_object(Bucket=bucket.name, Key=f"dms/content/bodies/{key}", Body=b"x")
    assert set(await found(store.keys(datetime.now(UTC)))) == {body.key, upload}
    assert set(await found(store.keys(datetime.now(UTC) + timedelta(days=20)))) == {upload}
    assert set(await found(store.keys(datetime.now(UTC) + timedelta(days=40)))) == set()
    assert len(await found(store.keys())) == 3


async def test_listings_go_on_after_the_first_thousand(store: S3ContentStore, bucket: Bucket) -> None:
    names = [f"dms/content/bodies/whole/{n:032x}" for n in range(1001)]
    for start in range(0, 1001, 100):
        await asyncio.gather(
            *(
                bucket.plain.put_object(Bucket=bucket.name, Key=name, Body=b"")
                for name in names[start : start + 100]
            )
        )
    assert len(await found(store.keys())) == 1001


async def test_a_store_that_cannot_be_used_says_why_and_never_its_keys(bucket: Bucket) -> None:
    engine = bucket.engine
    nowhere = f"s3://{bucket.name}-x?endpoint={engine.endpoint}"
    silent = f"s3://{bucket.name}?endpoint=http://127.0.0.1:9"
    for url, secret, error, said in (
        (nowhere, engine.secret_key, FileNotFoundError, "has no bucket"),
        (bucket.url(), "not the secret", PermissionError, "secret key are right"),
        (silent, engine.secret_key, Unavailable, "does not answer"),
        ("s3://", "", ValueError, "s3://bucket"),
        ("s3://user@bucket", "", ValueError, "s3://bucket"),
        ("s3://bucket?colour=red", "", ValueError, "s3://bucket"),
        ("s3://bucket?endpoint=ftp://x", "", ValueError, "https://host:port"),
    ):
        with pytest.raises(error, match=said) as raised:
            await S3ContentStore.open(
                url, access_key=engine.access_key, secret_key=secret, patience=Patience(2, 1)
            )
        assert engine.access_key not in str(raised.value)
        assert engine.secret_key not in str(raised.value)


async def test_a_store_that_overwrites_unasked_is_refused_at_once(bucket: Bucket) -> None:
    refusing = Refusing(bucket.engine.endpoint)
    probe = "dms/content/probe"
    refusing.afterwards("HEAD", lambda: bucket.plain.delete_object(Bucket=bucket.name, Key=probe))
    async with refusing.serving() as address:
        with pytest.raises(OSError, match="too old"):
            await bucket.open(address)


async def test_a_store_may_be_closed_twice(bucket: Bucket) -> None:
    store = await bucket.open()
    await store.close()
    await store.close()


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (404, "NoSuchBucket", FileNotFoundError),
        (404, "NoSuchKey", NotThere),
        (412, "PreconditionFailed", Taken),
        (400, "InvalidPart", OtherPart),
        (400, "RequestTimeout", Unavailable),
        (503, "SlowDown", Unavailable),
        (409, "ConditionalRequestConflict", Unavailable),
        (403, "AccessDenied", PermissionError),
        (400, "EntityTooSmall", OSError),
    ],
)
def test_each_answer_of_a_store_is_an_error_that_tells_what_to_do(
    status: int, code: str, kind: type[Exception]
) -> None:
    assert type(failure("http://s3", "b", "put_object", status, code)) is kind


def test_a_body_of_a_tebibyte_takes_less_than_ten_thousand_pieces() -> None:
    sent = pieces = 0
    while sent < 2**40:
        sent += piece_size(sent)
        pieces += 1
    assert pieces < 10_000
    assert piece_size(8 * 2**30) == SMALLEST_PART
