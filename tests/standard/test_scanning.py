"""Documents and the virus scanner: what is refused, what is kept back, and until when."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from dms.actions.check import check
from dms.actions.collect import remove_dropped
from dms.actions.scanning import enter_unscanned, keep_scanning, rescan, scan_waiting
from dms.actions.service import Dms
from dms.autorisaties.access import Grant
from dms.documenten.upload.scans import SCANS
from dms.settings import Settings
from tests.backends.clamd import ScriptedClamd
from tests.contracts.scanning import EICAR
from tests.standard.parts import begun, send, unlock
from tests.standard.stored import bodies, everything, uploads
from tests.zgw import DOCUMENTS, Answer, Zgw, document_values, refusal

VIRUS = (400, "virus-found", "inhoud")
KEPT_BACK = (409, "not-cleared")
WAIT_UP_TO = 1000
INFECTED_PARTS = bytes(91) + EICAR + bytes(250 - 91 - len(EICAR))
"""EICAR, from the last bytes of the first part into the second."""
SCANS_URL = "/beheer/scans"


@pytest.fixture
async def clamd() -> AsyncIterator[ScriptedClamd]:
    async with ScriptedClamd().listening() as clamd:
        yield clamd


@pytest.fixture
def settings(tmp_path: Path, clamd: ScriptedClamd, store_settings: dict[str, Any]) -> Settings:
    return Settings(
        data_dir=tmp_path / "data",
        part_size=100,
        durable=False,
        clamd_url=clamd.url,
        scan_wait_size=WAIT_UP_TO,
        scan_most_bytes=20_000,
        scan_timeout=1,
        **store_settings,
    )


async def sent(zgw: Zgw, type_: str, content: bytes, **fields: Any) -> Answer:
    values = document_values(type_, inhoud=base64.b64encode(content).decode(), **fields)
    values["bestandsomvang"] = len(content)
    return await zgw.post(DOCUMENTS, values)


async def scans(zgw: Zgw) -> dict[str, int]:
    counts: dict[str, int] = (await zgw.get(SCANS_URL))["aantallen"]
    return {verdict: count for verdict, count in counts.items() if count}


async def test_clean_content_is_taken_in_and_handed_out(zgw: Zgw, type_: str) -> None:
    document = await sent(zgw, type_, b"niets aan de hand")
    assert document.status == 201
    assert (await zgw.get(document["inhoud"])).body == b"niets aan de hand"
    assert await scans(zgw) == {"clean": 1}


async def test_a_virus_is_refused_and_nothing_of_it_is_kept(zgw: Zgw, dms: Dms, type_: str) -> None:
    before = await everything(dms)
    assert refusal(await sent(zgw, type_, b"Factuur " + EICAR)) == VIRUS
    assert (await everything(dms), await bodies(dms), await scans(zgw)) == (before, set(), {})


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_a_virus_in_a_new_version_leaves_the_old_one(zgw: Zgw, type_: str, method: str) -> None:
    document = await sent(zgw, type_, b"eerste versie")
    lock = (await zgw.post(f"{document['url']}/lock"))["lock"]
    change = {"lock": lock, "inhoud": base64.b64encode(EICAR).decode(), "bestandsomvang": len(EICAR)}
    if method == "PUT":
        change = {**document_values(type_), **change}
    assert refusal(await zgw.call(method, document["url"], json=change)) == VIRUS
    now = await zgw.get(document["url"])
    assert (now["versie"], (await zgw.get(now["inhoud"])).body) == (1, b"eerste versie")


async def test_a_virus_over_two_parts_is_refused_when_they_are_joined(zgw: Zgw, dms: Dms, type_: str) -> None:
    document = await begun(zgw, type_)
    await send(zgw, document, 1, 2, 3, content=INFECTED_PARTS)
    assert refusal(await unlock(zgw, document)) == VIRUS
    assert (await bodies(dms), await uploads(dms)) == (set(), set())
    now = await zgw.get(document["url"])
    assert (now["locked"], now["inhoud"]) == (True, None)
    assert [part["voltooid"] for part in now["bestandsdelen"]] == [False] * 3
    await send(zgw, document, 1, 2, 3)
    assert (await unlock(zgw, document)).status == 204
    assert await scans(zgw) == {"clean": 1}


async def test_a_forced_unlock_drops_the_virus_with_the_upload(zgw: Zgw, dms: Dms, type_: str) -> None:
    document = await begun(zgw, type_)
    await send(zgw, document, 1, 2, 3, content=INFECTED_PARTS)
    assert (await unlock(zgw, document, lock="")).status == 204
    now = await zgw.get(document["url"])
    assert (now["locked"], now["inhoud"], now["bestandsomvang"]) == (False, None, None)
    await remove_dropped(dms)
    assert (await bodies(dms), await uploads(dms), (await check(dms)).wrong) == (set(), set(), [])


async def test_large_content_is_accepted_and_kept_back_until_found_clean(
    zgw: Zgw, dms: Dms, type_: str
) -> None:
    content = bytes(3 * WAIT_UP_TO)
    document = await sent(zgw, type_, content)
    assert document.status == 201
    assert refusal(await zgw.get(document["inhoud"])) == KEPT_BACK
    assert await scans(zgw) == {"pending": 1}
    assert await scan_waiting(dms) == 1
    assert (await zgw.get(document["inhoud"])).body == content
    assert (await scans(zgw), await scan_waiting(dms)) == ({"clean": 1}, 0)


async def test_a_large_virus_is_never_handed_out_whatever_is_asked(zgw: Zgw, dms: Dms, type_: str) -> None:
    document = await sent(zgw, type_, bytes(3 * WAIT_UP_TO) + EICAR)
    await scan_waiting(dms)
    for headers in ({}, {"Range": "bytes=0-1"}, {"If-None-Match": "*"}):
        assert refusal(await zgw.get(document["inhoud"], headers=headers)) == KEPT_BACK
    assert (await zgw.call("HEAD", document["inhoud"])).status == 409
    assert (await zgw.get(document["url"])).status == 200
    listed = await zgw.get(f"{SCANS_URL}?verdict=infected")
    assert [(each["documenten"], each["reden"]) for each in listed["scans"]] == [
        ([document["url"]], "Eicar-Test-Signature")
    ]


async def test_a_later_version_shares_the_verdict_on_its_content(zgw: Zgw, dms: Dms, type_: str) -> None:
    document = await sent(zgw, type_, bytes(3 * WAIT_UP_TO) + EICAR)
    lock = (await zgw.post(f"{document['url']}/lock"))["lock"]
    changed = await zgw.patch(document["url"], {"lock": lock, "titel": "Anders"})
    await scan_waiting(dms)
    for version in (1, 2):
        assert refusal(await zgw.get(f"{document['url']}/download?versie={version}")) == KEPT_BACK
    assert changed["versie"] == 2


async def test_what_the_scanner_cannot_take_is_never_called_clean(zgw: Zgw, dms: Dms, type_: str) -> None:
    document = await sent(zgw, type_, bytes(20_001) + EICAR)
    await scan_waiting(dms)
    assert refusal(await zgw.get(document["inhoud"])) == KEPT_BACK
    assert await scans(zgw) == {"unscanned": 1}
    assert await scan_waiting(dms) == 0


async def test_an_operator_can_release_what_is_unscanned_for_a_reason(
    zgw: Zgw, dms: Dms, type_: str, settings: Settings
) -> None:
    document = await sent(zgw, type_, bytes(20_001))
    await scan_waiting(dms)
    assert dms.scanning is not None
    # The service is frozen; an operator would start it again with DMS_SCAN_RELEASED.
    object.__setattr__(dms, "scanning", replace(dms.scanning, released=frozenset({"too-large"})))
    assert (await zgw.get(document["inhoud"])).status == 200


async def test_while_the_scanner_is_down_content_is_kept_back_and_scanned_later(
    zgw: Zgw, dms: Dms, type_: str, clamd: ScriptedClamd
) -> None:
    clamd.fault = _hangs_up
    clean = await sent(zgw, type_, b"schoon")
    infected = await sent(zgw, type_, EICAR)
    assert (clean.status, infected.status) == (201, 201)
    assert await scans(zgw) == {"unscanned": 2}
    for document in (clean, infected):
        assert refusal(await zgw.get(document["inhoud"])) == KEPT_BACK
    clamd.fault = None
    later = dms
    async with asyncio.timeout(20):  # a daemon that failed is left alone for some seconds
        while await scans(zgw) != {"clean": 1, "infected": 1}:
            later = replace(later, clock=_an_hour_after(later))
            await scan_waiting(later)
            await asyncio.sleep(0.1)
    assert (await zgw.get(clean["inhoud"])).body == b"schoon"
    assert refusal(await zgw.get(infected["inhoud"])) == KEPT_BACK


async def _hangs_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


def _an_hour_after(dms: Dms) -> Any:
    moment = dms.clock() + timedelta(hours=1)
    return lambda: moment


async def test_two_nodes_scan_what_waits_only_once(
    zgw: Zgw, dms: Dms, type_: str, clamd: ScriptedClamd
) -> None:
    for _ in range(6):
        assert (await sent(zgw, type_, bytes(2 * WAIT_UP_TO))).status == 201
    scanned: list[bytes] = []
    says = clamd._says

    def counting(body: bytes) -> bytes:
        scanned.append(body)
        return says(body)

    clamd._says = counting  # type: ignore[method-assign]
    await asyncio.gather(*(scan_waiting(dms) for _ in range(3)))
    assert await scans(zgw) == {"clean": 6}
    assert scanned.count(bytes(2 * WAIT_UP_TO)) == 6


async def test_what_waits_is_scanned_without_being_asked(zgw: Zgw, dms: Dms, type_: str) -> None:
    document = await sent(zgw, type_, bytes(2 * WAIT_UP_TO))
    scanning = asyncio.create_task(keep_scanning(dms))
    async with asyncio.timeout(10):
        while (await zgw.get(document["inhoud"])).status != 200:
            await asyncio.sleep(0.01)
    scanning.cancel()


async def test_content_from_before_the_scanner_is_kept_back_until_it_is_scanned(
    zgw: Zgw, dms: Dms, type_: str
) -> None:
    document = await sent(zgw, type_, b"van vroeger")
    scan = (await dms.metadata.find(SCANS))[0]
    async with dms.metadata.transaction() as transaction:
        transaction.remove(SCANS, scan)
    assert refusal(await zgw.get(document["inhoud"])) == KEPT_BACK
    assert (await enter_unscanned(dms), await enter_unscanned(dms)) == (1, 0)
    counts = await rescan(dms, ("pending", "unscanned"), lambda scanned: None)
    assert {verdict: count for verdict, count in counts.items() if count} == {"clean": 1}
    assert (await zgw.get(document["inhoud"])).body == b"van vroeger"


async def test_a_scan_again_finds_what_new_signatures_know(
    zgw: Zgw, dms: Dms, type_: str, clamd: ScriptedClamd
) -> None:
    document = await sent(zgw, type_, b"nu nog schoon")
    says = clamd._says

    def knowing_more(body: bytes) -> bytes:
        return b"Nieuw FOUND" if b"nu nog" in body else says(body)

    clamd._says = knowing_more  # type: ignore[method-assign]
    seen: list[int] = []
    assert (await rescan(dms, ("clean",), seen.append))["infected"] == 1
    assert seen == [1]
    assert refusal(await zgw.get(document["inhoud"])) == KEPT_BACK


async def test_with_a_document_goes_what_the_scanner_said_of_it(zgw: Zgw, dms: Dms, type_: str) -> None:
    document = await sent(zgw, type_, b"tijdelijk")
    assert (await zgw.delete(document["url"])).status == 204
    await remove_dropped(dms)
    assert (await dms.metadata.count(SCANS), await bodies(dms)) == (0, set())


async def test_only_who_may_do_everything_sees_the_scans(zgw: Zgw, type_: str) -> None:
    reader = zgw.register("reader", [Grant("drc", frozenset({"documenten.lezen"}))])
    assert refusal(await zgw.get(SCANS_URL, client=reader)) == (403, "permission_denied")
    assert refusal(await zgw.get(SCANS_URL, token="x"))[0] == 403
    assert refusal(await zgw.get(f"{SCANS_URL}?verdict=vies")) == (400, "invalid_choice", "verdict")
    assert refusal(await zgw.get(f"{SCANS_URL}?soort=x"))[0] == 400


async def test_figures_and_checks_tell_what_the_scanner_said(zgw: Zgw, dms: Dms, type_: str) -> None:
    await sent(zgw, type_, b"schoon")
    await sent(zgw, type_, bytes(2 * WAIT_UP_TO))
    text = (await zgw.get("/metrics")).body.decode()
    assert 'dms_scanned_bodies{verdict="clean"} 1.0' in text
    assert 'dms_scanned_bodies{verdict="pending"} 1.0' in text
    assert (await check(dms)).scans == {"pending": 1, "clean": 1, "infected": 0, "unscanned": 0}


async def test_a_scanner_that_fails_is_told_but_keeps_no_node_from_work(
    zgw: Zgw, clamd: ScriptedClamd
) -> None:
    assert (await zgw.get("/healthz/ready"))["scanner"] == "ok"
    clamd.fault = _hangs_up
    answer = await zgw.get("/healthz/ready")
    assert (answer.status, answer["scanner"], answer["status"]) == (200, "failing", "ok")


async def test_an_infected_body_stays_blocked_when_the_scanner_is_taken_away(
    zgw: Zgw, dms: Dms, type_: str
) -> None:
    document = await sent(zgw, type_, bytes(3 * WAIT_UP_TO) + EICAR)
    await scan_waiting(dms)
    object.__setattr__(dms, "scanning", None)
    assert refusal(await zgw.get(document["inhoud"])) == KEPT_BACK
