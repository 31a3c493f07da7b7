"""expand (RULES 1.9): references answered together with what they refer to, as far as it may be read."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dms.actions.answers import shown
from dms.actions.service import Dms
from dms.autorisaties.access import Access, Grant
from dms.autorisaties.applications import Application
from dms.autorisaties.caller import Caller
from dms.model.refusals import Denied
from tests.zgw import CATALOGUES, DOCUMENTS, TYPES, Zgw, refusal

READS_DOCUMENTS = Grant("drc", frozenset({"documenten.lezen"}))
READS_TYPES = Grant("ztc", frozenset({"catalogi.lezen"}))


def caller_with(*grants: Grant) -> Caller:
    """A caller with these grants."""
    return Caller(Application("id", "label", Access(grants=grants)), "", "", "http://here")


async def test_g_75_an_object_is_answered_with_what_it_refers_to(zgw: Zgw, type_: str) -> None:
    document = await zgw.document(type_)
    plain = (await zgw.get(document["url"])).body
    answer = (await zgw.get(f"{document['url']}?expand=informatieobjecttype")).body
    assert answer.pop("_expand") == {"informatieobjecttype": (await zgw.get(type_)).body}
    assert answer == plain


async def test_qg_4_without_expand_nothing_is_added(zgw: Zgw, type_: str) -> None:
    document = await zgw.document(type_)
    for url in (type_, document["url"], f"{type_}?expand=", f"{type_}?expand=,%20,"):
        assert "_expand" not in (await zgw.get(url)).body
    for url in (CATALOGUES, TYPES, DOCUMENTS):
        assert all("_expand" not in found for found in (await zgw.get(url))["results"])


async def test_g_75_every_object_of_a_list_is_expanded(zgw: Zgw) -> None:
    catalogues = [await zgw.catalogue(domein) for domein in ("A", "B")]
    types = [await zgw.document_type(catalogue=url, omschrijving=url[-4:]) for url in catalogues]
    results = (await zgw.get(f"{TYPES}?expand=catalogus"))["results"]
    assert [found["url"] for found in results] == types[::-1]
    assert [found["_expand"]["catalogus"]["url"] for found in results] == catalogues[::-1]


async def test_g_75_a_list_of_references_becomes_a_list_of_objects(zgw: Zgw) -> None:
    catalogue = await zgw.catalogue()
    types = [await zgw.document_type(catalogue=catalogue, omschrijving=name) for name in ("A", "B")]
    await zgw.document_type(catalogue=catalogue, omschrijving="C", published=False)
    answer = await zgw.get(f"{catalogue}?expand=informatieobjecttypen")
    assert answer["informatieobjecttypen"] == types
    assert answer["_expand"]["informatieobjecttypen"] == [(await zgw.get(url)).body for url in types]


async def test_g_77_of_no_references_there_is_an_empty_list(zgw: Zgw) -> None:
    answer = await zgw.get(f"{await zgw.catalogue()}?expand=informatieobjecttypen")
    assert answer["_expand"] == {"informatieobjecttypen": []}


async def test_g_76_every_step_of_a_path_is_expanded(zgw: Zgw, type_: str) -> None:
    document = await zgw.document(type_)
    catalogue = (await zgw.get(type_))["catalogus"]
    answer = await zgw.get(f"{document['url']}?expand=informatieobjecttype.catalogus")
    within = answer["_expand"]["informatieobjecttype"]
    assert within["url"] == type_
    assert within["_expand"] == {"catalogus": (await zgw.get(catalogue)).body}


async def test_g_75_several_paths_are_expanded_together(zgw: Zgw, type_: str) -> None:
    document = await zgw.document(type_)
    paths = "informatieobjecttype, informatieobjecttype.catalogus.informatieobjecttypen,informatieobjecttype"
    answer = await zgw.get(f"{document['url']}?expand={paths}")
    catalogue = answer["_expand"]["informatieobjecttype"]["_expand"]["catalogus"]
    assert [found["url"] for found in catalogue["_expand"]["informatieobjecttypen"]] == [type_]


async def test_g_75_the_urls_within_are_those_that_the_client_knows(zgw: Zgw, type_: str) -> None:
    answer = await zgw.get(f"{type_}?expand=catalogus.informatieobjecttypen", headers={"Host": "a.nl"})
    text = str(answer.body)
    assert zgw.origin not in text
    assert "'/catalogi" not in text
    assert answer["_expand"]["catalogus"]["url"] == answer["catalogus"]


@pytest.mark.parametrize(
    "path",
    ["x", "url", "omschrijving", "zaaktypen.x", "catalogus.x", "catalogus..informatieobjecttypen", ".",
     "catalogus.", ".catalogus", "Catalogus", "catalogus catalogus", "catalogus,x", "_expand", "__class__",
     "%00", "catalogus/x"],
)  # fmt: skip
async def test_drc_013_a_path_that_is_no_reference_is_refused(zgw: Zgw, type_: str, path: str) -> None:
    for url in (type_, TYPES):
        assert refusal(await zgw.get(f"{url}?expand={path}")) == (400, "invalid_choice", "expand")


async def test_drc_013_a_path_is_refused_in_an_empty_list_as_well(zgw: Zgw) -> None:
    for url in (TYPES, CATALOGUES, DOCUMENTS):
        assert refusal(await zgw.get(f"{url}?expand=x")) == (400, "invalid_choice", "expand")


async def test_drc_012_a_path_may_go_ten_levels_deep_and_no_deeper(zgw: Zgw, type_: str) -> None:
    steps = ["catalogus", "informatieobjecttypen"] * 6
    answer = await zgw.get(f"{type_}?expand={'.'.join(steps[:10])}")
    level = answer.body
    for step in steps[:10]:
        found = level["_expand"][step]
        level = found[0] if isinstance(found, list) else found
    assert "_expand" not in level
    for deep in (11, 12):
        answer = await zgw.get(f"{type_}?expand={'.'.join(steps[:deep])}")
        assert refusal(answer) == (400, "invalid_choice", "expand")


async def test_drc_012_more_paths_than_anyone_needs_are_refused(zgw: Zgw, type_: str) -> None:
    assert (await zgw.get(f"{type_}?expand={','.join(['catalogus'] * 50)}")).status == 200
    answer = await zgw.get(f"{type_}?expand={','.join(['catalogus'] * 51)}")
    assert refusal(answer) == (400, "invalid_choice", "expand")


async def test_g_55_what_is_expanded_may_be_read_or_the_request_is_refused(dms: Dms) -> None:
    partly = caller_with(READS_TYPES)
    [record] = [{"url": "", "informatieobjecttype": "", "bestandsdelen": []}]
    looks_back = replace(dms.resource("catalogussen"), expands={"zaaktypen": ("verzendingen",)}, reverses=())
    with pytest.raises(Denied, match=r"documenten\.lezen"):
        await shown(dms, looks_back, [record], partly, expand={"zaaktypen": {}})


async def test_ztc_014_who_may_read_documents_may_expand_their_types(zgw: Zgw, type_: str) -> None:
    url = (await zgw.document(type_))["url"]
    reader = zgw.register("reader", [READS_DOCUMENTS])
    for at in (url, DOCUMENTS):
        answer = await zgw.get(f"{at}?expand=informatieobjecttype", client=reader)
        assert answer.status == 200, answer


async def test_g_55_a_path_is_checked_before_the_rights_on_what_it_leads_to(zgw: Zgw, type_: str) -> None:
    partly = zgw.register("partly", [READS_DOCUMENTS])
    answer = await zgw.get(f"{DOCUMENTS}?expand=x", client=partly)
    assert refusal(answer) == (400, "invalid_choice", "expand")


async def test_g_75_an_old_version_is_expanded_like_the_latest(zgw: Zgw, type_: str) -> None:
    url = (await zgw.document(type_))["url"]
    lock = await zgw.locked(url)
    assert (await zgw.patch(url, {"titel": "Anders", "lock": lock})).status == 200
    answer = await zgw.get(f"{url}?versie=1&expand=informatieobjecttype")
    assert (answer["versie"], answer["_expand"]["informatieobjecttype"]["url"]) == (1, type_)


async def test_g_75_a_head_may_expand_as_the_get_does(zgw: Zgw, type_: str) -> None:
    url = f"{type_}?expand=catalogus"
    assert (await zgw.call("HEAD", url)).headers["Etag"] == (await zgw.get(url)).headers["Etag"]


async def test_drc_012_references_that_go_round_do_not_multiply_for_ever(zgw: Zgw) -> None:
    catalogue = await zgw.catalogue()
    for number in range(30):
        await zgw.document_type(catalogue=catalogue, omschrijving=f"Type {number}")
    round_trip = "informatieobjecttypen.catalogus."
    fine = await zgw.get(f"{CATALOGUES}?expand={round_trip}informatieobjecttypen")
    assert fine.status == 200
    bomb = await zgw.get(f"{CATALOGUES}?expand={round_trip * 4}informatieobjecttypen")
    assert refusal(bomb) == (400, "invalid_choice", "expand")
