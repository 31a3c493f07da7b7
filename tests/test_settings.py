"""Settings from the environment and from a file."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from dms.outgoing.services import Zgw
from dms.settings import BadSetting, Settings


def test_without_anything_set_the_defaults_hold() -> None:
    assert Settings.read({}) == Settings()


def test_a_variable_goes_before_the_file(tmp_path: Path) -> None:
    file = tmp_path / "dms.toml"
    file.write_text('port = 9000\nhost = "0.0.0.0"\ndurable = false\ndata_dir = "/data"\n')
    settings = Settings.read({"DMS_PORT": "9001", "PATH": "/bin", "DMS_URL": "http://x"}, file)
    assert (settings.port, settings.host, settings.durable) == (9001, "0.0.0.0", False)
    assert settings.data_dir == Path("/data")


def test_a_setting_that_does_not_exist_is_refused_by_name(tmp_path: Path) -> None:
    file = tmp_path / "dms.toml"
    file.write_text("prot = 9000\n")
    with pytest.raises(BadSetting, match="prot"):
        Settings.read({}, file)


@pytest.mark.parametrize(
    ("variable", "value", "wanted"),
    [
        ("DMS_PORT", "http", "a int"),
        ("DMS_DURABLE", "perhaps", "true or false"),
        ("DMS_PART_SIZE", "0", "1 or more"),
        ("DMS_PAGE_SIZE", "501", "DMS_PAGE_SIZE must be 500 or less"),
        ("DMS_PUBLIC_URL", "dms.example.nl", "http://"),
        ("DMS_LOG_FORMAT", "xml", "json or text"),
        ("DMS_IDLE_TIME", "", "a float"),
        ("DMS_REMOTE_TIMEOUT", "0", "more than 0"),
        ("DMS_REMOTE_TIMEOUT", "nan", "more than 0"),
        ("DMS_SERVICES", "https://elders.test", r"tables of the --config file: write \[\[services\]\]"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_with_what_would_do(
    variable: str, value: str, wanted: str
) -> None:
    with pytest.raises(BadSetting, match=wanted):
        Settings.read({variable: value})


def test_a_page_may_be_as_large_as_any_page_and_no_larger() -> None:
    assert Settings.read({"DMS_PAGE_SIZE": "500"}).page_size == 500


@pytest.mark.parametrize("text", ["this is = not toml = at all", None])
def test_a_file_that_cannot_be_read_is_refused_by_name(tmp_path: Path, text: str | None) -> None:
    file = tmp_path / "dms.toml"
    if text is not None:
        file.write_text(text)
    with pytest.raises(BadSetting, match=r"dms\.toml"):
        Settings.read({}, file)


def test_further_clients_are_pairs_of_id_and_secret() -> None:
    settings = Settings.read({"DMS_CLIENT_SECRETS": "one:first, two:with:colon ,"})
    assert settings.clients == {"one": "first", "two": "with:colon"}


def test_secrets_are_not_in_what_is_printed_of_settings() -> None:
    settings = Settings.read({"DMS_CLIENT_SECRET": "geheim", "DMS_CLIENT_SECRETS": "a:verborgen"})
    assert "geheim" not in repr(settings)
    assert "verborgen" not in repr(settings)


def test_the_public_url_has_no_slash_at_its_end() -> None:
    assert Settings.read({"DMS_PUBLIC_URL": "https://dms.example.nl/"}).public_url == "https://dms.example.nl"


def test_services_on_other_hosts_are_tables_of_the_file_with_secrets_that_are_not_printed(
    tmp_path: Path,
) -> None:
    file = tmp_path / "dms.toml"
    file.write_text(
        '[[services]]\norigin = "https://een.test"\nauth = "zgw"\nclient_id = "dms"\nsecret = "geheim"\n'
        '[[services]]\norigin = "https://twee.test"\n'
    )
    settings = Settings.read({"DMS_ALLOWED_ORIGINS": "http://drie.test"}, file)
    assert [service.origin.host for service in settings.services] == ["een.test", "twee.test"]
    assert settings.services[0].auth == Zgw("dms", "geheim")
    assert "geheim" not in repr(settings)
    assert pickle.loads(pickle.dumps(settings)) == settings  # workers get them so


def test_a_service_that_cannot_be_used_is_refused_with_what_would_do(tmp_path: Path) -> None:
    file = tmp_path / "dms.toml"
    file.write_text('[[services]]\norigin = "https://een.test"\nauth = "zgw"\nclient_id = "dms"\n')
    with pytest.raises(BadSetting, match=r"number 1: auth = \"zgw\" needs secret"):
        Settings.read({}, file)
