"""Origins: scheme, host and port in one spelling, by which it is decided which URLs may be asked for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address

from yarl import URL

MOST_CHARACTERS = 2_000
_NAME = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?", re.ASCII)
_END_OF_AUTHORITY = re.compile(r"[/?#]")


class BadAddress(ValueError):
    """Not a URL that can be asked for over HTTP; the message says what is wrong without repeating it."""


@dataclass(frozen=True, slots=True, order=True)
class Origin:
    """Scheme, host and port. `host` is in lower case, and in ASCII where it was not (IDNA)."""

    scheme: str
    host: str
    port: int

    @classmethod
    def of(cls, url: URL) -> Origin:
        """The origin of a URL that `address` made."""
        assert url.raw_host is not None
        assert url.port is not None
        return cls(url.scheme, url.raw_host, url.port)

    @classmethod
    def read(cls, text: str) -> Origin:
        """The origin that an administrator wrote. Raises `BadAddress` if that says more than an origin."""
        url = address(text)
        if url.raw_path not in ("", "/") or url.raw_query_string or "?" in text or "#" in text:
            raise BadAddress("it must be scheme://host:port with nothing after it")
        return cls.of(url)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


def address(text: str) -> URL:
    """The URL in the one reading that is both checked and asked for, without its fragment.

    Raises `BadAddress` for what is not http(s), names a user, or holds what readers of URLs disagree on:
    backslashes, spaces, control characters.
    """
    if len(text) > MOST_CHARACTERS:
        raise BadAddress("it is too long")
    if not text.isprintable() or " " in text or "\\" in text:
        raise BadAddress("it holds spaces, backslashes or control characters")
    try:
        url = URL(text).with_fragment(None)
        host, port = url.raw_host or "", url.port
    except ValueError:
        raise BadAddress("it is not a URL") from None
    if url.scheme not in ("http", "https"):
        raise BadAddress("it must begin with http:// or https://")
    if "@" in _END_OF_AUTHORITY.split(text.partition("://")[2], 1)[0]:
        raise BadAddress("it must not name a user")
    if not _is_host(host) or not port:
        raise BadAddress("its host or port is not one that can be connected to")
    return url


def _is_host(host: str) -> bool:
    if ":" not in host:
        return _NAME.fullmatch(host) is not None
    try:
        return "%" not in host and ip_address(host).version == 6
    except ValueError:
        return False
