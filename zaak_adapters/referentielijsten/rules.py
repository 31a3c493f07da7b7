"""The rules of the selectielijst: how its results are numbered, and what follows from that."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from dms.model.change import Values
from dms.model.problems import Problem

_NUMBER = r"-?\d{1,10}"
_GENERIC = re.compile(rf"{_NUMBER}\.{_NUMBER}", re.ASCII)
_SPECIFIC = re.compile(rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}", re.ASCII)

WEERGAVE = {
    "": "",
    "nihil": "Nihil",
    "bestaansduur_procesobject": "De bestaans- of geldigheidsduur van het procesobject.",
    "ingeschatte_bestaansduur_procesobject": (
        "De ingeschatte maximale bestaans- of geldigheidsduur van het procesobject."
    ),
    "vast_te_leggen_datum": (
        "De tijdens het proces vast te leggen datum waarop de geldigheid van het procesobject"
        " komt te vervallen."
    ),
    "samengevoegd_met_bewaartermijn": "De procestermijn is samengevoegd met de bewaartermijn.",
}
"""What each procestermijn means, in words."""


def complete(result: Values, number: str) -> None:
    """R-03: fill in what follows from the rest: a result whose number has two parts is generic, one with
    three is a specific case of it."""
    result["volledigNummer"] = number
    result["generiek"] = _SPECIFIC.fullmatch(number) is None
    result["specifiek"] = not result["generiek"]
    result["procestermijnWeergave"] = WEERGAVE[result["procestermijn"]]


def it_is_numbered_after_its_procestype(
    result: Values, procestype: Values | None, generic: Collection[str]
) -> Iterator[Problem]:
    """R-03: volledigNummer is the number of the procestype, that of the generic result, and its own;
    `generic` holds the numbers of the generic results of that procestype."""
    if procestype is None:
        yield Problem("procesType", "does_not_exist", "Er is geen procestype met dit id.")
        return
    number = result["volledigNummer"]
    if not (_GENERIC.fullmatch(number) or _SPECIFIC.fullmatch(number)):
        yield Problem("volledigNummer", "invalid", "Gebruik twee of drie getallen met punten ertussen.")
        return
    first, *_, last = number.split(".")
    if first != str(procestype["nummer"]):
        reason = f"Dit begint niet met het nummer van het procestype, {procestype['nummer']}."
        yield Problem("volledigNummer", "invalid", reason)
    if last != str(result["nummer"]):
        yield Problem("volledigNummer", "invalid", f"Dit eindigt niet op het nummer, {result['nummer']}.")
    if result["specifiek"] and number.rpartition(".")[0] not in generic:
        reason = f"Het procestype heeft geen generiek resultaat {number.rpartition('.')[0]}."
        yield Problem("volledigNummer", "does_not_exist", reason)
