"""What is announced of a change: kept with it, or not at all, until it is sent."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dms.actions.announcing import OUTBOX
from dms.actions.service import Dms
from dms.model.query import OLDEST_FIRST
from dms.settings import Settings
from tests.standard.documents import ROOT, usage_of, usage_values
from tests.standard.parts import begun, send, unlock
from tests.zgw import Zgw

DOCUMENTS = f"{ROOT}/enkelvoudiginformatieobjecten"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, notifications=True)


async def told(dms: Dms, *, of: str = "documenten") -> list[dict[str, Any]]:
    """The messages of a channel, oldest first, without what is the store's own."""
    found = await dms.metadata.find(OUTBOX.name, order=OLDEST_FIRST)
    return [
        {name: value for name, value in each.items() if not name.startswith("_")}
        for each in found
        if each["kanaal"] == of
    ]


def stored(url: str) -> str:
    """A link as it is kept."""
    return url[url.index("/", len("http://")) :]


async def test_g_110_each_write_of_a_document_leaves_a_message_without_content(
    zgw: Zgw, dms: Dms, type_: str
) -> None:
    document = await zgw.document(type_, titel="geheime titel")
    url = document["url"]
    lock = await zgw.locked(url)
    changed = await zgw.patch(url, {"lock": lock, "titel": "andere titel"})
    assert changed.status == 200
    await zgw.post(f"{url}/unlock", {"lock": lock})
    assert (await zgw.delete(url)).status == 204
    messages = await told(dms)
    assert [message["actie"] for message in messages] == ["create", "partial_update", "destroy"]
    assert "titel" not in str(messages)
    assert messages[0] == {
        "kanaal": "documenten",
        "hoofdObject": stored(url),
        "resource": "enkelvoudiginformatieobject",
        "resourceUrl": stored(url),
        "actie": "create",
        "aanmaakdatum": document["beginRegistratie"],
        "kenmerken": {
            "bronorganisatie": document["bronorganisatie"],
            "informatieobjecttype": stored(type_),
            "vertrouwelijkheidaanduiding": document["vertrouwelijkheidaanduiding"],
        },
    }


async def test_g_111_a_sub_resource_is_announced_with_the_kenmerken_of_its_main_object(
    zgw: Zgw, dms: Dms, type_: str
) -> None:
    document = (await zgw.document(type_))["url"]
    made = (await usage_of(zgw, document))["url"]
    assert (await zgw.put(made, usage_values(document))).status == 200
    assert (await zgw.delete(made)).status == 204
    of_document, *of_right = await told(dms)
    assert [message["actie"] for message in of_right] == ["create", "update", "destroy"]
    for message in of_right:
        assert (message["resource"], message["resourceUrl"]) == ("gebruiksrechten", stored(made))
        assert message["hoofdObject"] == of_document["resourceUrl"]
        assert message["kenmerken"] == of_document["kenmerken"]


async def test_g_111_types_are_announced_with_their_catalogue(zgw: Zgw, dms: Dms) -> None:
    catalogue = await zgw.catalogue()
    await zgw.document_type(catalogue=catalogue)
    (message,) = await told(dms, of="informatieobjecttypen")
    assert (message["actie"], message["kenmerken"]) == ("create", {"catalogus": stored(catalogue)})


async def test_g_112_locks_parts_and_publishing_are_not_announced(zgw: Zgw, dms: Dms, type_: str) -> None:
    document = await begun(zgw, type_)
    await send(zgw, document, 1, 2, 3)
    assert (await unlock(zgw, document)).status == 204
    assert [message["actie"] for message in await told(dms)] == ["create"]
    assert [message["actie"] for message in await told(dms, of="informatieobjecttypen")] == ["create"]


async def test_g_113_a_destroy_is_announced_with_the_kenmerken_from_just_before(
    zgw: Zgw, dms: Dms, type_: str
) -> None:
    url = (await zgw.document(type_))["url"]
    lock = await zgw.locked(url)
    secret = {"lock": lock, "vertrouwelijkheidaanduiding": "geheim"}
    assert (await zgw.patch(url, secret)).status == 200
    assert (await zgw.post(f"{url}/unlock", {"lock": lock})).status == 204
    assert (await zgw.delete(url)).status == 204
    assert (await told(dms))[-1]["kenmerken"]["vertrouwelijkheidaanduiding"] == "geheim"


async def test_what_is_refused_is_not_announced(zgw: Zgw, dms: Dms, type_: str) -> None:
    url = (await zgw.document(type_))["url"]
    assert (await zgw.patch(url, {"titel": "zonder lock"})).status == 400
    assert (await zgw.post(DOCUMENTS, {"titel": "te weinig"})).status == 400
    assert [message["actie"] for message in await told(dms)] == ["create"]


class TestNobodyListens:
    """Nothing is kept for those who are not there."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return replace(settings, notifications=False)

    async def test_no_message_is_kept_when_nobody_is_to_hear_of_it(
        self, zgw: Zgw, dms: Dms, type_: str
    ) -> None:
        await zgw.document(type_)
        assert await dms.metadata.count(OUTBOX.name) == 0
