"""The fields that types share: lists that are only read, and references by name."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import Field

from dms.model.fields import OwnUrl, ReadOnly, Text

Links: TypeAlias = Annotated[tuple[str, ...], ReadOnly(), OwnUrl()]
"""URLs that follow from other records (C-54)."""

Names: TypeAlias = Annotated[tuple[str, ...], ReadOnly()]
"""Names that follow from other fields, or from other records (C-52)."""

References: TypeAlias = Annotated[
    list[Annotated[str, Text(1000, shortest=1)]], OwnUrl(), Field(max_length=1000)
]
"""C-50: names of types in the same catalogue, or their URLs; answered as URLs."""

Uitleg: TypeAlias = Annotated[str, Text(100_000)]
"""Text for which the standard has no largest length."""
