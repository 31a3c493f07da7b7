"""What commands say to a person: on standard error, so that standard output holds results only."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from dms.client.failures import printable


def console() -> Console:
    """The terminal as it is now, or whatever stands in for it."""
    return Console(stderr=True, highlight=False)


def complain(text: str) -> None:
    """Say what is wrong."""
    console().print(Text(printable(text), style="red"), soft_wrap=True)
