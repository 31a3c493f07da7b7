"""Catalogues: how long one of five hundred zaaktypen takes to be taken over, and whether its list is as quick
as that of a small one."""

from __future__ import annotations

import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson

from benchmarks.plan import NotMeasured, Plan
from benchmarks.report import Figure, Goal
from benchmarks.servers import Server, alone_with, serving
from benchmarks.zgw import Zgw
from dms.actions.catalogues.archive import write
from zaak_adapters.catalogi.exchange import FILES

_SMALL, _LARGE = 100, 500
_ROOT = "https://elders.example.nl/catalogi/api/v1"
_ZAAKTYPEN = "/catalogi/api/v1/zaaktypen"
_QUICK = Goal("<= 60 s", at_most=60.0)
_FLAT = Goal("ratio <= 1.3", at_most=1.3)


def catalogues(plan: Plan) -> Iterator[Figure]:
    """Take both over with the command, and read their first pages."""
    home = plan.home / "catalogues"
    home.mkdir(parents=True)
    small = _taken(plan, home, "KLEIN", _SMALL)
    large = _taken(plan, home, "GROOT", _LARGE)
    yield Figure(
        f"take over {_LARGE} zaaktypen in one transaction",
        ours=f"{large:.1f} s",
        baseline=f"{_SMALL} zaaktypen {small:.1f} s",
        ratio=large / small,
        goal=_QUICK,
        judged=large,
    )
    with serving(home) as server:
        few, many = (_median(plan, server, domein) for domein in ("KLEIN", "GROOT"))
        yield Figure(
            f"first page of {_LARGE} zaaktypen, median",
            ours=f"{many * 1000:.2f} ms",
            baseline=f"of {_SMALL} {few * 1000:.2f} ms",
            ratio=many / few,
            goal=_FLAT,
            judged=many / few,
        )


def _taken(plan: Plan, home: Path, domein: str, number: int) -> float:
    """Seconds for the whole command."""
    plan.say(f"a catalogue of {number} zaaktypen")
    archive = home / f"{domein}.zip"
    write(archive, _lists(domein, number), FILES)
    command = (sys.executable, "-m", "dms", "catalogus", "apply", str(archive))
    began = time.perf_counter()
    done = subprocess.run(
        command,
        env=alone_with({"DMS_DATA_DIR": str(home)}),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise NotMeasured(f"dms catalogus apply ended with {done.returncode}: {done.stderr[:200]}")
    return time.perf_counter() - began


def _median(plan: Plan, server: Server, domein: str) -> float:
    zgw = Zgw(server)
    [found] = zgw.call("GET", f"/catalogi/api/v1/catalogussen?domein={domein}")["results"]
    request = zgw.request("GET", f"{_ZAAKTYPEN}?catalogus={quote(found['url'], safe='')}")
    page = orjson.loads(zgw.connection.call(request).body)
    if len(page["results"]) != _SMALL:
        raise NotMeasured(f"The first page of {domein} does not hold {_SMALL} zaaktypen.")
    times = []
    for _ in range(max(plan.calls // 5, 40)):
        began = time.perf_counter()
        zgw.connection.call(request)
        times.append(time.perf_counter() - began)
    return sorted(times)[len(times) // 2]


def _url(resource: str, *names: object) -> str:
    return f"{_ROOT}/{resource}/{uuid.uuid5(uuid.NAMESPACE_URL, f'{resource} {names}')}"


def _lists(domein: str, number: int) -> dict[str, list[dict[str, Any]]]:
    """A catalogue in which each zaaktype has five statustypen, five roltypen and three eigenschappen."""
    catalogue = _url("catalogussen", domein)
    begin = {"beginGeldigheid": "2020-01-01", "catalogus": catalogue, "concept": False}
    lists: dict[str, list[dict[str, Any]]] = {name: [] for name in FILES}
    lists["Catalogus"] = [
        {"url": catalogue, "domein": domein, "rsin": "517439943", "contactpersoonBeheerNaam": "Beheer"}
    ]
    lists["InformatieObjectType"] = [
        {
            "url": _url("informatieobjecttypen", domein),
            "omschrijving": "Bijlage",
            "vertrouwelijkheidaanduiding": "openbaar",
            "informatieobjectcategorie": "Bijlage",
            **begin,
        }
    ]
    for at in range(number):
        zaaktype = _url("zaaktypen", domein, at)
        lists["ZaakType"].append({"url": zaaktype, **_ZAAKTYPE, **begin, "identificatie": f"ZT-{at:04}"})
        for file, resource, many, values in _SUB_TYPES:
            for each in range(1, many + 1):
                told = {name: _told(value, each) for name, value in values.items()}
                lists[file].append({"url": _url(resource, zaaktype, each), "zaaktype": zaaktype, **told})
        lists["ZaakTypeInformatieObjectType"].append(
            {
                "url": _url("zaaktype-informatieobjecttypen", zaaktype),
                "zaaktype": zaaktype,
                "informatieobjecttype": _url("informatieobjecttypen", domein),
                "volgnummer": 1,
                "richting": "inkomend",
            }
        )
    return lists


def _told(value: Any, number: int) -> Any:
    return value.format(number) if isinstance(value, str) else number if value == 0 else value


_ZAAKTYPE = {
    "omschrijving": "Vergunning",
    "vertrouwelijkheidaanduiding": "openbaar",
    "doel": "Vergunnen",
    "aanleiding": "Een aanvraag",
    "indicatieInternOfExtern": "extern",
    "handelingInitiator": "aanvragen",
    "onderwerp": "Een vergunning",
    "handelingBehandelaar": "behandelen",
    "doorlooptijd": "P30D",
    "opschortingEnAanhoudingMogelijk": False,
    "verlengingMogelijk": False,
    "publicatieIndicatie": False,
    "productenOfDiensten": [],
    "referentieproces": {"naam": "Vergunnen"},
    "verantwoordelijke": "De gemeente",
    "besluittypen": [],
    "gerelateerdeZaaktypen": [],
}
_SUB_TYPES: tuple[tuple[str, str, int, dict[str, Any]], ...] = (
    ("StatusType", "statustypen", 5, {"omschrijving": "Fase {}", "volgnummer": 0}),
    ("RolType", "roltypen", 5, {"omschrijving": "Rol {}", "omschrijvingGeneriek": "behandelaar"}),
    (
        "Eigenschap",
        "eigenschappen",
        3,
        {
            "naam": "Eigenschap {}",
            "definitie": "Iets.",
            "specificatie": {"formaat": "tekst", "lengte": "20", "kardinaliteit": "1"},
        },
    ),
)
