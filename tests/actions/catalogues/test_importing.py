"""Archives that are taken over: whole, through the rules, as the way says, and back out the same."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from typing import Any

import orjson
import pytest

from dms.actions.catalogues.archive import BadArchive
from dms.actions.catalogues.contents import Contents
from dms.actions.catalogues.importing import Way, commit, staged_plan, take_over
from dms.model.links import UUID
from dms.storage.metadata.port import Conflict
from dms.storage.metadata.staged import StagedMetadataStore
from dms.wiring import APIS, collections
from tests.actions.catalogues.conftest import Service, fate
from tests.catalogues import ELSEWHERE


def without_uuids(lists: Any) -> bytes:
    """The lists with every UUID turned into the place where it came first."""
    places: dict[bytes, bytes] = {}

    def place(found: re.Match[bytes]) -> bytes:
        return places.setdefault(found[0], b"<%d>" % len(places))

    text = orjson.dumps(lists, option=orjson.OPT_SORT_KEYS)
    kept = {b"5a3f0c1e"}  # the selectielijst has the same ids everywhere
    return re.sub(UUID.encode(), lambda found: found[0] if found[0][:8] in kept else place(found), text)


async def test_an_archive_of_another_service_is_taken_over_with_its_uuids_and_published(
    service: Service,
) -> None:
    made = service.archive()
    made.whole(3)
    plan = await service.take(made.lists)
    assert plan.refused == []
    assert dict(plan.counts()) == {"new": sum(map(len, made.lists.values()))}
    zaaktype = await service.one("zaaktypen", identificatie="ZT-001")
    assert ELSEWHERE + zaaktype["url"] == made.url("zaaktypen", "ZT-001", "2020-01-01")
    assert (zaaktype["concept"], zaaktype["besluittypen"]) == (False, ["Vergunning"])
    assert zaaktype["deelzaaktypen"] == ["ZT-002"]
    assert zaaktype["gerelateerdeZaaktypen"][0]["zaaktype"] == "ZT-000"
    relation = (await service.dms.metadata.find("zaaktype-informatieobjecttypen"))[0]
    assert (relation["_concept"], relation["_iotConcept"]) == (False, False)
    assert {each["concept"] for each in await service.dms.metadata.find("informatieobjecttypen")} == {False}


async def test_export_import_and_export_again_are_identical_when_uuids_are_kept(
    service: Service, other: Service
) -> None:
    made = service.archive()
    made.whole(3)
    made.document_type(
        made.lists["Catalogus"][0]["url"], "Bijlage", "2010-01-01", eindeGeldigheid="2019-12-31"
    )
    made.zaaktype(made.lists["Catalogus"][0]["url"], "ZT-CONCEPT", concept=False, trefwoorden=["b", "a"])
    made.lists["ZaakType"][-1]["concept"] = True
    await service.take(made.lists)
    first = await service.export()
    assert (await other.take(first)).refused == []
    assert orjson.dumps(await other.export()) == orjson.dumps(first)


async def test_an_export_leaves_out_names_that_no_type_bears_any_more(
    service: Service, other: Service
) -> None:
    made = service.archive()
    made.whole(2)
    await service.take(made.lists, Way(publish=False))
    for collection, name in (("besluittypen", "omschrijving"), ("zaaktypen", "identificatie")):
        record = (await service.dms.metadata.find(collection))[-1]
        async with service.dms.metadata.transaction() as transaction:
            transaction.replace(collection, {**record, name: "Hernoemd"})
    lists = await service.export()
    assert [each["besluittypen"] for each in lists["ZaakType"]] == [[], []]
    assert [len(each["gerelateerdeZaaktypen"]) for each in lists["ZaakType"]] == [1, 0]
    assert (await other.take(lists, Way(publish=False))).refused == []


async def test_export_import_and_export_again_differ_in_uuids_alone_when_they_are_renewed(
    service: Service, other: Service
) -> None:
    made = service.archive()
    made.whole(3)
    await service.take(made.lists)
    first = await service.export()
    assert (await other.take(first, Way(renew=True))).refused == []
    second = await other.export()
    assert without_uuids(second) == without_uuids(first)
    ids = [{each["url"] for found in lists.values() for each in found} for lists in (first, second)]
    assert ids[0].isdisjoint(ids[1])


@pytest.mark.parametrize("renew", [False, True])
async def test_the_same_archive_again_changes_nothing(service: Service, renew: bool) -> None:
    made = service.archive()
    made.whole(2)
    await service.take(made.lists, Way(renew=renew))
    before = await service.everything()
    plan = await service.take(made.lists, Way(renew=renew))
    assert set(plan.counts()) == {"same"}
    assert not plan.changes
    assert await service.everything() == before


async def test_a_dry_run_tells_the_same_and_writes_nothing(service: Service) -> None:
    made = service.archive()
    made.whole(2)
    plan = await service.take(made.lists, dry_run=True)
    assert plan.changes
    assert not any((await service.everything()).values())
    assert (await service.take(made.lists)).counts() == plan.counts()


async def test_nothing_is_written_when_one_record_is_refused_and_all_that_is_wrong_is_told(
    service: Service,
) -> None:
    made = service.archive()
    catalogue = made.whole(2)
    made.lists["ZaakType"][0]["doel"] = ""
    made.lists["RolType"][1]["omschrijvingGeneriek"] = "onbekend"
    made.besluittype(catalogue, "Kapot", "https://elders.example.nl/x")
    plan = await service.take(made.lists)
    assert not any((await service.everything()).values())
    assert fate(plan, "ZaakType", "ZT-000").why == ["doel: Dit veld mag niet leeg zijn."]
    assert fate(plan, "BesluitType", "Kapot").fate == "refused"
    assert [each.place for each in plan.refused if each.kind.file == "RolType"] == ["RolType.json, record 2"]
    passed = {each.kind.file for each in plan.outcomes if each.fate == "passed"}
    assert {"StatusType", "Eigenschap"} <= passed


async def test_ztc_016_a_published_version_that_overlaps_is_refused(service: Service) -> None:
    made = service.archive()
    catalogue = made.whole(1)
    await service.take(made.lists)
    later = service.archive()
    later.lists["Catalogus"] = made.lists["Catalogus"]
    later.document_type(catalogue, "Bijlage", "2024-01-01")
    plan = await service.take(later.lists)
    assert "beginGeldigheid: Een andere versie" in fate(plan, "InformatieObjectType", "Bijlage").why[0]


async def test_ztc_012_a_zaaktype_that_cannot_be_published_is_refused(service: Service) -> None:
    made = service.archive()
    catalogue = made.catalogue()
    decision = made.besluittype(catalogue, "Besluit", concept=True)
    made.zaaktype(catalogue, "ZT-VROEG", besluittypen=[decision])
    plan = await service.take(made.lists)
    [refused] = plan.refused
    assert refused.kind.file == "ZaakType"
    assert refused.why == ["Publiceer eerst deze besluittypen: Besluit."]
    assert (await service.take(made.lists, Way(publish=False))).refused == []
    assert (await service.one("zaaktypen", identificatie="ZT-VROEG"))["concept"] is True


class TestBesideOthers:
    """Other writers win or lose, and nothing is written by halves."""

    async def test_two_at_once_take_it_over_once(self, service: Service) -> None:
        made = service.archive()
        made.whole(2)
        plans = await asyncio.gather(service.take(made.lists), service.take(made.lists))
        assert sorted(set(plan.counts()) == {"new"} for plan in plans) == [False, True]
        assert await service.dms.metadata.count("zaaktypen") == 2

    async def test_a_type_that_was_published_meanwhile_is_a_conflict(self, service: Service) -> None:
        made = service.archive()
        catalogue = made.whole(1)
        await service.take({"Catalogus": made.lists["Catalogus"]})
        staged = StagedMetadataStore(service.dms.metadata, collections(APIS))
        behind = Service(_over(service, staged), service.selectielijst)
        await staged_plan(behind.dms, Contents.of(made.lists), Way(), lambda done, total: None)
        beside = service.archive()
        beside.document_type(catalogue, "Bijlage", "2010-01-01")
        await service.take({**beside.lists, "Catalogus": made.lists["Catalogus"]})
        with pytest.raises(Conflict):
            await commit(staged)
        assert await service.dms.metadata.count("zaaktypen") == 0

    async def test_progress_ends_when_everything_is_done(self, service: Service) -> None:
        made = service.archive()
        made.whole(5)
        seen: list[tuple[int, int]] = []
        contents = Contents.of(made.lists)
        await take_over(
            service.dms,
            collections(APIS),
            contents,
            Way(),
            dry_run=True,
            progress=lambda done, total: seen.append((done, total)),
        )
        assert seen == sorted(seen)
        assert seen[-1] == (3 * len(contents), 3 * len(contents))
        assert len(seen) > 2


def _over(service: Service, staged: StagedMetadataStore) -> Any:
    return replace(service.dms, metadata=staged)


@pytest.mark.parametrize(
    "url",
    [None, 1, "", "x", "https://a/b", "https://a/" + "x" * 2000, {"a": 1}, "ftp://a/" + "0" * 36],
)
def test_a_record_without_a_url_that_ends_in_a_uuid_is_refused(url: Any) -> None:
    with pytest.raises(BadArchive, match=r"Catalogus\.json, record 1"):
        Contents.of({"Catalogus": [{"url": url}]})


def test_records_that_cannot_be_told_apart_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    end = "/catalogi/api/v1/catalogussen/8e4d2f7e-0000-4000-8000-000000000000"
    for second in (f"https://a{end}", f"https://b{end}"):
        with pytest.raises(BadArchive, match="another record"):
            Contents.of({"Catalogus": [{"url": f"https://a{end}"}, {"url": second}]})
    monkeypatch.setattr("dms.actions.catalogues.contents.MOST_RECORDS", 1)
    with pytest.raises(BadArchive, match="more than 1 records"):
        Contents.of({"Catalogus": [{}, {}]})


@pytest.mark.parametrize("wrong", [None, [], {}, 1, "x" * 100_000, {"a": {"b": []}}, [[]], True])
async def test_values_of_any_type_in_any_field_are_refused_and_never_a_fault(
    service: Service, wrong: Any
) -> None:
    made = service.archive()
    made.whole(1)
    for file in ("Catalogus", "ZaakType", "StatusType", "ZaakTypeInformatieObjectType"):
        [first, *rest] = made.lists[file]
        for field in first.keys() - {"url"}:
            lists = {**made.lists, file: [{**first, field: wrong}, *rest]}
            await service.take(lists, dry_run=True)
    assert not any((await service.everything()).values())
