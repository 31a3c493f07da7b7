"""A store that counts how often it is asked something."""

from __future__ import annotations

import inspect
from collections import Counter
from typing import Any

from dms.storage.metadata.port import MetadataStore


class Counted:
    """In front of a store: whatever is awaited of it, and each transaction, is a question."""

    def __init__(self, store: MetadataStore) -> None:
        self._store = store
        self.asked: list[tuple[str, str]] = []

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)
        if not (inspect.iscoroutinefunction(method) or name == "transaction"):
            return method

        def noted(*args: Any, **options: Any) -> Any:
            self.asked.append((name, str(args[0]) if args else ""))
            return method(*args, **options)

        return noted

    @property
    def of(self) -> Counter[str]:
        """How often each collection was asked."""
        return Counter(collection for _, collection in self.asked)
