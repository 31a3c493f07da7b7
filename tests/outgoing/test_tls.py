"""Certificates, of both sides, on real TLS connections."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from dms.outgoing.port import NotThere
from dms.outgoing.services import Known, read_services
from tests.outgoing.certificates import Authority
from tests.outgoing.hosts import TYPE, Host, Names, outgoing, serving


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def mtls(host: Host, authority: Authority, **more: Any) -> dict[str, Any]:
    client = authority.signs("client")
    files = {"certificate": str(client.certificate), "key": str(client.key)}
    return {"origin": host.origin, "auth": "mtls", **files, "ca": str(authority.own.certificate), **more}


async def test_our_certificate_is_shown_to_the_service_that_it_is_for(authority: Authority) -> None:
    shown: list[Any] = []

    async def reply(request: web.Request) -> web.Response:
        assert request.transport is not None
        shown.append(request.transport.get_extra_info("peercert")["subject"])
        return web.json_response(TYPE)

    async with serving(tls=authority.server_context(wants_client=True)) as host:
        host.replies["/1"] = reply
        async with outgoing(services=[mtls(host, authority)]) as out:
            assert await out.resources.fetch(f"{host.origin}/1") == TYPE
        only_trust = {"origin": host.origin, "ca": str(authority.own.certificate)}
        async with outgoing(services=[only_trust]) as out:
            with pytest.raises(NotThere):
                await out.resources.fetch(f"{host.origin}/1")
    assert shown == [((("commonName", "client"),),)]


async def test_a_redirect_to_another_host_is_not_shown_our_certificate(authority: Authority) -> None:
    shown: list[Any] = []

    async def reply(request: web.Request) -> web.Response:
        assert request.transport is not None
        shown.append(request.transport.get_extra_info("peercert"))
        return web.json_response(TYPE)

    first, second = authority.server_context(wants_client=True), authority.server_context("IP:127.0.0.2")
    async with serving(tls=first) as host, serving("127.0.0.2", tls=second) as other:
        other.replies["/2"] = reply
        url = host.redirects("/1", f"{other.origin}/2")
        trusted = {"origin": other.origin, "ca": str(authority.own.certificate)}
        async with outgoing(services=[mtls(host, authority), trusted]) as out:
            assert await out.resources.fetch(url) == TYPE
    assert shown == [None]


async def test_a_host_whose_certificate_is_not_trusted_is_not_asked(authority: Authority) -> None:
    async with serving(tls=authority.server_context()) as host, outgoing(host.origin) as out:
        with pytest.raises(NotThere, match="Certificate"):
            await out.resources.fetch(host.gives("/1", TYPE))
    assert host.seen == []


async def test_the_certificate_must_be_that_of_the_name_though_the_address_was_pinned(
    authority: Authority,
) -> None:
    names = Names({"elders.test": ["127.0.0.1"], "anders.test": ["127.0.0.1"]})
    async with serving(tls=authority.server_context("DNS:elders.test")) as host:
        host.gives("/1", TYPE)
        right, wrong = (f"https://{name}:{host.port}" for name in names.known)
        services = [{"origin": origin, "ca": str(authority.own.certificate)} for origin in (right, wrong)]
        async with outgoing(services=services, names=names) as out:
            assert await out.resources.fetch(f"{right}/1") == TYPE
            with pytest.raises(NotThere, match="Certificate"):
                await out.resources.fetch(f"{wrong}/1")
    assert len(host.seen) == 1


def test_a_key_with_a_passphrase_is_refused_and_nobody_is_asked_for_it(
    authority: Authority, tmp_path: Path
) -> None:
    locked = authority.signs("locked", passphrase="een lang wachtwoord")
    files = {"certificate": str(locked.certificate), "key": str(locked.key)}
    with pytest.raises(ValueError, match="without a passphrase"):
        Known.of([], read_services([{"origin": "https://elders.test", "auth": "mtls", **files}]))
