"""A new version of a zaaktype: the one before ends, the copy begins, or neither does."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from dms.actions.catalogues.export import export_zaaktypen
from dms.actions.catalogues.importing import Way
from dms.actions.catalogues.selecting import NotOne, the_catalogue, the_zaaktypen
from dms.actions.catalogues.versions import NewVersion, new_version
from dms.model.query import Equals
from dms.wiring import APIS, collections
from tests.actions.catalogues.conftest import HERE, Service

BEGIN = date(2027, 1, 1)


async def made(service: Service, meant: str = "ZT-001", begin: date = BEGIN, **more: Any) -> NewVersion:
    """A new version."""
    return await new_version(service.dms, collections(APIS), meant, begin=begin, **more)


@pytest.fixture
async def published(service: Service) -> Service:
    """A service with a catalogue of published zaaktypen."""
    lists = service.archive()
    lists.whole(3)
    assert (await service.take(lists.lists)).refused == []
    return service


async def test_the_version_before_ends_the_day_before_and_the_copy_has_all_that_belongs_to_it(
    published: Service,
) -> None:
    version = await made(published)
    assert version.new is not None
    assert (version.before["eindeGeldigheid"], version.sub_types) == ("2026-12-31", 9)
    old = await published.one("zaaktypen", identificatie="ZT-001", beginGeldigheid="2020-01-01")
    new = await published.one("zaaktypen", identificatie="ZT-001", beginGeldigheid="2027-01-01")
    assert (old["eindeGeldigheid"], new["eindeGeldigheid"]) == ("2026-12-31", None)
    assert (old["concept"], new["concept"], new["versiedatum"]) == (False, False, "2027-01-01")
    own = {"_id", "_rev", "url", "beginGeldigheid", "eindeGeldigheid", "versiedatum"}
    assert {name: value for name, value in new.items() if name not in own} == {
        name: value for name, value in old.items() if name not in own
    }
    of_new = await published.dms.metadata.find("eigenschappen", Equals("zaaktype", new["url"]))
    assert [(each["naam"], each["beginGeldigheid"], each["_concept"]) for each in of_new] == [
        ("hoogte", "2027-01-01", False)
    ]
    statustypen = await published.dms.metadata.find("statustypen", Equals("zaaktype", new["url"]))
    assert of_new[0]["statustype"] in {each["url"] for each in statustypen}


async def test_it_is_left_a_concept_if_that_is_asked(published: Service) -> None:
    version = await made(published, concept=True)
    assert version.new is not None
    assert version.new["concept"] is True
    assert version.before["eindeGeldigheid"] == "2026-12-31"


async def test_a_dry_run_tells_it_and_writes_nothing(published: Service) -> None:
    before = await published.everything()
    version = await made(published, dry_run=True)
    assert version.new is not None
    assert await published.everything() == before


async def test_the_next_one_follows_the_newest_and_an_end_before_it_stays(published: Service) -> None:
    first = await made(published)
    assert first.new is not None
    second = await made(published, first.new["_id"], date(2028, 1, 1))
    assert second.before["_id"] == first.new["_id"]
    assert second.before["eindeGeldigheid"] == "2027-12-31"
    ended = await published.one("zaaktypen", identificatie="ZT-001", beginGeldigheid="2020-01-01")
    assert ended["eindeGeldigheid"] == "2026-12-31"


async def test_a_gap_before_the_new_version_is_kept(published: Service) -> None:
    lists = await published.export()
    lists["ZaakType"][1]["eindeGeldigheid"] = "2025-06-30"
    await published.take(lists)
    assert (await made(published)).before["eindeGeldigheid"] == "2025-06-30"


async def test_ztc_016_a_version_that_overlaps_a_later_one_is_refused_and_nothing_ends(
    published: Service,
) -> None:
    await made(published)
    before = await published.everything()
    version = await made(published, begin=date(2026, 1, 1))
    assert "Een andere versie" in version.refused[0].why[0]
    assert await published.everything() == before


@pytest.mark.parametrize(
    ("meant", "begin", "said"),
    [
        ("ZT-001", date(2020, 1, 1), "begins on 2020-01-01"),
        ("ZT-001", date(2019, 1, 1), "published and began before"),
        ("ZT-999", BEGIN, "no zaaktype 'ZT-999'"),
    ],
)
async def test_there_must_be_a_version_before_and_none_on_that_day(
    published: Service, meant: str, begin: date, said: str
) -> None:
    with pytest.raises(NotOne, match=said):
        await made(published, meant, begin)


class TestWhatIsMeant:
    """Catalogues and zaaktypen by what people call them."""

    @pytest.mark.parametrize("form", ["{domein}-{rsin}", "{domein}", "{_id}", "https://x.nl{url}", ""])
    async def test_a_catalogue_is_found_by_each_of_its_names(self, published: Service, form: str) -> None:
        catalogue = await published.one("catalogussen", domein="UTRE")
        assert await the_catalogue(published.dms, form.format(**catalogue)) == catalogue

    async def test_a_name_of_none_or_of_several_is_refused(self, published: Service) -> None:
        with pytest.raises(NotOne, match="no catalogue 'NEE'"):
            await the_catalogue(published.dms, "NEE")
        second = published.archive()
        for rsin in ("517439943", "000000000"):
            second.zaaktype(second.catalogue("TWEE", rsin), "ZT-001", f"20{rsin[0]}0-01-01")
        await published.take(second.lists, Way(publish=False))
        with pytest.raises(NotOne, match=r"There are TWEE-000000000, TWEE-517439943, UTRE-517439943\."):
            await the_catalogue(published.dms, "")
        with pytest.raises(NotOne, match="several catalogues"):
            await the_zaaktypen(published.dms, "ZT-001", None)
        catalogue = await the_catalogue(published.dms, "UTRE")
        assert len(await the_zaaktypen(published.dms, "ZT-001", catalogue)) == 1

    async def test_no_catalogue_at_all_is_said(self, service: Service) -> None:
        with pytest.raises(NotOne, match="no catalogue here"):
            await the_catalogue(service.dms, "")


async def test_an_export_of_a_zaaktype_has_the_newest_versions_of_what_it_names(published: Service) -> None:
    lists = published.archive()
    catalogue = published.archive().url("catalogussen", "UTRE", "517439943")
    lists.document_type(catalogue, "Bijlage", "2010-01-01", eindeGeldigheid="2019-12-31")
    await published.take(lists.lists)
    zaaktypen = await the_zaaktypen(published.dms, "ZT-001", None)
    made = await export_zaaktypen(published.dms, zaaktypen, HERE)
    assert {name: len(found) for name, found in made.items() if found} == {
        "InformatieObjectType": 3,
        "BesluitType": 1,
        "ZaakType": 1,
        "StatusType": 2,
        "Eigenschap": 1,
        "RolType": 1,
        "ResultaatType": 2,
        "ZaakObjectType": 1,
        "ZaakTypeInformatieObjectType": 2,
    }
    assert {each["beginGeldigheid"] for each in made["InformatieObjectType"]} == {"2020-01-01"}
    [zaaktype] = made["ZaakType"]
    assert zaaktype["deelzaaktypen"] == ["ZT-002"]
    assert zaaktype["besluittypen"] == [made["BesluitType"][0]["url"]]
    relations = {each["informatieobjecttype"] for each in made["ZaakTypeInformatieObjectType"]}
    assert relations <= {each["url"] for each in made["InformatieObjectType"]}
