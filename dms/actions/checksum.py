"""Checksums of content: those that clients state in `integriteit`, held against what came, and our own."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import zlib
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Protocol

from dms.documenten.upload.received import Received
from dms.storage.content.port import Body, ContentStore


class Digest(Protocol):
    """Something that takes bytes and ends as a checksum."""

    def update(self, data: bytes, /) -> None:
        """Take more of the content."""

    def digest(self) -> bytes:
        """The checksum of all that was taken."""


class _Crc32:
    def __init__(self) -> None:
        self._value = 0

    def update(self, data: bytes, /) -> None:
        self._value = zlib.crc32(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(4, "big")


_KNOWN: dict[str, dict[int, str]] = {
    "md5": {16: "md5"},
    "sha_1": {20: "sha1"},
    "sha_256": {32: "sha256"},
    "sha_512": {64: "sha512"},
    "sha_3": {28: "sha3_224", 32: "sha3_256", 48: "sha3_384", 64: "sha3_512"},
}


async def compared(content: ContentStore, came: Received, integriteit: object) -> Received:
    """What came, with whether it has another checksum than `integriteit` states: that of a record, or what a
    client sent, which may be anything."""
    match integriteit:
        case {"algoritme": str(algorithm), "waarde": str(value)} if came.body is not None:
            return replace(came, checksum_differs=await _differs(content, came.body, algorithm, value))
    return came


async def _differs(content: ContentStore, body: Body, algorithm: str, value: str) -> bool:
    """False where nothing was stated, or an algorithm whose variant the standard leaves open (crc_16, crc_64,
    fletcher_*, hmac). The value may be written in hexadecimal or base64."""
    if algorithm not in _KNOWN and algorithm != "crc_32":
        return False
    stated = _readings(value)
    if algorithm == "sha_256":
        return bytes.fromhex(body.sha256) not in stated
    digest = _digest(algorithm, stated)
    if digest is None:
        return True
    return await _taken(content.read(body.key), digest) not in stated


async def sha256_of(chunks: AsyncIterator[bytes]) -> str:
    """The SHA-256 of a body, in hexadecimal."""
    return (await _taken(chunks, hashlib.sha256())).hex()


async def _taken(chunks: AsyncIterator[bytes], digest: Digest) -> bytes:
    """The checksum of all of it; others have their turn meanwhile."""
    async for chunk in chunks:
        await asyncio.to_thread(digest.update, chunk)
    return digest.digest()


def _digest(algorithm: str, stated: list[bytes]) -> Digest | None:
    """The digest whose length one of the readings has; none of the right length can be right."""
    lengths = {len(reading) for reading in stated}
    if algorithm == "crc_32":
        return _Crc32() if 4 in lengths else None
    names = [name for length, name in _KNOWN[algorithm].items() if length in lengths]
    return hashlib.new(names[0], usedforsecurity=False) if names else None


def _readings(value: str) -> list[bytes]:
    """The bytes that a written checksum may stand for."""
    readings = []
    for read in (bytes.fromhex, lambda text: base64.b64decode(text, validate=True)):
        try:
            readings.append(read(value.strip()))
        except (ValueError, binascii.Error):
            continue
    return readings
