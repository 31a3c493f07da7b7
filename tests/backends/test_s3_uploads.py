"""Parts in a bucket keep what was received, whoever hangs, dies, comes late or is cut off."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from dms.storage.content.port import KeepsUnfinished, MissingBody, TooLong
from dms.storage.content.s3.failures import Unavailable
from dms.storage.content.s3.store import S3ContentStore
from tests.backends.s3 import Bucket, Refusing, fresh_bucket
from tests.contracts.content import (
    MIB,
    Interrupted,
    Sender,
    body_of,
    broken_after,
    collect,
    cut,
    found,
    is_missing,
    pattern,
    regions,
    send,
    send_all,
    whole,
)
from tests.engines import s3
from tests.failing_proxy import FailingProxy

pytestmark = pytest.mark.engines

LARGE = 5 * MIB + 100


@pytest.fixture
async def bucket() -> AsyncIterator[Bucket]:
    async with fresh_bucket(s3()) as bucket:
        yield bucket


@pytest.fixture
async def store(bucket: Bucket) -> S3ContentStore:
    return await bucket.open()


def soon() -> datetime:
    """A moment after all that was written so far."""
    return datetime.now(UTC) + timedelta(minutes=1)


async def test_large_parts_are_stored_in_their_place_and_nothing_else_stays(
    store: S3ContentStore, bucket: Bucket
) -> None:
    data, upload = pattern(LARGE + 7), store.new_upload()
    parts = await send_all(store, upload, data, LARGE, 7)
    assert len(await bucket.names("/parts/")) == 1  # the small one
    assert len(await bucket.names("/claims/")) == 1
    assert await store.seal(upload, parts) == body_of(upload, data)
    assert await bucket.names() == [f"dms/content/bodies/{upload}", "dms/content/probe"]
    assert await bucket.unfinished() == []


async def test_a_large_part_that_is_resent_replaces_the_one_in_its_place(store: S3ContentStore) -> None:
    old, new, upload = pattern(LARGE, 1), pattern(LARGE, 2), store.new_upload()
    [(region, first)] = await send_all(store, upload, old, LARGE)
    again = await send(store, upload, region, whole(new), keep=first)
    assert again.receipt != first
    assert await store.seal(upload, [(region, again.receipt)]) == body_of(upload, new)


async def test_a_large_part_stays_when_its_resending_is_given_up(store: S3ContentStore) -> None:
    old, upload = pattern(LARGE, 1), store.new_upload()
    [(region, first)] = await send_all(store, upload, old, LARGE)
    async with store.slot(upload, 1) as slot:
        again = await slot.write(whole(pattern(LARGE, 2)), region, keep=first)
        await slot.discard(again.receipt)
        await slot.discard(first + "x")
    assert await store.seal(upload, [(region, first)]) == body_of(upload, old)


async def test_a_large_part_that_hangs_does_not_touch_a_second_attempt(store: S3ContentStore) -> None:
    slow, quick, upload = pattern(LARGE, 1), pattern(LARGE, 2), store.new_upload()
    [region] = regions(LARGE)
    hanging = Sender(slow[: 3 * MIB], slow[3 * MIB :])
    attempt = asyncio.create_task(send(store, upload, region, hanging.chunks()))
    await hanging.waits.wait()
    part = await send(store, upload, region, whole(quick))
    assert await store.seal(upload, [(region, part.receipt)]) == body_of(upload, quick)
    hanging.goes_on.set()
    with pytest.raises(MissingBody):
        await attempt
    assert await collect(store.read(upload)) == quick


async def test_an_attempt_that_ends_late_may_overwrite_what_is_sealed_next(store: S3ContentStore) -> None:
    slow, quick, upload = pattern(LARGE, 1), pattern(LARGE, 2), store.new_upload()
    [region] = regions(LARGE)
    hanging = Sender(slow[: 3 * MIB], slow[3 * MIB :])
    attempt = asyncio.create_task(send(store, upload, region, hanging.chunks()))
    await hanging.waits.wait()
    part = await send(store, upload, region, whole(quick))
    hanging.goes_on.set()
    await attempt
    assert await store.seal(upload, [(region, part.receipt)]) == body_of(upload, quick)


@pytest.mark.parametrize("resent", [False, True])
async def test_a_large_part_that_is_short_counts_for_nothing(store: S3ContentStore, resent: bool) -> None:
    data, upload, [region] = pattern(LARGE), store.new_upload(), regions(LARGE)
    keep = (await send(store, upload, region, whole(pattern(LARGE, 3)))).receipt if resent else None
    short = await send(store, upload, region, cut(data[:-1], MIB), keep=keep)
    assert short.size == LARGE - 1
    with pytest.raises(MissingBody):
        await store.seal(upload, [(region, short.receipt)])
    async with store.slot(upload, 1) as slot:
        await slot.discard(short.receipt)
        part = await slot.write(cut(data, MIB), region, keep=keep)
    assert await store.seal(upload, [(region, part.receipt)]) == body_of(upload, data)


async def test_a_large_part_that_is_too_long_or_breaks_off_can_be_sent_again(
    store: S3ContentStore, bucket: Bucket
) -> None:
    data, upload, [region] = pattern(LARGE), store.new_upload(), regions(LARGE)
    for _ in range(2):
        with pytest.raises(TooLong):
            await send(store, upload, region, cut(data + b"x", MIB))
        with pytest.raises(Interrupted):
            await send(store, upload, region, broken_after(data[:MIB], data[MIB:]))
    sender = Sender(data[:MIB])
    attempt = asyncio.create_task(send(store, upload, region, sender.chunks()))
    await sender.waits.wait()
    attempt.cancel()
    with pytest.raises(asyncio.CancelledError):
        await attempt
    assert await bucket.names("/parts/") == []
    part = await send(store, upload, region, whole(data))
    assert await store.seal(upload, [(region, part.receipt)]) == body_of(upload, data)


@pytest.mark.parametrize(
    "sizes", [(100, 11 * MIB, 6 * MIB, 3 * MIB, 20), (3 * MIB, 3 * MIB, 12 * MIB), (7 * MIB, 10, 8 * MIB)]
)
async def test_parts_of_any_sizes_become_one_body(store: S3ContentStore, sizes: tuple[int, ...]) -> None:
    data, upload = pattern(sum(sizes)), store.new_upload()
    parts = await send_all(store, upload, data, *sizes)
    assert await store.seal(upload, parts) == body_of(upload, data)
    assert await collect(store.read(upload)) == data


async def test_parts_that_cannot_be_joined_are_refused_with_a_reason(store: S3ContentStore) -> None:
    upload, sizes = store.new_upload(), (10 * MIB - 100, 100, 5 * MIB)
    parts = await send_all(store, upload, pattern(sum(sizes)), *sizes)
    with pytest.raises(ValueError, match="part 3 was placed"):
        await store.seal(upload, parts)


async def test_only_one_multipart_upload_comes_of_many_first_parts(
    store: S3ContentStore, bucket: Bucket
) -> None:
    data, upload, other = pattern(80), store.new_upload(), await bucket.open()
    places = regions(*[10] * 8)
    sent = await asyncio.gather(
        *(
            send(node, upload, region, whole(data[region.offset :][:10]))
            for region, node in zip(places, [store, other] * 4, strict=True)
        )
    )
    assert len(await bucket.unfinished()) == 1
    parts = [(region, part.receipt) for region, part in zip(places, sent, strict=True)]
    assert await other.seal(upload, parts) == body_of(upload, data)


async def test_a_seal_that_died_before_tidying_up_is_taken_up_again(
    store: S3ContentStore, bucket: Bucket
) -> None:
    data, upload = pattern(LARGE), store.new_upload()
    parts = await send_all(store, upload, data, LARGE)
    [(name, id)] = await bucket.unfinished()
    listed = await bucket.plain.list_parts(Bucket=bucket.name, Key=name, UploadId=id)
    done = [{"PartNumber": one["PartNumber"], "ETag": one["ETag"]} for one in listed["Parts"]]
    await bucket.plain.complete_multipart_upload(
        Bucket=bucket.name, Key=name, UploadId=id, MultipartUpload={"Parts": done}
    )
    assert await found(store.uploads()) == {}
    assert await store.seal(upload, parts) == body_of(upload, data)
    assert await bucket.names("/uploads/") == []


async def test_what_ended_halfway_is_cleared_and_what_goes_on_stays(
    store: S3ContentStore, bucket: Bucket
) -> None:
    going, sealed, lost = store.new_upload(), store.new_upload(), store.new_upload()
    parts = await send_all(store, going, pattern(LARGE), LARGE)
    await store.seal(sealed, await send_all(store, sealed, b"one", 3))
    for name in (
        f"uploads/{sealed.partition('/')[2]}/id",
        f"uploads/{lost.partition('/')[2]}/parts/1-x",
        "uploads/else",
    ):
        await bucket.plain.put_object(Bucket=bucket.name, Key=f"dms/content/{name}", Body=b"x")
    for name in (f"bodies/{lost}", f"bodies/{lost.replace('upload', 'whole')}", "bodies/else"):
        await bucket.plain.create_multipart_upload(Bucket=bucket.name, Key=f"dms/content/{name}")
    assert isinstance(store, KeepsUnfinished)
    assert await store.clear_incoming(datetime.now(UTC) - timedelta(hours=1)) == 0
    assert await store.clear_incoming(soon()) == 4
    assert len(await bucket.unfinished()) == 2  # the one that goes on, and the one that is not ours
    assert set(await found(store.uploads())) == {going}
    assert await store.seal(going, parts) == body_of(going, pattern(LARGE))


async def test_an_abandoned_upload_leaves_nothing_in_the_bucket(
    store: S3ContentStore, bucket: Bucket
) -> None:
    upload, [region] = store.new_upload(), regions(LARGE)
    [(_, receipt)] = await send_all(store, upload, pattern(LARGE), LARGE)
    await send(store, upload, region, whole(pattern(LARGE, 2)), keep=receipt)
    sender = Sender(pattern(LARGE - 1), b"x")
    attempt = asyncio.create_task(send(store, upload, region, sender.chunks(), keep=receipt))
    await sender.waits.wait()
    await store.abandon(upload)
    sender.goes_on.set()
    with pytest.raises(MissingBody):
        await attempt
    assert await bucket.names() == ["dms/content/probe"]
    assert await bucket.unfinished() == []
    assert await is_missing(store, upload)
    part = await send(store, upload, region, whole(pattern(LARGE)))
    assert await store.seal(upload, [(region, part.receipt)]) == body_of(upload, pattern(LARGE))


async def test_a_large_part_whose_line_breaks_is_refused_and_can_be_sent_again(bucket: Bucket) -> None:
    with FailingProxy(bucket.engine.endpoint) as proxy:
        store = await bucket.open(proxy.address)
        data, upload, [region] = pattern(LARGE), store.new_upload(), regions(LARGE)
        proxy.cut(after=2 * MIB)
        with pytest.raises(Unavailable, match="does not answer"):
            await send(store, upload, region, cut(data, MIB // 2))
        part = await send(store, upload, region, cut(data, MIB // 2))
        assert await store.seal(upload, [(region, part.receipt)]) == body_of(upload, data)


async def test_requests_that_are_refused_or_whose_answer_is_lost_are_made_again(bucket: Bucket) -> None:
    refusing = Refusing(bucket.engine.endpoint)
    async with refusing.serving() as address:
        store = await bucket.open(address)
        data, upload = pattern(LARGE + 3), store.new_upload()
        refusing.refuse("POST", "partNumber=1", "/parts/", "/id")
        refusing.lose("/id", "/claims/")
        parts = await send_all(store, upload, data, LARGE, 3)
        refusing.lose("POST", "uploadId=", "DELETE")
        assert await store.seal(upload, parts) == body_of(upload, data)
        assert refusing.left == []
    assert await bucket.unfinished() == []


async def test_a_seal_that_is_told_too_late_of_its_success_has_succeeded(bucket: Bucket) -> None:
    refusing = Refusing(bucket.engine.endpoint)
    async with refusing.serving() as address:
        store = await bucket.open(address)
        upload = store.new_upload()
        parts = await send_all(store, upload, b"one", 3)
        refusing.deny("POST")
        assert await store.seal(upload, parts) == body_of(upload, b"one")
        assert refusing.left == []


async def test_a_placed_part_that_is_not_what_its_receipt_says_is_missing(
    store: S3ContentStore,
) -> None:
    upload = store.new_upload()
    [(region, receipt)] = await send_all(store, upload, pattern(LARGE), LARGE)
    with pytest.raises(MissingBody, match="not what its receipt says"):
        await store.seal(upload, [(region, receipt[:-1] + ("0" if receipt[-1] != "0" else "1"))])
    assert await store.seal(upload, [(region, receipt)]) == body_of(upload, pattern(LARGE))
