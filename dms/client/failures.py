"""What can go wrong between here and a Documenten API, in words for the person who waits for it.

Failure
├── Refused       the server said no, and why
├── Unreachable   it gave no answer, however often it was asked
├── FileChanged   the file is no longer what it was when its upload began
├── Damaged       what arrived is not what was sent
└── InUse         another process is at work on the same file
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_MOST_SHOWN = 20


class Failure(Exception):
    """It did not work, and its text says why. Nothing was lost that the text does not name."""


class Unreachable(Failure):
    """The server did not answer, or broke off each time."""


class FileChanged(Failure):
    """The file changed during its upload, so that what was sent may be neither the old nor the new one."""


class Damaged(Failure):
    """The bytes that arrived differ from those that the server says it has."""


class InUse(Failure):
    """Another process is transferring this very file."""


class Refused(Failure):
    """The server said no. `status` is that of HTTP, `code` the standard's (empty if it gave none), `reasons`
    the codes of what is wrong with fields, and `retry_after` the seconds it asks to wait, if it does."""

    def __init__(
        self,
        text: str,
        *,
        status: int,
        code: str = "",
        reasons: frozenset[str] = frozenset(),
        retry_after: float | None = None,
    ) -> None:
        super().__init__(printable(text))
        self.status = status
        self.code = code
        self.reasons = reasons
        self.retry_after = retry_after

    @classmethod
    def of(cls, status: int, reason: str, problem: Any, retry_after: float | None = None) -> Refused:
        """The refusal that an answer holds; `problem` is its JSON, or anything else if it had none."""
        if not isinstance(problem, Mapping) or not (problem.get("title") or problem.get("detail")):
            text = f"The server answers {status} {reason}.".replace(" .", ".")
            return cls(text, status=status, retry_after=retry_after)
        return cls(
            _sentences(status, problem),
            status=status,
            code=str(problem.get("code") or ""),
            reasons=frozenset(str(param.get("code") or "") for param in _params(problem)),
            retry_after=retry_after,
        )


def _sentences(status: int, problem: Mapping[str, Any]) -> str:
    """Title, detail, and what is wrong with each field, a line for each."""
    title, detail = (str(problem.get(name) or "").strip() for name in ("title", "detail"))
    lines = [f"{title or detail} ({status} {problem.get('code') or ''}".rstrip() + ")"]
    found = _params(problem)
    if detail and detail != title and not (found and _repeats(detail, found)):
        lines.append(detail)
    for param in found[:_MOST_SHOWN]:
        lines.append(f"  {param.get('name', '')}: {param.get('reason', '')} ({param.get('code', '')})")
    if len(found) > _MOST_SHOWN:
        lines.append(f"  … and {len(found) - _MOST_SHOWN} more")
    return "\n".join(lines)


def _params(problem: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    params = problem.get("invalidParams")
    return [param for param in params if isinstance(param, Mapping)] if isinstance(params, list) else []


def _repeats(detail: str, found: list[Mapping[str, Any]]) -> bool:
    """Some servers make their detail of the reasons, which follow anyhow."""
    return all(str(param.get("reason", "")) in detail for param in found)


def printable(text: str) -> str:
    """The text without anything that a terminal would obey."""
    return "".join(character for character in text if character.isprintable() or character == "\n")
