"""What every content store promises that takes bodies from another. A backend's test is a subclass with a
fixture `store`, as for the content contract."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Protocol

import pytest

from dms.storage.content.port import Body, ContentStore, TakesBodies, WrongBytes
from tests.contracts.content import (
    MIB,
    SECONDS_TO_ANSWER,
    Interrupted,
    Sender,
    broken_after,
    collect,
    cut,
    found,
    is_missing,
    pattern,
    whole,
)

KEY = "2026/11/24/09/0123456789abcdef0123456789abcdef"
KEYS = (KEY, "whole/0123456789abcdef0123456789abcdef", "upload/0123456789abcdef", "Z-9", "a" * 200)
"""Keys as one store or another makes them."""


class MovableContentStore(ContentStore, TakesBodies, Protocol):
    """A store of whole bodies that takes them from elsewhere."""


def body_of(data: bytes, key: str = KEY) -> Body:
    """The body that these bytes are."""
    return Body(key, len(data), sha256(data).hexdigest())


class TakesBodiesContract:
    """The whole contract."""

    async def test_the_store_is_known_to_take_bodies_from_elsewhere(self, store: MovableContentStore) -> None:
        assert isinstance(store, TakesBodies)

    @pytest.mark.parametrize("size", [0, 1, 5 * MIB + 3])
    async def test_a_body_that_moved_here_has_the_key_it_had(
        self, store: MovableContentStore, size: int
    ) -> None:
        data = pattern(size)
        await store.put(body_of(data), cut(data, 100_000))
        assert await collect(store.read(KEY)) == data
        assert await store.size(KEY) == size
        assert list(await found(store.keys())) == [KEY]

    async def test_keys_that_any_store_made_are_as_good_as_its_own(self, store: MovableContentStore) -> None:
        for key in KEYS:
            await store.put(body_of(key.encode(), key), whole(key.encode()))
        listed = await found(store.keys(datetime.now(UTC) - timedelta(hours=1)))
        assert sorted(listed) == sorted(KEYS)
        assert datetime.now(UTC) - min(listed.values()) < timedelta(minutes=5)
        assert sorted(await found(store.keys())) == sorted(KEYS)
        assert list(await found(store.keys(datetime.now(UTC) + timedelta(hours=1)))) == []
        for key in KEYS:
            assert await collect(store.read(key, 1)) == key.encode()[1:]
            await store.remove(key)
            assert await is_missing(store, key)
        assert await found(store.keys()) == {}

    async def test_a_body_that_is_put_again_stays_as_it_was(self, store: MovableContentStore) -> None:
        for _ in range(2):
            await store.put(body_of(b"twice"), whole(b"tw", b"ice"))
        assert await collect(store.read(KEY)) == b"twice"
        assert list(await found(store.keys())) == [KEY]

    async def test_a_body_put_twice_at_the_same_moment_is_there_once(
        self, store: MovableContentStore
    ) -> None:
        data = pattern(2 * MIB)
        await asyncio.gather(*(store.put(body_of(data), cut(data, MIB)) for _ in range(3)))
        assert await collect(store.read(KEY)) == data

    @pytest.mark.parametrize("came", [b"", b"anders", b"te lang, en anders"])
    async def test_bytes_that_are_not_those_of_the_body_are_not_kept(
        self, store: MovableContentStore, came: bytes
    ) -> None:
        with pytest.raises(WrongBytes):
            await store.put(body_of(b"gewoon"), whole(came))
        assert await is_missing(store, KEY)

    async def test_wrong_bytes_leave_the_body_that_was_there(self, store: MovableContentStore) -> None:
        await store.put(body_of(b"gewoon"), whole(b"gewoon"))
        with pytest.raises(WrongBytes):
            await store.put(body_of(b"gewoon"), whole(b"gewaan"))
        assert await collect(store.read(KEY)) == b"gewoon"

    async def test_a_body_that_breaks_off_on_its_way_is_not_there(self, store: MovableContentStore) -> None:
        data = pattern(2 * MIB)
        with pytest.raises(Interrupted):
            await store.put(body_of(data), broken_after(data[:MIB]))
        assert await is_missing(store, KEY)

    async def test_a_body_is_not_readable_before_it_is_whole(self, store: MovableContentStore) -> None:
        sender = Sender(b"half", b" whole")
        putting = asyncio.create_task(store.put(body_of(b"half whole"), sender.chunks()))
        await asyncio.wait_for(sender.waits.wait(), SECONDS_TO_ANSWER)
        assert await is_missing(store, KEY)
        sender.goes_on.set()
        await putting
        assert await collect(store.read(KEY)) == b"half whole"

    async def test_a_move_that_is_cancelled_leaves_nothing_half(self, store: MovableContentStore) -> None:
        sender = Sender(pattern(3 * MIB))
        putting = asyncio.create_task(store.put(body_of(b"x"), sender.chunks()))
        await asyncio.wait_for(sender.waits.wait(), SECONDS_TO_ANSWER)
        putting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await putting
        assert await is_missing(store, KEY)

    @pytest.mark.parametrize(
        "key", ["", "..", "/etc/passwd", "a/../b", "a//b", "a/", "a_b", "é", "a\n", "a" * 201]
    )
    async def test_what_cannot_be_a_key_is_refused_as_such(
        self, store: MovableContentStore, key: str
    ) -> None:
        with pytest.raises(ValueError, match="not a key"):
            await store.put(body_of(b"x", key), whole(b"x"))

    async def test_a_body_that_was_removed_can_move_here_again(self, store: MovableContentStore) -> None:
        await store.put(body_of(b"weer"), whole(b"weer"))
        await store.remove(KEY)
        assert await is_missing(store, KEY)
        await store.put(body_of(b"weer"), whole(b"weer"))
        assert await collect(store.read(KEY)) == b"weer"

    async def test_a_key_of_the_store_itself_can_be_put_back(self, store: MovableContentStore) -> None:
        async def chunks() -> AsyncIterator[bytes]:
            yield b"terug"

        body = await store.write(chunks())
        await store.remove(body.key)
        await store.put(body, chunks())
        assert await collect(store.read(body.key)) == b"terug"
