"""What every content store promises. A backend's test is a subclass with a fixture `store`, and for parts
`other_store`: a second object on the same storage, as another node would have it.

Long, because whole bodies and parts are one promise: what arrives either way is the same kind of body.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterable, AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Protocol

import pytest

from dms.storage.content.port import (
    Body,
    ContentStore,
    Entry,
    MissingBody,
    PartwiseContent,
    ReceivedPart,
    Region,
    TooLong,
)

MIB = 1024 * 1024
SECONDS_TO_ANSWER = 10
Parts = list[tuple[Region, str]]


class PartwiseContentStore(ContentStore, PartwiseContent, Protocol):
    """A store of whole bodies that takes parts too."""


class Interrupted(Exception):
    """The sender went away."""


def pattern(size: int, seed: int = 0) -> bytes:
    """Bytes that differ from place to place, and from seed to seed."""
    period = bytes((i * 7 + seed * 31 + i // 251) % 256 for i in range(4093))
    return (period * (size // len(period) + 1))[:size]


async def cut(data: bytes, size: int) -> AsyncIterator[bytes]:
    """The data in chunks of a size."""
    for start in range(0, len(data), size):
        yield data[start : start + size]


async def whole(*chunks: bytes) -> AsyncIterator[bytes]:
    """These chunks."""
    for chunk in chunks:
        yield chunk


async def broken_after(*chunks: bytes) -> AsyncIterator[bytes]:
    """These chunks, and then the connection breaks."""
    for chunk in chunks:
        yield chunk
    raise Interrupted


class Sender:
    """A sender that goes on only when told to, and says when it is waiting."""

    def __init__(self, before: bytes, after: bytes = b"") -> None:
        self.waits = asyncio.Event()
        self.goes_on = asyncio.Event()
        self._before = before
        self._after = after

    async def chunks(self) -> AsyncIterator[bytes]:
        yield self._before
        self.waits.set()
        await self.goes_on.wait()
        yield self._after


async def collect(chunks: AsyncIterator[bytes]) -> bytes:
    """All that comes, as one."""
    return b"".join([chunk async for chunk in chunks])


async def found(entries: AsyncIterator[Entry]) -> dict[str, datetime]:
    """What a listing yields, by key."""
    return {entry.key: entry.written async for entry in entries}


async def is_missing(store: ContentStore, key: str) -> bool:
    """Whether a body can neither be read nor measured."""
    try:
        await store.size(key)
    except MissingBody:
        with pytest.raises(MissingBody):
            await anext(store.read(key))
        return True
    return False


def regions(*sizes: int) -> list[Region]:
    """Regions of these sizes, one after the other."""
    return [Region(i + 1, sum(sizes[:i]), size) for i, size in enumerate(sizes)]


async def send(
    store: PartwiseContent,
    upload: str,
    region: Region,
    chunks: AsyncIterable[bytes],
    keep: str | None = None,
) -> ReceivedPart:
    """Write one part in a slot of its own."""
    async with store.slot(upload, region.number) as slot:
        return await slot.write(chunks, region, keep=keep)


async def send_all(store: PartwiseContent, upload: str, data: bytes, *sizes: int) -> Parts:
    """Write data as parts of these sizes."""
    parts = []
    for region in regions(*sizes):
        chunk = data[region.offset : region.offset + region.size]
        parts.append((region, (await send(store, upload, region, whole(chunk))).receipt))
    return parts


def body_of(key: str, data: bytes) -> Body:
    """What a store should say of this data."""
    return Body(key, len(data), sha256(data).hexdigest())


class ContentStoreContract:
    """Bodies that are written, read and removed whole."""

    @pytest.mark.parametrize("size", [1, 2, 3, 5, 1000, 16 * 1024, 3 * MIB])
    async def test_a_body_is_the_same_however_it_is_cut(self, store: ContentStore, size: int) -> None:
        data = pattern(20_011 if size < 1000 else 2 * MIB + 17)
        body = await store.write(cut(data, size))
        assert body == body_of(body.key, data)
        assert await collect(store.read(body.key)) == data

    async def test_small_and_large_chunks_keep_their_order(self, store: ContentStore) -> None:
        chunks = [pattern(size, size) for size in (3, 40_000, 1, 0, 5, MIB, 2, 70_000, 900_000, 4)]
        body = await store.write(whole(*chunks))
        assert await collect(store.read(body.key)) == b"".join(chunks)

    async def test_an_empty_body_can_be_stored_and_read(self, store: ContentStore) -> None:
        body = await store.write(whole())
        assert body == body_of(body.key, b"")
        assert await collect(store.read(body.key)) == b""
        assert await store.size(body.key) == 0

    async def test_the_same_bytes_twice_are_two_bodies(self, store: ContentStore) -> None:
        first, second = [await store.write(whole(b"same")) for _ in range(2)]
        assert first.key != second.key
        await store.remove(first.key)
        assert await collect(store.read(second.key)) == b"same"

    async def test_a_key_is_made_of_letters_digits_slashes_and_dashes(self, store: ContentStore) -> None:
        body = await store.write(whole(b"x"))
        assert re.fullmatch(r"[A-Za-z0-9/-]+", body.key)

    @pytest.mark.parametrize("size", [0, 5, 2 * MIB + MIB // 2])
    async def test_a_source_that_breaks_off_leaves_nothing(self, store: ContentStore, size: int) -> None:
        with pytest.raises(Interrupted):
            await store.write(broken_after(*[chunk async for chunk in cut(pattern(size), 256 * 1024)]))
        assert await found(store.keys()) == {}

    @pytest.mark.parametrize("size", [5, 2 * MIB + MIB // 2])
    async def test_a_write_that_is_cancelled_leaves_nothing(self, store: ContentStore, size: int) -> None:
        sender = Sender(pattern(size))
        writing = asyncio.create_task(store.write(sender.chunks()))
        await sender.waits.wait()
        writing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writing
        assert await found(store.keys()) == {}

    async def test_a_write_that_is_cancelled_at_its_very_end_leaves_nothing(
        self, store: ContentStore
    ) -> None:
        sender = Sender(b"all but ", b"the end")
        writing = asyncio.create_task(store.write(sender.chunks()))
        await sender.waits.wait()
        sender.goes_on.set()
        await asyncio.sleep(0)
        writing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writing
        assert await found(store.keys()) == {}

    async def test_a_body_cannot_be_listed_before_it_is_whole(self, store: ContentStore) -> None:
        sender = Sender(pattern(3 * MIB), b"end")
        writing = asyncio.create_task(store.write(sender.chunks()))
        await sender.waits.wait()
        assert await found(store.keys()) == {}
        sender.goes_on.set()
        assert set(await found(store.keys())) <= {(await writing).key}

    @pytest.mark.parametrize(
        ("start", "stop"),
        [
            (0, None),
            (0, 0),
            (0, 1),
            (1, 2),
            (7, None),
            (MIB - 1, MIB + 1),
            (5, 2 * MIB),
            (2 * MIB, None),
            (2 * MIB + 99, None),
            (2 * MIB + 100, None),
            (3, 9 * MIB),
            (9 * MIB, None),
            (5, 4),
        ],
    )
    async def test_a_range_is_exactly_what_was_asked(
        self, store: ContentStore, start: int, stop: int | None
    ) -> None:
        data = pattern(2 * MIB + 100)
        body = await store.write(whole(data))
        assert await collect(store.read(body.key, start, stop)) == data[start:stop]

    async def test_a_key_that_was_never_given_out_is_missing(self, store: ContentStore) -> None:
        body = await store.write(whole(b"x"))
        assert await is_missing(store, body.key[:-1] + ("0" if body.key[-1] != "0" else "1"))
        assert await is_missing(store, "nothing")
        assert await is_missing(store, "")

    async def test_a_missing_body_is_missing_for_every_range(self, store: ContentStore) -> None:
        with pytest.raises(MissingBody):
            await anext(store.read("nothing", 5, 5))

    async def test_a_removed_body_is_gone_and_may_be_removed_again(self, store: ContentStore) -> None:
        body = await store.write(whole(b"x"))
        await store.remove(body.key)
        assert await is_missing(store, body.key)
        assert await found(store.keys()) == {}
        await store.remove(body.key)
        await store.remove("nothing")

    async def test_a_reader_never_gets_wrong_bytes_of_a_body_that_is_removed(
        self, store: ContentStore
    ) -> None:
        data = pattern(6 * MIB)
        body = await store.write(whole(data))
        reading = store.read(body.key)
        got = await anext(reading)
        await store.remove(body.key)
        with suppress(MissingBody):
            async for chunk in reading:
                got += chunk
        assert data.startswith(got)

    async def test_a_reader_may_stop_halfway_and_others_read_on(self, store: ContentStore) -> None:
        data = pattern(4 * MIB)
        body = await store.write(whole(data))
        one, two = store.read(body.key), store.read(body.key)
        first = await anext(one)
        del one
        assert data.startswith(first)
        assert await collect(two) == data

    async def test_many_writes_and_reads_at_once_do_not_mix(self, store: ContentStore) -> None:
        bodies = [pattern(MIB // 2 + n * 70_001, n) for n in range(12)]
        written = await asyncio.gather(*(store.write(cut(data, 50_000)) for data in bodies))
        read = await asyncio.gather(*(collect(store.read(body.key)) for body in written))
        assert read == bodies
        assert set(await found(store.keys())) == {body.key for body in written}

    async def test_keys_tell_when_a_body_was_written(self, store: ContentStore) -> None:
        before = datetime.now(UTC)
        body = await store.write(whole(b"x"))
        written = (await found(store.keys()))[body.key]
        assert abs(written - before) < timedelta(minutes=1)
        assert written.utcoffset() == timedelta(0)

    async def test_keys_since_a_moment_hold_all_written_from_then_on(self, store: ContentStore) -> None:
        await store.write(whole(b"early"))
        since = datetime.now(UTC)
        late = {(await store.write(whole(b"late"))).key for _ in range(3)}
        assert late <= set(await found(store.keys(since)))

    async def test_a_listing_may_be_left_halfway(self, store: ContentStore) -> None:
        keys = {(await store.write(whole(b"x"))).key for _ in range(3)}
        assert (await anext(store.keys())).key in keys

    async def test_a_store_that_works_says_it_is_healthy(self, store: ContentStore) -> None:
        await store.healthy()
        assert await found(store.keys()) == {}


class PartwiseContentContract:
    """Bodies that arrive in parts."""

    async def test_a_fresh_upload_is_nowhere_to_be_seen(self, store: PartwiseContentStore) -> None:
        upload, another = store.new_upload(), store.new_upload()
        assert upload != another
        assert await found(store.uploads()) == {}
        assert await is_missing(store, upload)

    @pytest.mark.parametrize("sizes", [(10,), (1, 1, 1), (5, 0, 7), (0,), (100, 3 * MIB, 50)])
    async def test_parts_become_the_body_of_their_upload(
        self, store: PartwiseContentStore, sizes: tuple[int, ...]
    ) -> None:
        data, upload = pattern(sum(sizes)), store.new_upload()
        assert await store.seal(upload, await send_all(store, upload, data, *sizes)) == body_of(upload, data)
        assert await collect(store.read(upload)) == data
        assert upload in await found(store.keys())

    @pytest.mark.parametrize("size", [1, 2, 3, 5, 1000, 3 * MIB])
    async def test_a_part_is_the_same_however_it_is_cut(self, store: PartwiseContentStore, size: int) -> None:
        data, upload = pattern(3003 if size < 1000 else 2 * MIB + 9), store.new_upload()
        [region] = regions(len(data))
        part = await send(store, upload, region, cut(data, size))
        assert (part.size, part.sha256) == (len(data), sha256(data).hexdigest())
        await store.seal(upload, [(region, part.receipt)])
        assert await collect(store.read(upload)) == data

    async def test_parts_may_come_in_reverse(self, store: PartwiseContentStore) -> None:
        data, upload = pattern(35), store.new_upload()
        parts: Parts = []
        for region in reversed(regions(10, 10, 10, 5)):
            part = await send(store, upload, region, whole(data[region.offset :][: region.size]))
            parts.insert(0, (region, part.receipt))
        assert await store.seal(upload, parts) == body_of(upload, data)

    async def test_large_parts_may_come_in_parallel_and_at_different_nodes(
        self, store: PartwiseContentStore, other_store: PartwiseContentStore
    ) -> None:
        data, upload = pattern(3 * 6 * MIB + 5), store.new_upload()
        places = regions(6 * MIB, 6 * MIB, 6 * MIB, 5)
        sent = await asyncio.gather(
            *(
                send(node, upload, region, cut(data[region.offset :][: region.size], 200_000))
                for region, node in zip(places, [store, other_store] * 2, strict=True)
            )
        )
        parts = [(region, part.receipt) for region, part in zip(places, sent, strict=True)]
        assert await other_store.seal(upload, parts) == body_of(upload, data)
        assert await collect(store.read(upload)) == data

    async def test_a_part_that_is_resent_replaces_the_part_before(self, store: PartwiseContentStore) -> None:
        upload = store.new_upload()
        first, second = regions(4, 4)
        parts = await send_all(store, upload, b"oldsame_", 4, 4)
        again = await send(store, upload, first, whole(b"new!"), keep=parts[0][1])
        sealed = [(first, again.receipt), (second, parts[1][1])]
        assert await store.seal(upload, sealed) == body_of(upload, b"new!ame_")

    async def test_a_part_that_is_resent_may_also_be_given_up(self, store: PartwiseContentStore) -> None:
        upload = store.new_upload()
        parts = await send_all(store, upload, b"old!same", 4, 4)
        await send(store, upload, parts[0][0], whole(b"new!"), keep=parts[0][1])
        assert await store.seal(upload, parts) == body_of(upload, b"old!same")

    @pytest.mark.parametrize("sealed", [0, 1])
    @pytest.mark.parametrize("first_to_end", [0, 1])
    async def test_two_attempts_at_one_part_at_once_never_mix(
        self, store: PartwiseContentStore, other_store: PartwiseContentStore, sealed: int, first_to_end: int
    ) -> None:
        upload, half = store.new_upload(), MIB + MIB // 2
        region, last = regions(2 * half, 3)
        wholes = [pattern(2 * half, 1), pattern(2 * half, 2)]
        senders = [Sender(data[:half], data[half:]) for data in wholes]
        attempts = [
            asyncio.create_task(send(node, upload, region, sender.chunks()))
            for node, sender in zip((store, other_store), senders, strict=True)
        ]
        for sender in senders:
            await sender.waits.wait()
        for number in (first_to_end, 1 - first_to_end):
            senders[number].goes_on.set()
            await attempts[number]
        received = [attempt.result() for attempt in attempts]
        assert [part.sha256 for part in received] == [sha256(data).hexdigest() for data in wholes]
        end = await send(store, upload, last, whole(b"end"))
        body = await store.seal(upload, [(region, received[sealed].receipt), (last, end.receipt)])
        assert body == body_of(upload, wholes[sealed] + b"end")

    async def test_a_second_attempt_counts_while_the_first_hangs(
        self, store: PartwiseContentStore, other_store: PartwiseContentStore
    ) -> None:
        upload, hanging = store.new_upload(), Sender(b"ha", b"ng")
        first, second = regions(4, 4)
        attempt = asyncio.create_task(send(store, upload, first, hanging.chunks()))
        await hanging.waits.wait()
        again = await send(other_store, upload, first, whole(b"good"))
        rest = await send(other_store, upload, second, whole(b"rest"))
        parts = [(first, again.receipt), (second, rest.receipt)]
        assert await other_store.seal(upload, parts) == body_of(upload, b"goodrest")
        hanging.goes_on.set()
        with suppress(MissingBody):  # for its upload is no more
            await attempt
        assert await collect(store.read(upload)) == b"goodrest"
        assert await store.seal(upload, parts) == body_of(upload, b"goodrest")

    async def test_a_slot_that_is_not_used_is_in_nobodys_way(
        self, store: PartwiseContentStore, other_store: PartwiseContentStore
    ) -> None:
        upload = store.new_upload()
        first, second = regions(3, 0)
        async with store.slot(upload, 1):
            one = await send(other_store, upload, first, whole(b"one"))
        empty = await send(store, upload, second, whole())
        parts = [(first, one.receipt), (second, empty.receipt)]
        assert await store.seal(upload, parts) == body_of(upload, b"one")

    async def test_a_part_is_too_long_as_soon_as_it_exceeds_its_region(
        self, store: PartwiseContentStore
    ) -> None:
        upload, hanging = store.new_upload(), Sender(b"12345")
        async with asyncio.timeout(SECONDS_TO_ANSWER):
            with pytest.raises(TooLong):
                await send(store, upload, regions(4)[0], hanging.chunks())

    async def test_a_part_that_is_too_long_does_not_touch_its_neighbour(
        self, store: PartwiseContentStore
    ) -> None:
        upload = store.new_upload()
        first, second = regions(4, 4)
        kept = await send(store, upload, second, whole(b"next"))
        with pytest.raises(TooLong):
            await send(store, upload, first, cut(b"much too long", 3))
        part = await send(store, upload, first, whole(b"good"))
        parts = [(first, part.receipt), (second, kept.receipt)]
        assert await store.seal(upload, parts) == body_of(upload, b"goodnext")

    async def test_a_short_part_says_its_size_and_can_be_sent_again(
        self, store: PartwiseContentStore
    ) -> None:
        upload, [region] = store.new_upload(), regions(4)
        assert (await send(store, upload, region, whole(b"sho"))).size == 3
        part = await send(store, upload, region, whole(b"full"))
        assert await store.seal(upload, [(region, part.receipt)]) == body_of(upload, b"full")

    async def test_a_part_that_breaks_off_can_be_sent_again_in_the_same_slot(
        self, store: PartwiseContentStore
    ) -> None:
        upload, [region] = store.new_upload(), regions(4)
        async with store.slot(upload, 1) as slot:
            with pytest.raises(Interrupted):
                await slot.write(broken_after(b"ba"), region, keep=None)
            part = await slot.write(whole(b"good"), region, keep=None)
        assert await store.seal(upload, [(region, part.receipt)]) == body_of(upload, b"good")

    async def test_a_part_survives_when_its_resending_breaks_off(self, store: PartwiseContentStore) -> None:
        upload = store.new_upload()
        parts = await send_all(store, upload, b"keptrest", 4, 4)
        with pytest.raises(Interrupted):
            await send(store, upload, parts[0][0], broken_after(b"br", b"o"), keep=parts[0][1])
        assert await store.seal(upload, parts) == body_of(upload, b"keptrest")

    async def test_a_part_survives_when_its_resending_is_too_long(self, store: PartwiseContentStore) -> None:
        upload = store.new_upload()
        parts = await send_all(store, upload, b"keptrest", 4, 4)
        with pytest.raises(TooLong):
            await send(store, upload, parts[0][0], cut(b"too long", 1), keep=parts[0][1])
        assert await store.seal(upload, parts) == body_of(upload, b"keptrest")

    @pytest.mark.parametrize("size", [3, 2 * MIB + 5])
    async def test_a_part_survives_when_its_resending_is_cancelled(
        self, store: PartwiseContentStore, size: int
    ) -> None:
        data, upload = pattern(size + 4), store.new_upload()
        parts = await send_all(store, upload, data, size, 4)
        sender = Sender(pattern(size, 9))
        attempt = asyncio.create_task(send(store, upload, parts[0][0], sender.chunks(), keep=parts[0][1]))
        await sender.waits.wait()
        attempt.cancel()
        with pytest.raises(asyncio.CancelledError):
            await attempt
        assert await store.seal(upload, parts) == body_of(upload, data)

    async def test_a_resent_part_survives_another_resending_that_fails(
        self, store: PartwiseContentStore
    ) -> None:
        upload, [region] = store.new_upload(), regions(4)
        first = await send(store, upload, region, whole(b"1111"))
        second = await send(store, upload, region, whole(b"2222"), keep=first.receipt)
        with pytest.raises(Interrupted):
            await send(store, upload, region, broken_after(b"33"), keep=second.receipt)
        assert await store.seal(upload, [(region, second.receipt)]) == body_of(upload, b"2222")

    async def test_sealing_again_gives_the_same_body(
        self, store: PartwiseContentStore, other_store: PartwiseContentStore
    ) -> None:
        data, upload = pattern(11), store.new_upload()
        parts = await send_all(store, upload, data, 5, 6)
        resent = await send(store, upload, parts[1][0], whole(data[5:]), keep=parts[1][1])
        parts[1] = (parts[1][0], resent.receipt)
        for node in (store, other_store, store):
            assert await node.seal(upload, parts) == body_of(upload, data)

    async def test_sealing_at_the_same_time_gives_the_same_body(
        self, store: PartwiseContentStore, other_store: PartwiseContentStore
    ) -> None:
        data, upload = pattern(2 * MIB + 3), store.new_upload()
        parts = await send_all(store, upload, data, MIB, MIB, 3)
        bodies = await asyncio.gather(*(node.seal(upload, parts) for node in [store, other_store] * 3))
        assert bodies == [body_of(upload, data)] * 6
        assert await collect(store.read(upload)) == data

    async def test_an_upload_with_a_part_missing_is_not_sealed(self, store: PartwiseContentStore) -> None:
        upload, other = store.new_upload(), store.new_upload()
        first, second, third = await send_all(store, other, b"onetwoend", 3, 3, 3)
        mine = await send_all(store, upload, b"one", 3)
        foreign = await send(store, other, first[0], whole(b"1st"), keep=first[1])
        forged = [[(mine[0][0], receipt)] for receipt in (foreign.receipt, "no receipt", "")]
        for parts in ([], [*mine, third], [second], [*mine, second], *forged):
            with pytest.raises(MissingBody):
                await store.seal(upload, parts)
            assert await is_missing(store, upload)
            assert await found(store.keys()) == {}
        assert await store.seal(upload, mine) == body_of(upload, b"one")
        assert await store.seal(other, [first, second, third]) == body_of(other, b"onetwoend")

    async def test_an_upload_that_never_was_is_not_sealed(self, store: PartwiseContentStore) -> None:
        parts = await send_all(store, store.new_upload(), b"one", 3)
        for upload in (store.new_upload(), "nothing"):
            with pytest.raises(MissingBody):
                await store.seal(upload, parts)

    async def test_an_upload_is_not_readable_before_it_is_sealed(self, store: PartwiseContentStore) -> None:
        upload = store.new_upload()
        await send_all(store, upload, b"one", 3)
        assert await is_missing(store, upload)
        assert await found(store.keys()) == {}

    async def test_uploads_are_listed_until_they_are_sealed_or_abandoned(
        self, store: PartwiseContentStore, other_store: PartwiseContentStore
    ) -> None:
        before = datetime.now(UTC)
        sealed, abandoned = store.new_upload(), store.new_upload()
        parts = await send_all(store, sealed, b"one", 3)
        await send_all(store, abandoned, b"one", 3)
        listed = await found(other_store.uploads())
        assert set(listed) == {sealed, abandoned}
        assert all(abs(written - before) < timedelta(minutes=1) for written in listed.values())
        await store.seal(sealed, parts)
        await store.abandon(abandoned)
        assert await found(other_store.uploads()) == {}

    async def test_keys_since_a_moment_hold_what_was_sealed_from_then_on(
        self, store: PartwiseContentStore
    ) -> None:
        upload = store.new_upload()
        parts = await send_all(store, upload, b"one", 3)
        since = datetime.now(UTC)
        await store.seal(upload, parts)
        assert upload in await found(store.keys(since))

    async def test_an_abandoned_upload_is_gone_sealed_or_not(self, store: PartwiseContentStore) -> None:
        sealed, unsealed = store.new_upload(), store.new_upload()
        parts = await send_all(store, sealed, b"one", 3)
        await store.seal(sealed, parts)
        remains = await send_all(store, unsealed, b"one", 3)
        for upload, its in ((sealed, parts), (unsealed, remains)):
            await store.abandon(upload)
            assert await is_missing(store, upload)
            with pytest.raises(MissingBody):
                await store.seal(upload, its)
            await store.abandon(upload)
        await store.abandon("nothing")
        assert await found(store.uploads()) == {}

    async def test_an_upload_may_be_abandoned_while_a_part_comes_in(
        self, store: PartwiseContentStore
    ) -> None:
        upload, sender = store.new_upload(), Sender(b"on", b"e")
        attempt = asyncio.create_task(send(store, upload, regions(3)[0], sender.chunks()))
        await sender.waits.wait()
        await store.abandon(upload)
        sender.goes_on.set()
        with suppress(MissingBody):
            await attempt
        assert await is_missing(store, upload)

    async def test_a_part_that_comes_after_the_seal_does_not_change_the_body(
        self, store: PartwiseContentStore
    ) -> None:
        upload = store.new_upload()
        parts = await send_all(store, upload, b"onetwo", 3, 3)
        await store.seal(upload, parts)
        for keep in (parts[0][1], None):
            with suppress(MissingBody):
                await send(store, upload, parts[0][0], whole(b"ONE"), keep=keep)
        assert await collect(store.read(upload)) == b"onetwo"
        assert await store.seal(upload, parts) == body_of(upload, b"onetwo")
        assert await found(store.uploads()) == {}

    async def test_a_sealed_upload_is_removed_like_any_body(self, store: PartwiseContentStore) -> None:
        upload = store.new_upload()
        await store.seal(upload, await send_all(store, upload, b"one", 3))
        await store.remove(upload)
        assert await is_missing(store, upload)
        assert await found(store.keys()) == {}

    async def test_a_discarded_part_is_gone_and_the_kept_one_stays(self, store: PartwiseContentStore) -> None:
        upload, [region] = store.new_upload(), regions(4)
        async with store.slot(upload, 1) as slot:
            kept = await slot.write(whole(b"kept"), region, keep=None)
            resent = await slot.write(whole(b"sent"), region, keep=kept.receipt)
            await slot.discard(resent.receipt)
            await slot.discard(resent.receipt)
        with pytest.raises(MissingBody):
            await store.seal(upload, [(region, resent.receipt)])
        assert await store.seal(upload, [(region, kept.receipt)]) == body_of(upload, b"kept")
