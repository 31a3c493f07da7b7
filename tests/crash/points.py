"""The points at which a process is killed, by name: what the client had asked for, and how far it had got."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Point:
    """A moment that `killing` announces by the name in `at`, which is `name` if nothing else is given.

    `when` tells which step of the client reaches it. The kill comes at the n-th time, n being drawn from
    1 to `most`. `large` rounds move megabytes, so that a kill comes in the middle of writing a file. With
    `after`, the service dies at that point, and at this one the collector that cleans up behind it.
    """

    name: str
    when: str
    at: str = ""
    most: int = 8
    large: bool = False
    after: str = ""

    @property
    def announced(self) -> str:
        """The name by which `killing` announces it."""
        return self.at or self.name


POINTS = (
    # Content within JSON: POST, PUT and PATCH with inhoud.
    Point("body.halfway", "a part of the body has been written", large=True, most=3),
    Point("body.synced", "the body is on stable storage, under a name that nobody reads"),
    Point("body.stored", "the body is readable, and no record refers to it"),
    Point("create.committed", "the document is there, the answer was not sent"),
    # Content in parts: POST with bestandsomvang, PUT of the bestandsdelen.
    Point("upload.committed", "the document and its parts are there, the answer was not sent", most=4),
    Point("part.halfway", "some of a part has been written in its place", large=True, most=3),
    Point("part.written", "the part is on stable storage, and not recorded"),
    Point("part.committed", "the part is recorded, the answer was not sent"),
    Point("resent.halfway", "a part comes again over one that was received", large=True, most=2),
    Point("resent.written", "the second coming is on stable storage, the first one is recorded", most=4),
    # Unlock of an upload.
    Point("sealing.committed", "no part is taken any more, nothing has been put together", most=4),
    Point("seal.synced", "all parts are in one file, which is not readable yet", most=4),
    Point("seal.placed", "the file is readable, the parts still lie about", most=4),
    Point("seal.done", "the file is readable, the document still waits for it", most=4),
    Point("unlock.committed", "the document is unlocked, the answer was not sent"),
    # Check-out and change.
    Point("lock.committed", "the lock is taken, nobody knows its token"),
    Point("update.decided", "the new version is about to be committed"),
    Point("update.committed", "the new version is there, the answer was not sent"),
    # Any write, within the transaction of the store.
    Point("transaction.halfway", "some of its statements have been done", most=60),
    Point("transaction.written", "all statements have been done, nothing is committed", most=20),
    Point("transaction.committed", "it is committed, the action does not know", most=20),
    # DELETE, and what the collector does about it beside the load.
    Point("delete.decided", "the document is about to go", most=4),
    Point("delete.committed", "the document is gone, its bodies are there, the answer was not sent", most=4),
    Point(
        "dropped.halfway",
        "the parts of what was dropped are gone, its body is not",
        at="upload.dropped",
        most=3,
    ),
    Point(
        "dropped.removed", "what was dropped is gone, and still listed as dropped", at="body.removed", most=3
    ),
    Point(
        "dropped.forgotten",
        "what was dropped is gone, and not listed any more",
        at="forgotten.committed",
        most=3,
    ),
    # The collector alone, after a service that died.
    Point(
        "orphan.removed", "an orphan is gone, others are not", at="body.removed", most=1, after="body.stored"
    ),
    Point(
        "upload.given-up",
        "the parts are forgotten, their bytes are there",
        at="given-up.committed",
        most=1,
        after="part.committed",
    ),
    Point(
        "upload.emptied",
        "the bytes of an upload are gone",
        at="upload.dropped",
        most=1,
        after="part.committed",
    ),
)
