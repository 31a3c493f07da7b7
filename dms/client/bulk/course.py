"""What the transfer of many files tells to whoever watches it."""

from __future__ import annotations

from typing import Protocol

from dms.client.watch import Watch


class Course(Protocol):
    """Sees files go by, several at once. It is called within the event loop, so it must be quick."""

    def expects(self, count: int, size: int) -> None:
        """So many more files will come, of so many bytes together."""

    def opens(self, bestand: str, size: int) -> Watch:
        """A file is being sent; what is returned sees its bytes move."""

    def closes(self, bestand: str, watch: Watch, failure: str | None) -> None:
        """It has become a document, or `failure` says why not."""

    def skips(self, bestand: str, size: int) -> None:
        """A file became a document before."""

    def says(self, text: str) -> None:
        """A remark."""
