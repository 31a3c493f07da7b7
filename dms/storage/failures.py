"""What goes wrong with stores whatever they are: one that cannot be reached, and one that is full."""

from __future__ import annotations

import errno


class Unreachable(OSError):
    """The store does not answer, or not in time; what was asked may or may not have been done.
    The message says which store, and never with what credentials."""


def is_full(error: OSError) -> bool:
    """Whether this is for want of room."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT)
