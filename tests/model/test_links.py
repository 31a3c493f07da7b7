"""URLs of this installation: which ones they are, and that they come back as they were."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dms.model.links import Target, absolute, own, relative, root, target, with_relative

ORIGIN = "http://a.nl"
UUID = "0f9ddb1c-1c1b-4c0c-9a0e-3a7b0c5d9e11"
PATH = f"/catalogi/api/v1/catalogussen/{UUID}"


def test_a_url_of_this_installation_is_stored_without_its_origin() -> None:
    assert relative(ORIGIN + PATH, ORIGIN) == PATH
    assert absolute(PATH, ORIGIN) == ORIGIN + PATH
    assert absolute(PATH, "https://elders.nl") == "https://elders.nl" + PATH


def test_lists_of_urls_are_treated_one_by_one() -> None:
    foreign = "https://elders.nl/x"
    assert relative([ORIGIN + PATH, foreign], ORIGIN) == [PATH, foreign]
    assert absolute([PATH, foreign], ORIGIN) == [ORIGIN + PATH, foreign]


@pytest.mark.parametrize("nothing", [None, "", [], 7])
def test_what_is_no_url_stays_as_it_is(nothing: object) -> None:
    assert relative(nothing, ORIGIN) == nothing
    assert absolute(nothing, ORIGIN) == nothing


@pytest.mark.parametrize(
    "foreign",
    [
        "http://b.nl/x",
        "http://a.nl.evil.com/x",
        "http://a.nlevil/x",
        "http://a.nl@evil.com/x",
        "http://a.nl:80@evil.com/x",
        "http://evil.com/http://a.nl/x",
        "http://evil.com#http://a.nl/x",
        "http://a.nl:8080/x",
        "http://a.nl:443/x",
        "https://a.nl/x",
        "ftp://a.nl/x",
        "//a.nl/x",
        "http:a.nl/x",
        "http://[a.nl/x",
        "http://a.nl:99999/x",
        " http://a.nl/x",
        "http://user:secret@a.nl/x",
        "http://@a.nl/x",
    ],
)
def test_a_url_of_another_site_is_kept_as_it_is(foreign: str) -> None:
    assert relative(foreign, ORIGIN) == foreign


@pytest.mark.parametrize(
    "bare", ["http://a.nl", "HTTP://A.NL", "http://a.nl?x", "HTTP://a.nl:80#x", "http://a.nl:80"]
)
def test_a_url_without_a_path_is_not_lost(bare: str) -> None:
    assert relative(bare, ORIGIN) == bare


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("http://A.NL/x?y=1", "http://a.nl"),
        ("HTTP://a.nl/x?y=1", "http://a.nl"),
        ("http://a.nl:80/x?y=1", "http://a.nl"),
        ("http://a.nl/x?y=1", "http://a.nl:80"),
        ("https://a.nl:443/x?y=1", "https://a.nl"),
        ("https://a.nl/x?y=1", "https://A.nl:443"),
        ("http://A.nl:8000/x?y=1", "http://a.nl:8000"),
        ("http://[::1]:80/x?y=1", "http://[::1]"),
    ],
)
def test_scheme_and_host_know_no_case_and_a_default_port_goes_without_saying(url: str, origin: str) -> None:
    assert relative(url, origin) == "/x?y=1"


def test_two_slashes_after_the_origin_lead_to_no_other_host() -> None:
    assert absolute(relative("http://a.nl//evil.com/x", ORIGIN), ORIGIN) == "http://a.nl//evil.com/x"
    assert absolute(relative("HTTP://a.nl//evil.com/x", ORIGIN), ORIGIN) == "http://a.nl//evil.com/x"
    assert target("//evil.com" + PATH) is None


def test_a_fragment_is_kept_with_the_path() -> None:
    assert relative("http://a.nl/x?y#z", ORIGIN) == relative("HTTP://A.nl/x?y#z", ORIGIN) == "/x?y#z"


@pytest.mark.parametrize("origin", ["http://a.nl:99999", "nonsense", ""])
def test_an_origin_that_is_no_site_claims_no_urls_of_others(origin: str) -> None:
    assert relative("http://b.nl:99999/x", origin) == "http://b.nl:99999/x"


SITES = st.sampled_from(
    ["http://a.nl", "HTTP://a.nl", "http://A.nl", "http://a.nl:80", "http://a.nl:8000", "https://a.nl",
     "http://a.nl.b", "http://b@a.nl", "http://a.nl@b", "http://b.nl", "http://[::1]", "a.nl", "//a.nl", ""]
)  # fmt: skip
RESTS = st.text(alphabet="/ab?#:@.%é\\ \t", max_size=12)


@given(st.builds(str.__add__, SITES, RESTS), st.sampled_from([ORIGIN, "http://a.nl:8000", "https://A.nl"]))
@example("HTTP://a.nl", ORIGIN)
@example("http://a.nl:80", ORIGIN)
def test_a_url_comes_back_as_it_was_or_as_one_of_the_same_site(url: str, origin: str) -> None:
    stored = relative(url, origin)
    if url.startswith("/"):
        return  # no absolute URL, which no field accepts
    answered = absolute(stored, origin)
    assert relative(answered, origin) == stored
    if stored == url:
        assert answered == url
    else:
        assert url.endswith(stored)
        assert stored.startswith("/")
        site = url.removesuffix(stored)
        assert "@" not in site
        assert site.lower().removesuffix(":80").removesuffix(":443") == origin.lower()


@given(st.text(), st.text())
def test_no_text_makes_a_link_raise_anything(url: str, origin: str) -> None:
    relative(url, origin)
    absolute(url, origin)
    target(url)


def test_a_stored_link_tells_what_it_points_to() -> None:
    assert own("catalogi", "catalogussen", UUID) == PATH
    assert target(PATH) == Target("catalogi", "catalogussen", UUID)
    assert target(f"/zaken/api/v1/zaaktype-informatieobjecttypen/{UUID}") is not None
    assert root("catalogi") == "/catalogi/api/v1"


@pytest.mark.parametrize(
    "link",
    [ORIGIN + PATH, PATH + "/", PATH + "?versie=1", PATH + "\n", PATH[:-1], PATH.replace("v1", "v2"),
     f"/catalogussen/{UUID}", "", None, 7, [PATH]],
)  # fmt: skip
def test_what_is_no_stored_link_to_a_record_points_to_nothing(link: object) -> None:
    assert target(link) is None


def test_only_the_named_fields_of_a_record_are_made_relative() -> None:
    values = {"url": ORIGIN + PATH, "titel": ORIGIN + PATH, "lijst": [ORIGIN + PATH]}
    assert with_relative(values, ("url", "lijst", "afwezig"), ORIGIN) == {
        "url": PATH,
        "titel": ORIGIN + PATH,
        "lijst": [PATH],
    }
    assert values["url"] == ORIGIN + PATH
