"""A plan as people read it: a tree of what changes, with its reasons, and its figures."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson
from rich.text import Text
from rich.tree import Tree

from dms.actions.catalogues.plan import Difference, Fate, Outcome, Plan
from dms.client.failures import printable
from zaak_adapters.catalogi.exchange import KINDS, ZAAKTYPE, Kind

MOST_SHOWN = 40
"""Of each list; --all shows the rest."""
_LONGEST = 100
_SIGNS: dict[Fate, tuple[str, str]] = {
    "new": ("+", "green"),
    "changed": ("~", "yellow"),
    "removed": ("-", "red"),
    "same": ("=", "dim"),
    "left": (".", "dim"),
    "chosen": (">", "cyan"),
    "only here": (".", "dim"),
    "refused": ("!", "bold red"),
    "passed": ("!", "red"),
}
_REMARKS: dict[Fate, str] = {
    "left": "is there and differs; it is left as it is, with what belongs to it",
    "chosen": "the one that is there is used",
    "only here": "is not in the archive; it stays (--prune removes it)",
}
_WORDS: dict[Fate, str] = {"same": "as they should be", "passed": "not looked at"}


def tree(plan: Plan, title: str, *, everything: bool = False) -> Tree:
    """What the plan does, kind by kind; what belongs to a zaaktype stands below it."""
    below: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in plan.outcomes:
        # What was passed by is told with what it belongs to.
        if outcome.kind.is_sub_type and outcome.fate != "passed":
            below[outcome.above].append(outcome)
    most = len(plan.outcomes) if everything else MOST_SHOWN
    root = Tree(Text(printable(title), style="bold"))
    for kind in KINDS:
        outcomes = list(plan.of(kind))
        if outcomes and not kind.is_sub_type:
            branch = root.add(Text(f"{kind.resource.name}: {figures(outcomes)}"))
            shown = [each for each in outcomes if _is_told(each, below[each.url])]
            _add(branch, shown, below, most)
    if orphans := [each for above, found in below.items() if not _has(plan, above) for each in found]:
        branch = root.add(Text("of zaaktypen that are not in the archive"))
        _add(branch, [each for each in orphans if each.fate != "same"], {}, most)
    return root


def _has(plan: Plan, url: str) -> bool:
    return any(each.url == url for each in plan.of(ZAAKTYPE))


def _is_told(outcome: Outcome, below: Sequence[Outcome]) -> bool:
    return outcome.fate != "same" or outcome.published or any(each.fate != "same" for each in below)


def _add(branch: Tree, outcomes: Sequence[Outcome], below: Mapping[str, list[Outcome]], most: int) -> None:
    # What is refused comes first: it is what someone has to look at.
    ordered = sorted(outcomes, key=lambda each: each.fate not in ("refused", "passed"))
    for outcome in ordered[:most]:
        parts = below.get(outcome.url, [])
        is_plain = all(each.fate == outcome.fate for each in parts)
        twig = branch.add(_line(outcome, _together(parts) if is_plain else ""))
        for line in (*outcome.why, *map(_difference, outcome.differences)):
            twig.add(Text(printable(line), style="red" if line in outcome.why else ""))
        if not is_plain:
            _add(twig, [each for each in parts if each.fate != "same"], {}, most)
    if len(ordered) > most:
        branch.add(Text(f"… and {len(ordered) - most} more (--all shows them)", style="dim"))


def _line(outcome: Outcome, parts: str) -> Text:
    sign, style = _SIGNS[outcome.fate]
    name = f"{outcome.kind.resource.singular} " if outcome.kind.is_sub_type else ""
    text = f"{sign} {name}{printable(outcome.label)}"
    if outcome.published:
        text += ", published"
    if remark := _REMARKS.get(outcome.fate):
        text += f": {remark}"
    elif parts:
        text += f": {parts}"
    return Text(text, style=style)


def _together(outcomes: Sequence[Outcome]) -> str:
    counts: Counter[Kind] = Counter(each.kind for each in outcomes)
    return ", ".join(
        f"{number} {kind.resource.name if number > 1 else kind.resource.singular}"
        for kind, number in counts.items()
    )


def _difference(difference: Difference) -> str:
    return f"{difference.field}: {_value(difference.here)} → {_value(difference.there)}"


def _value(value: Any) -> str:
    text = orjson.dumps(value).decode()
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def figures(outcomes: Sequence[Outcome]) -> str:
    """How many of what fate."""
    counts = Counter(each.fate for each in outcomes)
    told: Iterator[str] = (f"{counts[fate]} {_WORDS.get(fate, fate)}" for fate in _SIGNS if counts[fate])
    return ", ".join(told)
