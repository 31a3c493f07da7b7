"""What the resources of these lists have in common: who may read them, and their numbers."""

from typing import Annotated, TypeAlias

from pydantic import BeforeValidator, Field

from dms.model.fields import no_truth_value
from dms.model.resource import Scopes, Verb

OPEN = Scopes.open_to_read()
"""R-01: anyone may read them, without a token; they are filled by whoever runs the service."""

READING: frozenset[Verb] = frozenset({"list", "fetch"})

Getal: TypeAlias = Annotated[int, BeforeValidator(no_truth_value), Field(ge=-(2**31), le=2**31 - 1)]
"""A whole number of 32 bits."""
