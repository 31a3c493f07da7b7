"""The composition root: stores by URL, and the client that is there from the start."""

from __future__ import annotations

import stat
from dataclasses import asdict, astuple, fields
from pathlib import Path

import pytest

from dms.actions.service import Limits
from dms.demo import demo_lists, demo_types
from dms.model.query import In
from dms.outgoing.port import UnknownService
from dms.settings import BadSetting, Settings
from dms.wiring import first_client, wired


def test_a_client_is_made_at_first_start_and_kept_for_its_owner_only(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    made = first_client(settings)
    assert first_client(settings) == made
    assert len(made.secret) >= 32
    assert stat.S_IMODE((tmp_path / "client").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["client"]


def test_a_client_that_is_set_goes_before_the_one_that_was_made(tmp_path: Path) -> None:
    first_client(Settings(data_dir=tmp_path))
    client = first_client(Settings(data_dir=tmp_path, client_id="scan", client_secret="a secret"))
    assert (client.id, client.secret) == ("scan", "a secret")
    assert client.application is not None
    assert client.application.access.everything


@pytest.mark.parametrize("name", ["metadata_url", "content_url"])
async def test_a_store_that_is_not_known_is_refused_with_those_that_are(tmp_path: Path, name: str) -> None:
    settings = Settings(data_dir=tmp_path, **{name: "gopher://x"})  # type: ignore[arg-type]
    with pytest.raises(BadSetting, match="gopher"):
        async with wired(settings):
            pass


async def test_stores_can_lie_elsewhere_than_the_data_directory(tmp_path: Path) -> None:
    settings = Settings(
        data_dir=tmp_path / "data",
        metadata_url=f"sqlite://{tmp_path}/elsewhere/records.db",
        content_url=f"file://{tmp_path}/files",
    )
    async with wired(settings) as service:
        assert service.client_is_new
    assert (tmp_path / "elsewhere" / "records.db").exists()
    assert (tmp_path / "files").is_dir()


async def test_the_service_keeps_to_every_limit_that_is_set(tmp_path: Path) -> None:
    told = {f"DMS_{each.name.upper()}": "7" for each in fields(Limits)}
    async with wired(Settings.read({"DMS_DATA_DIR": str(tmp_path), **told})) as service:
        assert set(astuple(service.dms.limits)) == {7}


def test_what_is_not_set_has_the_limits_of_the_service() -> None:
    settings = Settings.read({})
    assert {each.name: getattr(settings, each.name) for each in fields(Limits)} == asdict(Limits())


async def test_the_demo_catalogue_is_made_once_with_published_types(tmp_path: Path) -> None:
    async with wired(Settings(data_dir=tmp_path)) as service:
        assert service.client.application is not None
        first = await demo_types(service.dms, service.client.application)
        again = await demo_types(service.dms, service.client.application)
        assert sorted(first) == sorted(again)
        records = await service.dms.metadata.find("informatieobjecttypen", In("url", tuple(first)))
        assert [record["concept"] for record in records] == [False] * 3


async def test_the_demo_lists_are_made_only_where_there_are_none_yet(tmp_path: Path) -> None:
    async with wired(Settings(data_dir=tmp_path)) as service:
        await demo_lists(service.dms)
        [made] = await service.dms.metadata.find("procestypen")
        async with service.dms.metadata.transaction() as transaction:
            transaction.replace("procestypen", {**made, "naam": "Van de beheerder"})
        await demo_lists(service.dms)
        [kept] = await service.dms.metadata.find("procestypen")
        assert kept["naam"] == "Van de beheerder"


@pytest.mark.parametrize("origins", ["elders.test", "http://elders.test/api", "http://a,ftp://b"])
async def test_an_allowed_origin_that_is_none_is_refused_at_start(tmp_path: Path, origins: str) -> None:
    with pytest.raises(BadSetting, match="DMS_ALLOWED_ORIGINS"):
        async with wired(Settings(data_dir=tmp_path, allowed_origins=origins)):
            pass


async def test_no_other_host_is_known_unless_it_is_set(tmp_path: Path) -> None:
    async with wired(Settings(data_dir=tmp_path)) as service:
        with pytest.raises(UnknownService):
            await service.dms.remote.fetch("http://127.0.0.1:8000/")
