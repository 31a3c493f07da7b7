"""What a change of a document leaves in the audit trail (RULES 1.13)."""

from __future__ import annotations

from dms.model.fields import parse_moment
from tests.standard.parts import begun, send, unlock
from tests.zgw import ALL, Zgw, document_values, refusal

REASON = {"X-Audit-Toelichting": "Op verzoek van de inwoner"}


async def test_g_100_every_change_of_a_document_leaves_a_line(zgw: Zgw, type_: str) -> None:
    document = await zgw.document(type_)
    url = document["url"]
    lock = await zgw.locked(url)
    assert (await zgw.put(url, document_values(type_, lock=lock))).status == 200
    assert (await zgw.patch(url, {"titel": "Anders", "lock": lock})).status == 200
    assert (await zgw.patch(url, {"titel": "", "lock": lock})).status == 400
    lines = (await zgw.get(f"{url}/audittrail")).body
    assert [(line["actie"], line["resultaat"]) for line in lines] == [
        ("create", 201),
        ("update", 200),
        ("partial_update", 200),
    ]
    assert [line["wijzigingen"]["nieuw"]["versie"] for line in lines] == [1, 2, 3]


async def test_g_101_a_line_tells_who_did_what_to_which_document_and_why(zgw: Zgw, type_: str) -> None:
    document = await zgw.document(type_)
    lock = await zgw.locked(document["url"])
    changed = await zgw.patch(document["url"], {"titel": "Anders", "lock": lock}, headers=REASON)
    line = (await zgw.get(f"{document['url']}/audittrail")).body[-1]
    assert parse_moment(line.pop("aanmaakdatum"))
    assert line.pop("uuid") and line.pop("applicatieId")
    changes = line.pop("wijzigingen")
    assert line == {
        "bron": "drc",
        "applicatieWeergave": ALL,
        "gebruikersId": "jansen",
        "gebruikersWeergave": "J. Jansen",
        "actie": "partial_update",
        "actieWeergave": "Object deels bijgewerkt",
        "resultaat": 200,
        "hoofdObject": document["url"],
        "resource": "enkelvoudiginformatieobject",
        "resourceUrl": document["url"],
        "toelichting": REASON["X-Audit-Toelichting"],
        "resourceWeergave": f"{document['identificatie']} - Anders",
    }
    assert (changes["oud"]["titel"], changes["nieuw"]["titel"]) == ("Aanvraag", "Anders")
    assert changes["nieuw"]["informatieobjecttype"] == type_ == changed["informatieobjecttype"]
    assert lock not in str(changes)


async def test_g_105_the_audit_trail_is_only_read(zgw: Zgw, type_: str) -> None:
    url = f"{(await zgw.document(type_))['url']}/audittrail"
    [line] = (await zgw.get(url)).body
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        for at in (url, f"{url}/{line['uuid']}"):
            assert refusal(await zgw.call(method, at, json={})) == (405, "method_not_allowed")
    assert (await zgw.get(url)).body == [line]


async def test_g_104_locks_and_parts_leave_no_line(zgw: Zgw, type_: str) -> None:
    document = await begun(zgw, type_)
    await send(zgw, document, 1, 2, 3)
    assert (await unlock(zgw, document)).status == 204
    await zgw.locked(document["url"])
    assert (await zgw.post(f"{document['url']}/unlock", {})).status == 204
    lines = (await zgw.get(f"{document['url']}/audittrail")).body
    assert [line["actie"] for line in lines] == ["create"]
