"""What operators look at: whether the service lives, is ready, how busy it is, and what it writes down."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from aiohttp import ClientSession

from dms.actions.service import Dms
from dms.api.operations import STOPPING
from dms.outgoing.jwts import make_token
from dms.settings import Settings
from tests.process import CLIENT_ID, CLIENT_SECRET, ServiceProcess
from tests.zgw import CATALOGUES, DOCUMENTS, RSIN, TYPES, Answer, Zgw, document_values

BSN = "123456782"
NOBODY = {"Authorization": ""}


@pytest.fixture(scope="module", params=["json", "text"])
def service(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServiceProcess]:
    """The service as a process, with its log in each form."""
    data = tmp_path_factory.mktemp("service") / "data"
    with ServiceProcess(data, DMS_LOG_FORMAT=request.param, DMS_LOG_LEVEL="debug") as process:
        yield process


async def call(service: ServiceProcess, method: str, url: str, body: Any = None, **headers: str) -> Any:
    """The JSON that is answered to this request, or None."""
    headers.setdefault("Authorization", f"Bearer {make_token(CLIENT_ID, CLIENT_SECRET)}")
    path = url if url.startswith("http") else service.address + url
    async with (
        ClientSession(headers=headers) as session,
        session.request(method, path, json=body) as answer,
    ):
        return orjson.loads(await answer.read() or b"null")


async def test_live_tells_that_the_process_answers(zgw: Zgw) -> None:
    answer = await zgw.get("/healthz/live", headers=NOBODY)
    assert (answer.status, answer.body) == (200, {"status": "ok"})


async def test_ready_tells_that_both_stores_can_be_used(zgw: Zgw) -> None:
    answer = await zgw.get("/healthz/ready", headers=NOBODY)
    assert (answer.status, answer.body) == (200, {"status": "ok", "metadata": "ok", "content": "ok"})


async def failing(zgw: Zgw) -> Answer:
    """The answer of a service that lives and is not ready."""
    assert (await zgw.get("/healthz/live")).status == 200
    answer = await zgw.get("/healthz/ready", headers=NOBODY)
    assert (answer.status, answer["status"]) == (503, "failing")
    return answer


@pytest.mark.usefixtures("embedded")
async def test_ready_is_503_when_the_data_directory_is_gone(zgw: Zgw, settings: Settings) -> None:
    shutil.rmtree(settings.data_dir)
    assert (await failing(zgw))["content"] == "failing"


@pytest.mark.usefixtures("embedded")
async def test_ready_is_503_when_files_cannot_be_made(zgw: Zgw, settings: Settings) -> None:
    incoming = settings.data_dir / "content" / "incoming"
    shutil.rmtree(incoming)
    incoming.write_text("not a directory")
    assert (await failing(zgw)).body == {"status": "failing", "metadata": "ok", "content": "failing"}
    incoming.unlink()
    incoming.mkdir()
    assert (await zgw.get("/healthz/ready")).status == 200


@pytest.mark.usefixtures("embedded")
@pytest.mark.skipif(os.geteuid() == 0, reason="root may write in any directory")
async def test_ready_is_503_when_the_data_directory_is_read_only(zgw: Zgw, settings: Settings) -> None:
    incoming = settings.data_dir / "content" / "incoming"
    incoming.chmod(0o500)
    assert (await failing(zgw))["content"] == "failing"
    incoming.chmod(0o700)


async def test_ready_is_503_when_the_metadata_store_does_not_answer(zgw: Zgw, dms: Dms) -> None:
    await dms.metadata.close()
    answer = await failing(zgw)
    assert (answer["metadata"], answer["content"]) == ("failing", "ok")


async def test_ready_is_503_while_the_service_stops(zgw: Zgw) -> None:
    app = zgw.client.app
    assert app is not None
    app[STOPPING].set()
    assert (await failing(zgw))["service"] == "stopping"


async def figures(zgw: Zgw) -> dict[str, float]:
    """The figures, by name and labels as they are written."""
    answer = await zgw.get("/metrics", headers=NOBODY)
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    lines = answer.body.decode().splitlines()
    pairs = (line.rpartition(" ") for line in lines if not line.startswith("#"))
    return {name: float(value) for name, _, value in pairs}


def requests(api: str, resource: str, method: str, status: int) -> str:
    """The name of the count of such requests."""
    return f'dms_requests_total{{api="{api}",method="{method}",resource="{resource}",status="{status}"}}'


async def test_metrics_count_requests_by_api_resource_method_and_status(zgw: Zgw) -> None:
    for _ in range(3):
        await zgw.get(CATALOGUES)
    await zgw.get(f"{CATALOGUES}/x")
    await zgw.post(TYPES, {})
    found = await figures(zgw)
    assert found[requests("catalogi", "catalogussen", "GET", 200)] == 3
    assert found[requests("catalogi", "catalogussen", "GET", 404)] == 1
    assert found[requests("catalogi", "informatieobjecttypen", "POST", 400)] == 1
    timed = 'dms_request_seconds_count{api="catalogi",method="GET",resource="catalogussen"}'
    assert found[timed] == 4


async def test_metrics_count_bytes_locks_and_uploads(zgw: Zgw, type_: str) -> None:
    before = await figures(zgw)
    whole = await zgw.document(type_, content=b"x" * 5000)
    await zgw.get(f"{whole['url']}/download")
    await zgw.locked(whole["url"])
    waiting = await zgw.document(type_, bestandsomvang=200)
    await zgw.upload(waiting["bestandsdelen"][0]["url"], b"x" * 100, waiting["lock"])
    after = await figures(zgw)
    assert after["dms_received_bytes_total"] - before["dms_received_bytes_total"] > 5000
    assert after["dms_sent_bytes_total"] - before["dms_sent_bytes_total"] == 5000
    assert (after["dms_locked_documents"], after["dms_waiting_uploads"]) == (2, 1)
    assert (after["dms_uploads_in_progress"], after["dms_downloads_in_progress"]) == (0, 0)


async def test_metrics_hold_no_text_of_a_client(zgw: Zgw) -> None:
    await zgw.get(f"/geheim/{BSN}")
    await zgw.get(f"{CATALOGUES}/{BSN}?domein={BSN}")
    for method in ("PROPFIND", "MKCOL"):
        await zgw.call(method, CATALOGUES)
    text = str(await figures(zgw))
    assert BSN not in text
    assert "geheim" not in text.lower()
    assert "PROPFIND" not in text


def logged(service: ServiceProcess, *never: str) -> str:
    """What was written down, which holds none of these."""
    text = service.log.read_text()
    assert "answered" in text
    for secret in never:
        assert secret not in text
    return text


async def test_logs_hold_no_token_secret_number_or_query(service: ServiceProcess) -> None:
    token = make_token(CLIENT_ID, CLIENT_SECRET, user_id=f"user-{BSN}", user_representation="J. Jansen")
    headers = {
        "Authorization": f"Bearer {token}",
        "X-Audit-Toelichting": f"Over {BSN}",
        "X-Request-ID": f"{CLIENT_SECRET} {BSN}",
    }
    type_ = service.document_type()
    sent = document_values(type_, titel=f"Brief aan {BSN}", content=b"vertrouwelijke inhoud")
    document = (await call(service, "POST", DOCUMENTS, sent, **headers))["url"]
    lock = (await call(service, "POST", f"{document}/lock", {}, **headers))["lock"]
    for method, url, body in (
        ("GET", f"{DOCUMENTS}?trefwoorden={BSN}&identificatie=geheim", None),
        ("GET", f"{DOCUMENTS}?{BSN}=geheim", None),
        ("POST", DOCUMENTS, document_values(type_, auteur=BSN, taal=BSN)),
        ("PATCH", document, {"titel": BSN, "lock": lock}),
        ("PATCH", document, {"titel": BSN, "lock": "geheim-slot"}),
        ("POST", f"{document}/unlock", {"lock": lock}),
    ):
        await call(service, method, url, body, **headers)
    broken = (token[:-3] + "abc", make_token(BSN, CLIENT_SECRET), f"{BSN}.geheim.x")
    for wrong in broken:
        headers["Authorization"] = f"Bearer {wrong}"
        assert (await call(service, "GET", f"{CATALOGUES}?domein={BSN}", **headers))["status"] == 403
    secrets = (token, *broken, CLIENT_SECRET, BSN, lock, "geheim", "J. Jansen", "trefwoorden", "inhoud=")
    assert logged(service, *secrets).count("answered") >= 11


async def test_logs_hold_no_secret_when_the_service_fails(service: ServiceProcess) -> None:
    sent = document_values(service.document_type(), titel=BSN, content=b"geheim")
    content = service.data_dir / "content"
    aside = content.rename(service.data_dir / "aside")
    token = make_token(CLIENT_ID, CLIENT_SECRET, user_id=BSN)
    answer = await call(service, "POST", f"{DOCUMENTS}?x={BSN}", sent, Authorization=f"Bearer {token}")
    aside.rename(content)
    assert (answer["status"], answer["code"]) == (500, "error")
    assert str(service.data_dir) not in str(answer)
    text = logged(service, token, CLIENT_SECRET, BSN, sent["inhoud"])
    assert "Traceback" in text
    assert answer["instance"] in text


async def test_a_log_line_leads_from_a_refusal_to_its_request(service: ServiceProcess) -> None:
    sent = {"domein": "x", "rsin": RSIN, "contactpersoonBeheerNaam": ""}
    answer = await call(service, "POST", CATALOGUES, sent, **{"X-Request-ID": "request-7"})
    text = logged(service)
    for part in (answer["instance"], "request-7", "invalid @ domein", "blank @ contactpersoonBeheerNaam"):
        assert part in text
    if text.startswith("{"):
        line = orjson.loads(text.splitlines()[-1])
        assert (line["status"], line["method"], line["path"]) == (400, "POST", CATALOGUES)
        assert (line["event"], line["level"], line["client"]) == ("answered", "info", CLIENT_ID)
        assert line["params"] == ["invalid @ domein", "blank @ contactpersoonBeheerNaam"]


async def test_a_long_path_is_not_logged_whole(service: ServiceProcess) -> None:
    await call(service, "GET", f"/{'a' * 3000}")
    logged(service, "a" * 201)
