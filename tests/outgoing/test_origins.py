"""Which URLs lie under an origin, in one reading."""

from __future__ import annotations

import pytest

from dms.outgoing.origins import BadAddress, Origin, address


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("http://elders.test", Origin("http", "elders.test", 80)),
        ("HTTPS://ELDERS.test/", Origin("https", "elders.test", 443)),
        ("https://elders.test:443", Origin("https", "elders.test", 443)),
        ("http://münchen.test:8000", Origin("http", "xn--mnchen-3ya.test", 8000)),
        ("http://[::1]:8000", Origin("http", "::1", 8000)),
        ("http://[0:0:0:0:0:0:0:1]:8000", Origin("http", "::1", 8000)),
    ],
)
def test_an_origin_has_one_spelling_however_it_is_written(written: str, read: Origin) -> None:
    assert Origin.read(written) == read
    assert Origin.of(address(f"{written.removesuffix('/')}/pad?a=b#c")) == read
    assert Origin.read(str(read)) == read


@pytest.mark.parametrize(
    "url",
    [
        "https://elders.test:8443/a",
        "http://elders.test/a",
        "https://elders.test.evil.test/a",
        "https://evil.test/https://elders.test/",
        "https://evil.test?https://elders.test/",
        "https://evil.test#https://elders.test/",
    ],
)
def test_another_scheme_host_or_port_is_another_origin(url: str) -> None:
    assert Origin.of(address(url)) != Origin.read("https://elders.test")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://elders.test/a",
        "//elders.test/a",
        "/a",
        "https:///a",
        "https://user@elders.test/",
        "https://user:secret@elders.test/",
        "https://@elders.test/",
        "https://elders.test\\@evil.test/",
        "https://elders.test/a\\b",
        "https://elders.test/a\r\nHost: evil.test",
        "https://elders.test/a b",
        "https://elders.test/\x00",
        "https://elders\u200b.test\u2028/",
        "https://elders%2etest/",
        "https://elders.test:0/",
        "https://elders.test:99999/",
        "https://elders.test:port/",
        "https://[::1/",
        "https://[fe80::1%25eth0]/",
        "https://[v1.x:y]/",
        "https://-/",
        "https://elders.test/" + 2000 * "a",
    ],
)
def test_what_readers_of_urls_disagree_on_is_no_address(url: str) -> None:
    with pytest.raises(BadAddress):
        address(url)


@pytest.mark.parametrize("more", ["/pad", "?a=b", "?", "#c", "/?", "*"])
def test_an_origin_that_says_more_than_an_origin_is_refused(more: str) -> None:
    with pytest.raises(BadAddress):
        Origin.read(f"https://elders.test{more}")


def test_what_is_checked_is_what_is_asked_for_without_its_fragment() -> None:
    assert str(address("HTTP://Elders.test:80/a/../b?c=d#e")) == "http://elders.test/b?c=d"
