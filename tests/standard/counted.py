"""A metadata store that tells what it was asked: a test can say how many questions an answer may take."""

from __future__ import annotations

import inspect
from collections import Counter
from typing import Any, NamedTuple

from dms.storage.metadata.port import MetadataStore

QUESTIONS = {name for name, member in vars(MetadataStore).items() if inspect.iscoroutinefunction(member)}
"""The methods that wait for the store: whatever is added to the port is counted too."""


class Question(NamedTuple):
    """A method that was called, and what it was first of all called with."""

    method: str
    about: Any


class Counted:
    """In front of a store: notes whatever is awaited of it, and each transaction."""

    def __init__(self, store: MetadataStore) -> None:
        self._store = store
        self.asked: list[Question] = []

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)
        if name not in QUESTIONS and name != "transaction":
            return method

        def noted(*arguments: Any, **options: Any) -> Any:
            self.asked.append(Question(name, arguments[0] if arguments else ""))
            return method(*arguments, **options)

        return noted

    @property
    def of(self) -> Counter[str]:
        """How often each collection was asked."""
        return Counter(question.about for question in self.asked)
