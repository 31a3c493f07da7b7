"""Groups of fields: not set, or set in full (zrc-012, D-02, G-130)."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from dms.documenten.resources.enkelvoudiginformatieobjecten import Algoritme
from tests.standard.documents import SENDINGS, sending_of
from tests.zgw import DOCUMENTS, Answer, Zgw, document_values, refusal

CHECKSUM = {"algoritme": "crc_16", "waarde": "29b1", "datum": "2026-01-05"}
SIGNED = {"soort": "pki", "datum": "2026-01-04"}
NOT_SET: dict[str, dict[str, Any]] = {
    "integriteit": {"algoritme": "", "waarde": "", "datum": None},
    "ondertekening": {"soort": "", "datum": None},
}
GROUPS = pytest.mark.parametrize(("group", "value"), [("integriteit", CHECKSUM), ("ondertekening", SIGNED)])


async def sent(zgw: Zgw, type_: str, method: str, group: str, value: Any) -> Answer:
    """A create, or an update of a document that has both groups, with this group."""
    if method == "POST":
        return await zgw.post(DOCUMENTS, {**document_values(type_), group: value})
    document = await zgw.document(type_, integriteit=CHECKSUM, ondertekening=SIGNED)
    lock = await zgw.locked(document["url"])
    return await zgw.call(method, document["url"], json={**document_values(type_, lock=lock), group: value})


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
@GROUPS
async def test_zrc_012_a_group_is_checked_in_full_and_never_merged(
    zgw: Zgw, type_: str, method: str, group: str, value: dict[str, str]
) -> None:
    missing = [("required", f"{group}.{member}") for member in value]
    assert refusal(await sent(zgw, type_, method, group, {})) == (400, *missing)
    first, *rest = value
    left = [("required", f"{group}.{member}") for member in rest]
    answer = await sent(zgw, type_, method, group, {first: value[first]})
    assert refusal(answer) == (400, *(left if len(left) > 1 else left[0]))


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
@GROUPS
async def test_zrc_012_qg_13_null_and_a_group_with_nothing_in_it_are_not_set(
    zgw: Zgw, type_: str, method: str, group: str, value: dict[str, str]
) -> None:
    for nothing in (None, NOT_SET[group]):
        answer = await sent(zgw, type_, method, group, nothing)
        assert answer.status == (201 if method == "POST" else 200)
        assert answer[group] == NOT_SET[group]
        fetched = await zgw.get(answer["url"])
        assert fetched[group] == NOT_SET[group]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
@GROUPS
async def test_d_02_a_group_that_is_set_is_answered_as_it_was_sent(
    zgw: Zgw, type_: str, method: str, group: str, value: dict[str, str]
) -> None:
    assert (await sent(zgw, type_, method, group, value))[group] == value


@pytest.mark.parametrize(
    ("group", "changed", "code"),
    [
        ("integriteit", {"algoritme": None}, "null"),
        ("integriteit", {"algoritme": "sha_4"}, "invalid_choice"),
        ("integriteit", {"waarde": ""}, "blank"),
        ("integriteit", {"waarde": "w" * 129}, "max_length"),
        ("integriteit", {"datum": None}, "null"),
        ("integriteit", {"datum": "gisteren"}, "invalid"),
        ("ondertekening", {"soort": None}, "null"),
        ("ondertekening", {"soort": "stempel"}, "invalid_choice"),
        ("ondertekening", {"datum": "2026-01-04T10:00:00Z"}, "invalid"),
    ],
)
async def test_d_02_a_member_that_is_wrong_is_refused_by_its_name(
    zgw: Zgw, type_: str, group: str, changed: dict[str, Any], code: str
) -> None:
    value = {**(CHECKSUM if group == "integriteit" else SIGNED), **changed}
    assert refusal(await sent(zgw, type_, "POST", group, value)) == (
        400,
        code,
        f"{group}.{next(iter(changed))}",
    )


async def test_d_02_something_else_than_an_object_is_no_group(zgw: Zgw, type_: str) -> None:
    for wrong in ("pki", ["pki"], 1):
        answer = await sent(zgw, type_, "POST", "ondertekening", wrong)
        assert refusal(answer) == (400, "invalid", "ondertekening")


async def test_d_02_every_algorithm_of_the_standard_can_be_stated(zgw: Zgw, type_: str) -> None:
    for algorithm in get_args(Algoritme):
        group = {**CHECKSUM, "algoritme": algorithm}
        assert (await sent(zgw, type_, "POST", "integriteit", group))["integriteit"] == group


async def test_g_130_qg_13_a_group_that_is_not_set_is_answered_in_one_form(zgw: Zgw, type_: str) -> None:
    document = await zgw.document(type_)
    url, lock = document["url"], await zgw.locked(document["url"])
    answers = [
        document.body,
        (await zgw.patch(url, {"integriteit": None, "lock": lock})).body,
        (await zgw.put(url, document_values(type_, lock=lock))).body,
        (await zgw.get(url)).body,
        (await zgw.get(f"{url}?versie=1")).body,
        *(await zgw.get(DOCUMENTS))["results"],
        *(await zgw.get(f"{url}/versies"))["results"],
        *(line["wijzigingen"]["nieuw"] for line in (await zgw.get(f"{url}/audittrail")).body),
    ]
    assert len(answers) == 12
    assert all({name: answer[name] for name in NOT_SET} == NOT_SET for answer in answers)
    sending = await sending_of(zgw, url)
    for answer in (sending.body, (await zgw.get(sending["url"])).body, *(await zgw.get(SENDINGS))["results"]):
        assert {answer[name] for name in answer if name.endswith("adres") and name != "emailadres"} == {None}
