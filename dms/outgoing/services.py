"""Services on other hosts, as the configuration names them: where each is, and what we show it."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dms.outgoing.origins import BadAddress, Origin, address

_TABLE = frozenset({"origin", "auth"})
_TLS = ("certificate", "key", "ca")
_KEYS: dict[str, tuple[str, ...]] = {
    "none": (),
    "zgw": ("client_id", "secret"),
    "api-key": ("header", "secret"),
    "oauth2": ("token_url", "client_id", "secret", "scope"),
    "mtls": (),
}
_OPTIONAL = frozenset({"scope"})
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_HEADERS_OF_HTTP = frozenset(
    {
        *("accept", "accept-encoding", "connection", "content-encoding", "content-length", "content-type"),
        *("cookie", "expect", "host", "te", "trailer", "transfer-encoding", "upgrade"),
    }
)


@dataclass(frozen=True, slots=True)
class Zgw:
    """A JWT of the standard, made afresh for every request (G-40)."""

    client_id: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A header that never changes."""

    header: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class OAuth2:
    """A token from elsewhere, by the client credentials grant of RFC 6749."""

    token_url: str
    client_id: str
    secret: str = field(repr=False)
    scope: str = ""


@dataclass(frozen=True, slots=True)
class Tls:
    """Files in PEM: our own certificate with its key, and the authority trusted in place of the system's."""

    certificate: Path | None = None
    key: Path | None = None
    ca: Path | None = None

    def context(self) -> ssl.SSLContext:
        """What a connection needs of them. Raises `ValueError` if the files cannot be used."""
        try:
            context = ssl.create_default_context(cafile=self.ca)
            if self.certificate is not None:
                # Without an answer of ours OpenSSL would ask the terminal for a passphrase.
                context.load_cert_chain(self.certificate, self.key, password=lambda: "")
        except (OSError, ValueError) as why:
            files = ", ".join(str(file) for file in (self.certificate, self.key, self.ca) if file)
            reason = getattr(why, "reason", None) or getattr(why, "strerror", None) or type(why).__name__
            raise ValueError(
                f"{files} must be PEM files, with a key without a passphrase: {reason}"
            ) from None
        return context


@dataclass(frozen=True, slots=True)
class Service:
    """An origin that may be asked, and what to show it."""

    origin: Origin
    auth: Zgw | ApiKey | OAuth2 | None = None
    tls: Tls | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """All that may be asked: the origins, and what is shown to those that want it."""

    origins: frozenset[Origin]
    services: tuple[Service, ...]
    tls: Mapping[Origin, ssl.SSLContext]

    @classmethod
    def of(cls, allowed: Iterable[str], services: Iterable[Service]) -> Known:
        """The allowed origins as they were written, and the services. Raises `ValueError` with what would do,
        also for certificates that cannot be used."""
        origins: set[Origin] = set()
        for text in allowed:
            try:
                origins.add(Origin.read(text))
            except BadAddress as why:
                raise ValueError(
                    f"an origin is scheme://host:port, and {_shown(text)} is not: {why}"
                ) from None
        services = tuple(services)
        origins |= {service.origin for service in services}
        for service in services:
            if isinstance(service.auth, OAuth2):
                token = Origin.of(address(service.auth.token_url))
                if token not in origins:
                    raise ValueError(
                        f"the token_url of {service.origin} is at {token}: allow that origin too, or make it "
                        "a service"
                    )
        tls = {service.origin: service.tls.context() for service in services if service.tls is not None}
        return cls(frozenset(origins), services, tls)


def read_services(tables: object) -> tuple[Service, ...]:
    """The `[[services]]` of a configuration file, their `secret_file`s read. Raises `ValueError` with what
    would do, and without a secret in it."""
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ValueError("services are tables of the --config file: write [[services]] above each")
    services: list[Service] = []
    for number, table in enumerate(tables, start=1):
        try:
            service = _service(table, {other.origin for other in services})
        except ValueError as why:
            raise ValueError(f"[[services]] number {number}: {why}") from None
        services.append(service)
    return tuple(services)


def _service(table: Mapping[str, Any], taken: Set[Origin]) -> Service:
    kind = table.get("auth", "none")
    if not isinstance(kind, str) or kind not in _KEYS:
        raise ValueError(f"auth can be {', '.join(_KEYS)}")
    _check_keys(table, kind)
    try:
        origin = Origin.read(table.get("origin", ""))
    except BadAddress as why:
        raise ValueError(f'origin must be like "https://host:port": {why}') from None
    if origin in taken:
        raise ValueError(f"{origin} is there already: an origin has one service")
    tls = _tls(table, kind, origin)
    given = {name: table.get(name, "") for name in _KEYS[kind]}
    if "secret" in given:
        given["secret"] = _secret(table)
    for name, value in given.items():
        if not value and name not in _OPTIONAL:
            raise ValueError(f'auth = "{kind}" needs {name}')
    return Service(origin, _auth(kind, given), tls)


def _check_keys(table: Mapping[str, Any], kind: str) -> None:
    own = _KEYS[kind]
    allowed = _TABLE | {*own, *_TLS} | ({"secret_file"} if "secret" in own else set())
    for name in table:
        if name not in allowed:
            raise ValueError(f'auth = "{kind}" has no {name[:50]}; it can have {", ".join(sorted(allowed))}')
    if other := [name for name, value in table.items() if not isinstance(value, str)]:
        raise ValueError(f"{other[0]} must be text between quotes")


def _secret(table: Mapping[str, Any]) -> str:
    if "secret" in table and "secret_file" in table:
        raise ValueError("give secret or secret_file, not both")
    if "secret_file" not in table:
        return str(table.get("secret", ""))
    try:
        return Path(table["secret_file"]).read_text().strip()
    except (OSError, ValueError) as why:
        reason = getattr(why, "strerror", None) or "it is not text"
        raise ValueError(f"secret_file {table['secret_file']} cannot be read: {reason}") from None


def _auth(kind: str, given: Mapping[str, str]) -> Zgw | ApiKey | OAuth2 | None:
    match kind:
        case "zgw":
            return Zgw(**given)
        case "api-key":
            if not _HEADER.fullmatch(given["header"]) or given["header"].lower() in _HEADERS_OF_HTTP:
                raise ValueError("header must be the name of a header that HTTP itself does not use")
            if not (given["secret"].isascii() and given["secret"].isprintable()):
                raise ValueError("the secret must be one line of ASCII, to go into a header")
            return ApiKey(**given)
        case "oauth2":
            try:
                address(given["token_url"])
            except BadAddress as why:
                raise ValueError(f"token_url is not a URL to ask for a token: {why}") from None
            return OAuth2(**given)
    return None


def _tls(table: Mapping[str, Any], kind: str, origin: Origin) -> Tls | None:
    files = {name: Path(table[name]) for name in _TLS if table.get(name)}
    if (kind == "mtls" or "certificate" in files or "key" in files) and not {"certificate", "key"} <= set(
        files
    ):
        raise ValueError("a certificate and its key come together: give both")
    if not files:
        return None
    if origin.scheme != "https":
        raise ValueError("certificates are for https:// only")
    return Tls(**files)


def _shown(text: str) -> str:
    """What was written, without a password that may stand in it."""
    return repr(text.rpartition("@")[2][:100])
