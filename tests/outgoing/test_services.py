"""The services of the configuration file: what can be said, and how what cannot is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dms.outgoing.origins import Origin
from dms.outgoing.services import ApiKey, Known, OAuth2, Service, Tls, Zgw, read_services

HERE = "https://elders.test"
TOKEN = "https://login.test/token"
ZGW: dict[str, Any] = {"origin": HERE, "auth": "zgw", "client_id": "dms", "secret": "geheim"}
OAUTH: dict[str, Any] = {**ZGW, "auth": "oauth2", "token_url": TOKEN}
KEY: dict[str, Any] = {"origin": HERE, "auth": "api-key", "header": "X-Api-Key", "secret": "geheim"}
MTLS: dict[str, Any] = {"origin": HERE, "auth": "mtls", "certificate": "/c.pem", "key": "/k.pem"}


def without(table: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in table.items() if name not in names}


def test_each_kind_of_service_is_read_from_its_table() -> None:
    tls = Tls(Path("/c.pem"), Path("/k.pem"), Path("/ca.pem"))
    tables = [
        {**ZGW, "origin": "https://one.test"},
        {**KEY, "origin": "https://two.test"},
        {**OAUTH, "origin": "https://three.test", "scope": "lezen"},
        {**MTLS, "origin": "https://four.test", "ca": "/ca.pem"},
        {"origin": "http://five.test:8000"},
        {**ZGW, "origin": "https://six.test", "ca": "/ca.pem"},
    ]
    assert read_services(tables) == (
        Service(Origin("https", "one.test", 443), Zgw("dms", "geheim")),
        Service(Origin("https", "two.test", 443), ApiKey("X-Api-Key", "geheim")),
        Service(Origin("https", "three.test", 443), OAuth2(TOKEN, "dms", "geheim", "lezen")),
        Service(Origin("https", "four.test", 443), None, tls),
        Service(Origin("http", "five.test", 8000)),
        Service(Origin("https", "six.test", 443), Zgw("dms", "geheim"), Tls(ca=Path("/ca.pem"))),
    )


def test_a_secret_can_stand_in_a_file_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("uit een bestand\n")
    [service] = read_services([{**without(ZGW, "secret"), "secret_file": str(file)}])
    assert service.auth == Zgw("dms", "uit een bestand")


@pytest.mark.parametrize("table", [ZGW, OAUTH, KEY])
def test_secrets_are_not_in_what_is_printed_of_a_service(table: dict[str, Any]) -> None:
    assert "geheim" not in repr(read_services([table]))


@pytest.mark.parametrize(
    ("tables", "wanted"),
    [
        ("http://elders.test", "--config file"),
        ([1], "--config file"),
        ([{**ZGW, "auth": "basic"}], "none, zgw, api-key, oauth2, mtls"),
        ([{**ZGW, "auth": ["zgw"]}], "auth can be"),
        ([{**ZGW, "sceret": "x"}], "has no sceret; it can have .*secret_file"),
        ([{"origin": HERE, "secret_file": "x"}], "has no secret_file; it can have auth, ca, certificate"),
        ([{**ZGW, "client_id": 1}], "client_id must be text"),
        ([{**ZGW, "origin": 1}], "origin must be text"),
        ([{**ZGW, "origin": HERE + "/pad"}], "nothing after it"),
        ([without(ZGW, "origin")], "origin must be like"),
        ([without(ZGW, "client_id")], "needs client_id"),
        ([without(ZGW, "secret")], "needs secret"),
        ([{**ZGW, "secret": ""}], "needs secret"),
        ([{**ZGW, "secret_file": "/x"}], "not both"),
        ([{**without(ZGW, "secret"), "secret_file": "/does/not/exist"}], "cannot be read: No such file"),
        ([without(KEY, "header")], "needs header"),
        ([{**KEY, "header": "Host"}], "HTTP itself does not use"),
        ([{**KEY, "header": "X Key"}], "HTTP itself does not use"),
        ([{**KEY, "secret": "een\r\ntwee"}], "one line"),
        ([{**KEY, "secret": "geheïm"}], "one line"),
        ([without(OAUTH, "token_url")], "needs token_url"),
        ([{**OAUTH, "token_url": "ftp://x"}], "token_url"),
        ([without(MTLS, "key")], "give both"),
        ([without(MTLS, "certificate")], "give both"),
        ([{"origin": HERE, "key": "/k.pem"}], "give both"),
        ([{"origin": HERE, "auth": "mtls"}], "give both"),
        ([{**MTLS, "origin": "http://elders.test"}], "https:// only"),
        ([ZGW, {**KEY, "origin": "HTTPS://Elders.test:443/"}], "number 2: .* is there already"),
    ],
)
def test_what_cannot_be_used_is_refused_with_what_would_do(tables: object, wanted: str) -> None:
    with pytest.raises(ValueError, match=wanted) as refused:
        read_services(tables)
    assert "geheim" not in str(refused.value)


def test_a_secret_file_that_holds_no_text_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_bytes(b"\xff\xfe\xfd")
    with pytest.raises(ValueError, match="it is not text"):
        read_services([{**without(ZGW, "secret"), "secret_file": str(file)}])


def test_services_are_allowed_origins_beside_those_that_are_listed() -> None:
    known = Known.of(["http://127.0.0.1:8000", "https://login.test"], read_services([OAUTH]))
    assert sorted(map(str, known.origins)) == [
        "http://127.0.0.1:8000",
        "https://elders.test:443",
        "https://login.test:443",
    ]


@pytest.mark.parametrize("text", ["elders.test", "http://me:geheim@elders.test", "https://elders.test/api"])
def test_an_allowed_origin_that_is_none_is_refused_without_its_password(text: str) -> None:
    with pytest.raises(ValueError, match="scheme://host:port") as refused:
        Known.of([text], ())
    assert "geheim" not in str(refused.value)


def test_tokens_are_asked_for_at_allowed_origins_only() -> None:
    with pytest.raises(ValueError, match=r"login\.test.* allow that origin too"):
        Known.of([], read_services([OAUTH]))


def test_certificates_that_cannot_be_used_are_refused_by_their_files(tmp_path: Path) -> None:
    certificate = tmp_path / "c.pem"
    certificate.write_text("no certificate")
    for files in ({"certificate": str(certificate), "key": str(certificate)}, {"ca": str(certificate)}):
        with pytest.raises(ValueError, match=r"c\.pem.*must be PEM"):
            Known.of([], read_services([{"origin": HERE, **files}]))
    with pytest.raises(ValueError, match="No such file"):
        Known.of([], read_services([MTLS]))
