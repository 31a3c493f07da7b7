"""What is wrong with a field, in the words of the standard (G-31, G-32)."""

from __future__ import annotations

from dataclasses import dataclass

NON_FIELD = "nonFieldErrors"
"""The name of a problem that belongs to the object as a whole (written `@ -` in the rules)."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One entry of `invalidParams`: the camelCase path of the field, the code, and a sentence in Dutch."""

    name: str
    code: str
    reason: str

    def under(self, path: str) -> Problem:
        """The same problem, seen from the object that holds this one at `path`."""
        return Problem(f"{path}.{self.name}", self.code, self.reason)
