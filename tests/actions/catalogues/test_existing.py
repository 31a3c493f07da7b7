"""Archives on what is there already: changed, left, refused, chosen, or put into another catalogue."""

from __future__ import annotations

from typing import Any

import pytest

from dms.actions.catalogues.importing import Way
from dms.model.query import Equals
from tests.actions.catalogues.conftest import Service, fate
from tests.catalogues import ELSEWHERE


class TestWhatIsThereAlready:
    """A record that differs is changed, left or refused; a published one only by force."""

    @pytest.fixture
    async def lists(self, service: Service) -> dict[str, list[dict[str, Any]]]:
        """The export of a catalogue of concepts that was taken over, to change."""
        made = service.archive()
        made.whole(2)
        await service.take(made.lists, Way(publish=False))
        lists = await service.export()
        lists["ZaakType"][0]["doel"] = "Nieuw doel"
        lists["ZaakType"][0]["gerelateerdeZaaktypen"] = []
        lists["StatusType"][0]["omschrijving"] = "Anders"
        return lists

    async def test_a_concept_is_changed_in_the_fields_that_differ(self, service: Service, lists: Any) -> None:
        plan = await service.take(lists)
        zaaktype = fate(plan, "ZaakType", "ZT-000")
        assert [each.field for each in zaaktype.differences] == ["doel", "gerelateerdeZaaktypen"]
        assert (zaaktype.differences[0].here, zaaktype.differences[0].there) == ("Vergunnen", "Nieuw doel")
        assert plan.counts()["changed"] == 2
        assert (await service.one("zaaktypen", identificatie="ZT-000"))["gerelateerdeZaaktypen"] == []
        assert (await service.take(lists)).changes is False

    async def test_it_is_left_or_refused_if_that_is_asked(self, service: Service, lists: Any) -> None:
        before = await service.everything()
        left = await service.take(lists, Way(existing="leave"))
        assert fate(left, "ZaakType", "ZT-000").fate == "left"
        assert left.refused == []
        refused = await service.take(lists, Way(existing="refuse"))
        assert fate(refused, "ZaakType", "ZT-000").why[0] == "it is there already, and differs"
        assert await service.everything() == before

    async def test_a_concept_that_the_archive_publishes_is_published(
        self, service: Service, lists: Any
    ) -> None:
        for file in ("InformatieObjectType", "BesluitType", "ZaakType"):
            for each in lists[file]:
                each["concept"] = False
        left = await service.take(lists, Way(existing="leave"))
        assert not left.changes
        plan = await service.take(lists)
        assert fate(plan, "ZaakType", "ZT-001").published
        assert (await service.one("zaaktypen", identificatie="ZT-001"))["concept"] is False
        assert (await service.take(lists)).changes is False

    async def test_ztc_009_a_published_type_changes_by_force_alone_but_for_its_end(
        self, service: Service, lists: Any
    ) -> None:
        for file in ("InformatieObjectType", "BesluitType", "ZaakType"):
            for each in lists[file]:
                each["concept"] = False
        await service.take(lists)
        lists["ZaakType"][1]["eindeGeldigheid"] = "2030-12-31"
        assert (await service.take(lists)).refused == []
        lists["ZaakType"][0]["doel"] = "Weer anders"
        lists["Eigenschap"][1]["definitie"] = "Anders"
        plan = await service.take(lists)
        assert {each.kind.file for each in plan.refused} == {"ZaakType", "Eigenschap"}
        assert (await service.take(lists, Way(forced=True))).refused == []
        assert (await service.one("zaaktypen", identificatie="ZT-000"))["doel"] == "Weer anders"

    async def test_what_is_not_in_the_archive_stays_or_goes(self, service: Service, lists: Any) -> None:
        lists["RolType"].pop(0)
        plan = await service.take(lists)
        assert [each.label for each in plan.outcomes if each.fate == "only here"] == ["Aanvrager"]
        assert await service.dms.metadata.count("roltypen") == 2
        assert (await service.take(lists, Way(prune=True))).counts()["removed"] == 1
        assert await service.dms.metadata.count("roltypen") == 1
        lists["StatusType"].pop(0)
        [refused] = (await service.take(lists, Way(prune=True))).refused
        assert "Hiernaar verwijst nog iets" in refused.why[0]

    async def test_a_uuid_of_something_elsewhere_is_refused_and_may_be_renewed(
        self, service: Service, lists: Any
    ) -> None:
        again = service.archive()
        again.catalogue("ANDER")
        await service.take(again.lists)
        into = await service.one("catalogussen", domein="ANDER")
        plan = await service.take(lists, Way(into=into))
        assert "renew the UUIDs" in fate(plan, "ZaakType", "ZT-000").why[0]
        plan = await service.take(lists, Way(into=into, renew=True, publish=False))
        assert plan.refused == []
        assert fate(plan, "Catalogus", "UTRE").fate == "chosen"
        assert await service.dms.metadata.count("zaaktypen", Equals("catalogus", into["url"])) == 2


class TestOneZaaktype:
    """An archive without its catalogue, and types of which those here are used."""

    @pytest.fixture
    async def into(self, service: Service) -> Any:
        """A catalogue here, with versions of an informatieobjecttype."""
        made = service.archive()
        catalogue = made.catalogue("HIER")
        made.document_type(catalogue, "Bijlage", "2010-01-01", eindeGeldigheid="2014-12-31")
        made.document_type(catalogue, "Bijlage", "2015-01-01", vertrouwelijkheidaanduiding="geheim")
        made.document_type(catalogue, "Formulier", "2016-01-01", concept=True)
        assert (await service.take(made.lists)).refused == []
        return await service.one("catalogussen", domein="HIER")

    @pytest.fixture
    def lists(self, service: Service) -> Any:
        made = service.archive()
        made.whole(1)
        lists = dict(made.lists)
        del lists["Catalogus"]
        for each in lists["ZaakType"]:
            each["gerelateerdeZaaktypen"] = []
        return lists

    async def test_its_catalogue_must_be_here_or_be_named(
        self, service: Service, lists: Any, into: Any
    ) -> None:
        plan = await service.take(lists)
        assert "catalogus" in fate(plan, "ZaakType", "ZT-000").why[0]
        choices = {("informatieobjecttypen", "Bijlage"): ""}
        plan = await service.take(lists, Way(into=into, choices=choices))
        assert plan.refused == []
        assert (await service.one("zaaktypen", identificatie="ZT-000"))["catalogus"] == into["url"]

    async def test_the_type_that_is_chosen_is_used_and_no_other_is_made(
        self, service: Service, lists: Any, into: Any
    ) -> None:
        choices = {
            ("informatieobjecttypen", "Bijlage"): "",
            ("informatieobjecttypen", "Aanvraag"): "Formulier",
        }
        plan = await service.take(lists, Way(into=into, choices=choices, publish=False))
        assert plan.refused == []
        assert fate(plan, "InformatieObjectType", "Aanvraag").fate == "chosen"
        names = {each["informatieobjecttype"] for each in await _relations(service)}
        assert names == {"Bijlage", "Formulier"}
        assert await service.dms.metadata.count("informatieobjecttypen") == 4

    async def test_a_type_that_is_not_there_cannot_be_chosen(
        self, service: Service, lists: Any, into: Any
    ) -> None:
        plan = await service.take(lists, Way(into=into, choices={("informatieobjecttypen", ""): ""}))
        assert fate(plan, "InformatieObjectType", "Aanvraag").why == [
            "there is nothing here with the name Aanvraag to be chosen"
        ]

    async def test_beginnings_of_urls_are_replaced(self, service: Service, into: Any) -> None:
        made = service.archive()
        made.selectielijst = {
            name: url.replace(
                f"{ELSEWHERE}/referentielijsten/api/v1", "https://selectielijst.example.nl/api/v1"
            )
            for name, url in made.selectielijst.items()
        }
        made.whole(1)
        plan = await service.take(made.lists)
        assert {each.kind.file for each in plan.refused} == {"ZaakType"}
        prefixes = {"https://selectielijst.example.nl/api/v1": "/referentielijsten/api/v1"}
        assert (await service.take(made.lists, Way(prefixes=prefixes))).refused == []


async def _relations(service: Service) -> Any:
    return await service.dms.metadata.find("zaaktype-informatieobjecttypen")
