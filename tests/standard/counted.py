"""A metadata store that tells what it was asked: a test can say how many questions an answer may take."""

from __future__ import annotations

import inspect
from typing import Any, NamedTuple

from dms.storage.metadata.port import MetadataStore

QUESTIONS = {name for name, member in vars(MetadataStore).items() if inspect.iscoroutinefunction(member)}
"""The methods that wait for the store: whatever is added to the port is counted too."""


class Question(NamedTuple):
    """A method that was called, and what it was first of all called with."""

    method: str
    about: Any


class Counted:
    """A store that notes whatever it is asked."""

    def __init__(self, store: MetadataStore) -> None:
        self._store = store
        self.asked: list[Question] = []

    def __getattr__(self, name: str) -> Any:
        member = getattr(self._store, name)
        if name not in QUESTIONS:
            return member

        async def noted(*arguments: Any, **options: Any) -> Any:
            self.asked.append(Question(name, arguments[0] if arguments else None))
            return await member(*arguments, **options)

        return noted
