"""Reading an object to its end, also over a line that breaks."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from dms.storage.content.port import MissingBody
from dms.storage.content.s3.failures import NotThere, Tries, Unavailable
from dms.storage.content.s3.service import S3Service


async def read(service: S3Service, name: str, start: int, stop: int | None) -> AsyncGenerator[bytes, None]:
    """Yield the bytes [start, stop) as they come. Where the line breaks it goes on, as long as each try
    brings something within the service's patience; otherwise it raises, and never ends too early."""
    tries = Tries(service.patience)
    try:
        if stop is not None and stop <= start:
            await service.size(name)
            return
        while True:
            try:
                async with service.stretch(name, start, stop) as stretch:
                    if stretch is None:
                        return
                    end = start + stretch.size
                    async for chunk in stretch.chunks:
                        start += len(chunk)
                        tries.start_over()
                        yield chunk
                if start >= end:
                    return
                raise Unavailable(f"the S3 store stopped sending {end - start} bytes before the end")  # noqa: TRY301
            except Unavailable as why:
                await tries.pause(why)
    except NotThere:
        raise MissingBody(f"there is no body {name}") from None


async def read_first(
    service: S3Service, names: Sequence[str], start: int, stop: int | None
) -> AsyncGenerator[bytes, None]:
    """The same of the first of these objects that there is. Raises `MissingBody` of the last."""
    for name in names[:-1]:
        reading = read(service, name, start, stop)
        try:
            async with aclosing(reading):
                async for chunk in reading:
                    yield chunk
        except MissingBody:
            continue
        return
    async with aclosing(read(service, names[-1], start, stop)) as reading:
        async for chunk in reading:
            yield chunk
