"""The log: what cannot be written is lost, and nothing else with it."""

from __future__ import annotations

from io import BytesIO, StringIO

import pytest

from dms.logs import Lossy


class Full(BytesIO):
    """A stream on a disk that has no room."""

    def write(self, text: object) -> int:
        raise OSError(28, "No space left on device")

    flush = write  # type: ignore[assignment]


def test_a_line_that_cannot_be_written_is_counted_and_no_more() -> None:
    stream = Lossy(Full())
    stream.write(b"line\n")
    assert stream.lost == 1


def test_a_line_that_cannot_be_flushed_is_counted_and_no_more() -> None:
    class FullLater(StringIO):
        def flush(self) -> None:
            raise OSError(28, "No space left on device")

    inner = FullLater()
    stream = Lossy(inner)
    stream.write("line\n")
    stream.flush()
    assert (inner.getvalue(), stream.lost) == ("line\n", 1)


def test_other_faults_of_a_stream_are_not_hidden() -> None:
    stream = Lossy(StringIO())
    with pytest.raises(TypeError):
        stream.write(b"bytes where text is due")
