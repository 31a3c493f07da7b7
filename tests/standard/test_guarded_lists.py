"""Lists in an answer that are made of records with rights of their own (RULES 1.6): nobody learns by them of
a record that it may not read. The API is made here: zaken point to zaken, and to what belongs to them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Annotated, Any

import pytest
from pydantic import Field

from dms import wiring
from dms.actions.service import Dms
from dms.autorisaties.access import Grant
from dms.model.change import Values
from dms.model.fields import OwnLink, OwnUrl, Plain, ReadOnly, Url
from dms.model.filters import link, through
from dms.model.looked_up import Named, Reverse
from dms.model.query import EVERYTHING, Equals, Query
from dms.model.record import Record
from dms.model.resource import Api, Guard, Parent, Resource, Scopes
from dms.settings import Settings
from tests.outgoing.hosts import Host, serving
from tests.zgw import Zgw, refusal

Links = Annotated[tuple[str, ...], ReadOnly(), OwnUrl()]
Names = Annotated[tuple[str, ...], ReadOnly()]


class Zaak(Record):
    """As little of a zaak as its lists ask for."""

    url: OwnLink = ""
    identificatie: Plain = ""
    organisatie: Plain = ""
    zaaktype: Plain = ""
    vertrouwelijkheidaanduiding: Plain = ""
    hoofdzaak: Annotated[Annotated[str, Url()] | None, OwnUrl()] = None
    deelzaken: Links = ()
    rollen: Links = ()
    hoogste: Annotated[int, ReadOnly()] = 0


class Rol(Record):
    """What belongs to a zaak, and shows the others of that zaak."""

    url: OwnLink = ""
    zaak: Annotated[str, Url(), OwnUrl()] = ""
    andere_rollen: Links = ()


class Dossier(Record):
    """What has no guard, and names zaken."""

    url: OwnLink = ""
    organisatie: Plain = ""
    zaken: Annotated[list[Plain], OwnUrl()] = Field(default_factory=list)
    zaak_identificaties: Names = ()
    rollen: Links = ()


def _url(found: Values, record: Values) -> Any:
    return found["url"]


def _parts_of(main: list[Values]) -> Query:
    return Equals("hoofdzaak", main[0]["url"])


def resource(name: str, record: type[Record], **fields: Any) -> Resource:
    """A resource of the API."""
    scopes = Scopes.of("zaken")
    return Resource(
        api="zaken", component="zrc", name=name, singular=name, record=record, scopes=scopes, **fields
    )


ZAKEN = resource(
    "zaken",
    Zaak,
    guard=Guard("zaaktype"),
    filters=(
        through("deelzakenVan", "zaken", _parts_of),
        through("vanBesluit", "besluiten", _parts_of),
        link("hoofdzaak"),
    ),
    expands={"deelzaken": ("zaken",), "rollen": ("rollen",), "hoofdzaak": ("zaken",)},
    reverses=(
        Reverse("deelzaken", "zaken", "hoofdzaak", _url),
        Reverse("rollen", "rollen", "zaak", _url),
        Reverse(
            "hoogste",
            "zaken",
            "hoofdzaak",
            lambda found, _: found["_vertrouwelijkheid"],
            fold=lambda levels: max(levels, default=0),
        ),
    ),
)
ROLLEN = resource(
    "rollen",
    Rol,
    parent=Parent("zaak", "zaken"),
    guard=Guard("_zaaktype"),
    reverses=(Reverse("andereRollen", "rollen", "zaak", _url, key="zaak"),),
)
DOSSIERS = resource(
    "dossiers",
    Dossier,
    expands={"zaken": ("zaken",)},
    reverses=(Reverse("rollen", "rollen", "zaak", _url, key="zaak"),),
    named=(
        Named(
            "zaken",
            "zaken",
            "identificatie",
            where=lambda day: EVERYTHING,
            names=("zaakIdentificaties",),
            within="organisatie",
            begins="_created",
        ),
    ),
)
API = Api(
    name="zaken",
    component="zrc",
    version="1.7.0",
    title="Zaken API",
    description="Zaken die naar zaken verwijzen.",
    resources=(ZAKEN, ROLLEN, DOSSIERS),
)
TYPE, OTHER = "https://typen.test/1", "https://typen.test/2"


@pytest.fixture
async def host() -> AsyncIterator[Host]:
    async with serving("127.0.0.2") as host:
        yield host


@pytest.fixture
def settings(settings: Settings, host: Host, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """With zaken beside the APIs that there are, and another host that may be asked."""
    monkeypatch.setattr(wiring, "APIS", (*wiring.APIS, API))
    return replace(settings, allowed_origins=host.origin)


class Zaken:
    """One zaak with parts that differ in type and in level, with something that belongs to each."""

    def __init__(self, zgw: Zgw) -> None:
        self._zgw = zgw
        self.main, self.open, self.secret, self.other = (self.url(ZAKEN, number) for number in range(4))
        self.rollen = [self.url(ROLLEN, number) for number in range(4)]
        self.dossier = self.url(DOSSIERS, 1)

    def url(self, resource: Resource, number: int) -> str:
        """The URL of a record."""
        return self._zgw.origin + resource.url(id_of(number))

    async def kept(self, dms: Dms) -> Zaken:
        """Store them as their own API would."""
        guards = [(TYPE, 1), (TYPE, 1), (TYPE, 7), (OTHER, 1)]
        async with dms.metadata.transaction() as transaction:
            for number, (type_, level) in enumerate(guards):
                zaak = ZAKEN.url(id_of(number))
                values = {
                    "url": zaak,
                    "identificatie": f"Z-{number}",
                    "organisatie": "1",
                    "zaaktype": type_,
                    "_vertrouwelijkheid": level,
                    "hoofdzaak": ZAKEN.url(id_of(0)) if number else None,
                }
                transaction.insert("zaken", {"_id": id_of(number), **values})
                of = {"zaak": zaak, "_zaaktype": type_, "_vertrouwelijkheid": level}
                rol = {"_id": id_of(number), "url": ROLLEN.url(id_of(number)), **of}
                transaction.insert("rollen", rol)
            dossier = {
                "_id": id_of(1),
                "url": DOSSIERS.url(id_of(1)),
                "organisatie": "1",
                "zaak": ZAKEN.url(id_of(2)),
                "zaken": ["Z-1", "Z-2", "Z-3"],
            }
            transaction.insert("dossiers", dossier)
        return self


def id_of(number: int) -> str:
    """An id."""
    return f"00000000-0000-4000-8000-{number:012}"


@pytest.fixture
async def zaken(zgw: Zgw, dms: Dms) -> Zaken:
    """The zaken, kept."""
    return await Zaken(zgw).kept(dms)


@pytest.fixture
def reader(zgw: Zgw) -> str:
    """Who may read zaken of one type, up to a level."""
    return zgw.register("reader", [Grant("zrc", frozenset({"zaken.lezen"}), TYPE, 4)])


async def test_g_50_a_list_of_other_records_shows_those_that_the_caller_may_read(
    zgw: Zgw, zaken: Zaken, reader: str
) -> None:
    everything = await zgw.get(zaken.main)
    assert everything["deelzaken"] == [zaken.open, zaken.secret, zaken.other]
    assert everything["hoogste"] == 7
    seen = await zgw.get(zaken.main, client=reader)
    assert (seen["deelzaken"], seen["hoogste"]) == ([zaken.open], 1)
    [listed] = (await zgw.get(f"/zaken/api/v1/zaken?hoofdzaak={zaken.main}", client=reader))["results"]
    assert listed["url"] == zaken.open
    assert seen.headers["Etag"] != everything.headers["Etag"]


async def test_g_52_what_belongs_to_a_zaak_is_shown_to_whoever_may_read_the_zaak(
    zgw: Zgw, zaken: Zaken, reader: str
) -> None:
    for client in ("all-rights", reader):
        assert (await zgw.get(zaken.main, client=client))["rollen"] == [zaken.rollen[0]]
    assert (await zgw.get(zaken.rollen[0], client=reader))["andereRollen"] == [zaken.rollen[0]]


async def test_g_52_a_list_of_what_belongs_to_another_record_asks_for_its_rights(
    zgw: Zgw, zaken: Zaken, reader: str
) -> None:
    assert (await zgw.get(zaken.dossier))["rollen"] == [zaken.rollen[2]]
    assert (await zgw.get(zaken.dossier, client=reader))["rollen"] == []


async def test_g_50_a_name_leads_to_records_that_the_caller_may_read(
    zgw: Zgw, zaken: Zaken, reader: str
) -> None:
    assert (await zgw.get(zaken.dossier))["zaken"] == [zaken.open, zaken.secret, zaken.other]
    seen = await zgw.get(zaken.dossier, client=reader)
    assert seen["zaken"] == [zaken.open]
    assert seen["zaakIdentificaties"] == ["Z-1", "Z-2", "Z-3"]


async def test_g_55_what_a_list_does_not_show_is_not_expanded(zgw: Zgw, zaken: Zaken, reader: str) -> None:
    seen = await zgw.get(f"{zaken.main}?expand=deelzaken.rollen,rollen", client=reader)
    assert [each["url"] for each in seen["_expand"]["deelzaken"]] == [zaken.open]
    assert [each["url"] for each in seen["_expand"]["rollen"]] == [zaken.rollen[0]]
    [part] = seen["_expand"]["deelzaken"]
    assert [each["url"] for each in part["_expand"]["rollen"]] == [zaken.rollen[1]]
    named = await zgw.get(f"{zaken.dossier}?expand=zaken", client=reader)
    assert [each["url"] for each in named["_expand"]["zaken"]] == [zaken.open]


async def test_g_50_a_filter_does_not_lead_through_what_the_caller_may_not_read(
    zgw: Zgw, zaken: Zaken, reader: str
) -> None:
    low = zgw.register("low", [Grant("zrc", frozenset({"zaken.lezen"}), OTHER, 8)])
    asked = f"/zaken/api/v1/zaken?deelzakenVan={zaken.main}"
    assert [each["url"] for each in (await zgw.get(asked, client=reader))["results"]] == [zaken.open]
    assert (await zgw.get(asked, client=low))["results"] == []
    assert (await zgw.get(f"/zaken/api/v1/zaken?hoofdzaak={zaken.main}", client=low))["count"] == 1


async def test_g_67_a_filter_through_a_register_that_is_not_served_finds_nothing(
    zgw: Zgw, zaken: Zaken
) -> None:
    assert (await zgw.get(f"/zaken/api/v1/zaken?vanBesluit={zaken.main}"))["results"] == []


@pytest.mark.parametrize(
    ("type_", "level", "is_shown"),
    [
        (TYPE, "openbaar", True),
        (TYPE, "zaakvertrouwelijk", True),
        (TYPE, "vertrouwelijk", False),
        (TYPE, "", False),
        (OTHER, "openbaar", False),
    ],
)
async def test_g_55_g_77_of_another_host_is_expanded_what_would_be_readable_here(
    zgw: Zgw, dms: Dms, zaken: Zaken, reader: str, host: Host, type_: str, level: str, is_shown: bool
) -> None:
    path = "/zaken/api/v1/zaken/1"
    theirs = {"url": host.origin + path, "zaaktype": type_, "vertrouwelijkheidaanduiding": level}
    [zaak] = await dms.metadata.find("zaken", Equals("identificatie", "Z-1"))
    async with dms.metadata.transaction() as transaction:
        transaction.replace("zaken", {**zaak, "hoofdzaak": host.gives(path, theirs)})
    asked = f"{zaken.open}?expand=hoofdzaak"
    assert (await zgw.get(asked))["_expand"]["hoofdzaak"].items() >= theirs.items()
    seen = await zgw.get(asked, client=reader)
    assert list(seen["_expand"]) == (["hoofdzaak"] if is_shown else [])


async def test_g_49_who_may_read_no_zaken_is_shown_none_by_any_list(zgw: Zgw, zaken: Zaken) -> None:
    other = zgw.register("other", [Grant("drc", frozenset({"documenten.lezen"}))])
    for url in (zaken.main, zaken.dossier, "/zaken/api/v1/zaken", f"{zaken.dossier}?expand=zaken"):
        assert refusal(await zgw.get(url, client=other)) == (403, "permission_denied")
