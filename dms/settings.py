"""All settings: one frozen value, read once from `DMS_*` variables or a TOML file, and from nowhere else."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from dms.actions.service import Limits
from dms.data_dir import DATA_DIR
from dms.model.resource import LARGEST_PAGE
from dms.outgoing.services import Service, read_services

PREFIX = "DMS_"
_LIMITS = Limits()


class BadSetting(ValueError):
    """A setting cannot be used as it stands; the message names it and says what would do."""


def _setting(default: Any, meaning: str) -> Any:
    return field(default=default, metadata={"meaning": meaning})


def _secret(default: Any, meaning: str) -> Any:
    return field(default=default, repr=False, metadata={"meaning": meaning})


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting with its default; `docs/settings.md` is the page for people."""

    host: str = _setting("127.0.0.1", "Address to listen on.")
    port: int = _setting(8000, "Port to listen on; 0 picks a free one and prints it.")
    public_url: str = _setting("", "Origin in every URL handed out; empty: from the request's Host.")
    data_dir: Path = _setting(DATA_DIR, "Home of the embedded stores.")
    metadata_url: str = _secret("", "Metadata store; empty: sqlite:///<data_dir>/metadata.db.")
    content_url: str = _secret("", "Content store; empty: file:///<data_dir>/content.")
    s3_access_key: str = _setting("", "Key of the S3 content store.")
    s3_secret_key: str = _secret("", "Its secret.")
    workers: int = _setting(1, "Processes that share the port.")
    download_redirect: float = _setting(
        _LIMITS.download_redirect,
        "Seconds that a signed URL of the S3 store is good for, to which downloads are redirected; 0: never.",
    )
    clamd_url: str = _setting(
        "", "Virus scanners: tcp://host:3310 or unix:///path, several by comma; empty: none."
    )
    scan_policy: str = _setting(
        "", "off, wait or quarantine; empty: wait where there is a scanner, else off."
    )
    scan_wait_size: int = _setting(64 * 2**20, "Bytes up to which an upload waits for its verdict.")
    scan_most_bytes: int = _setting(
        2000 * 2**20, "Largest body that is scanned; no more than clamd is set to."
    )
    scan_timeout: float = _setting(60.0, "Seconds in which the scanner must do its next step.")
    scan_released: str = _setting(
        "", "Why a body may be unscanned and handed out: too-large, encrypted, off, …"
    )
    blocked_extensions: str = _setting("", "Extensions of files that are refused: exe,js,…")
    blocked_types: str = _setting("", "Media types that are refused, as stated or as sniffed.")
    refuse_mismatch: bool = _setting(False, "Refuse content that is clearly something else than its formaat.")
    client_id: str = _setting("", "Application with all rights; empty: made at first start.")
    client_secret: str = _secret("", "Its secret; empty: made at first start.")
    client_secrets: str = _secret("", "Further known clients: id:secret,id:secret.")
    allowed_origins: str = _setting("", "Other hosts that may be asked: http://host:port,…; empty: none.")
    services: tuple[Service, ...] = _setting((), "Other hosts with credentials: [[services]] in the file.")
    remote_timeout: float = _setting(5.0, "Seconds that a question to another host may take in all.")
    remote_cache: float = _setting(60.0, "Seconds for which what another host answered is used again.")
    part_size: int = _setting(_LIMITS.part_size, "Size of a bestandsdeel in bytes.")
    most_parts: int = _setting(_LIMITS.most_parts, "Parts of one upload; larger files get larger parts.")
    most_bytes: int = _setting(_LIMITS.most_bytes, "Largest file, in bytes.")
    request_size: int = _setting(
        _LIMITS.request_size, "Largest request body, in bytes; the standard asks for 4 GiB."
    )
    json_size: int = _setting(_LIMITS.json_size, "Largest JSON without its inhoud, in bytes.")
    idle_time: float = _setting(_LIMITS.idle_time, "Seconds in which a client must send or take something.")
    page_size: int = _setting(_LIMITS.page_size, f"Records on a page of a list; at most {LARGEST_PAGE}.")
    longest_list: int = _setting(
        _LIMITS.longest_list, "Records in a list that the standard does not page; more are refused."
    )
    expand_depth: int = _setting(_LIMITS.expand_depth, "Levels of expand; deeper paths are refused.")
    extras: bool = _setting(True, "Offer filters and operations that the standard does not have.")
    notifications: bool = _setting(False, "Keep a message of every change for those who are to hear of it.")
    idempotency_age: float = _setting(
        _LIMITS.idempotency_age, "Seconds for which a create with an Idempotency-Key can be repeated."
    )
    jwt_expiry: int = _setting(3600, "Age in seconds at which a JWT is too old.")
    jwt_leeway: int = _setting(0, "Seconds that clocks may differ.")
    durable: bool = _setting(True, "Acknowledge only what is on stable storage.")
    collect_every: float = _setting(600.0, "Seconds between rounds of the collector; 0: never.")
    orphan_age: float = _setting(3600.0, "Seconds after which a body that nothing refers to is removed.")
    upload_age: float = _setting(7 * 86400.0, "Seconds after which an upload without new parts is given up.")
    stop_time: float = _setting(30.0, "Seconds that requests under way get when the service stops.")
    log_format: str = _setting("json", "json, or text for people.")
    log_level: str = _setting("info", "debug, info, warning or error.")

    @classmethod
    def read(cls, environment: Mapping[str, str], file: Path | None = None) -> Settings:
        """The settings of a TOML file, if one is given, and over them those of the environment."""
        settings = cls()
        if file is not None:
            settings = settings._with(_of_file(file), str(file))
        given = {
            name.removeprefix(PREFIX).lower(): value
            for name, value in environment.items()
            if name.startswith(PREFIX)
        }
        known = {found.name for found in fields(cls)}
        given = {name: value for name, value in given.items() if name in known}
        return settings._with(given, "the environment")._checked()

    def _with(self, given: Mapping[str, Any], source: str) -> Settings:
        known = {found.name: found for found in fields(self)}
        if unknown := sorted(set(given) - set(known)):
            raise BadSetting(f"{source} has settings that do not exist: {', '.join(unknown)}.")
        changes = {name: _converted(name, value, getattr(self, name)) for name, value in given.items()}
        return replace(self, **changes)

    def _checked(self) -> Settings:
        for name in (
            "part_size",
            "most_parts",
            "most_bytes",
            "json_size",
            "page_size",
            "longest_list",
            "workers",
        ):
            if getattr(self, name) < 1:
                raise BadSetting(f"{PREFIX}{name.upper()} must be 1 or more.")
        if self.page_size > LARGEST_PAGE:
            raise BadSetting(f"{PREFIX}PAGE_SIZE must be {LARGEST_PAGE} or less: no page holds more.")
        if not self.remote_timeout > 0:
            raise BadSetting(f"{PREFIX}REMOTE_TIMEOUT must be more than 0.")
        if self.public_url and not self.public_url.startswith(("http://", "https://")):
            raise BadSetting("DMS_PUBLIC_URL must begin with http:// or https://.")
        if self.scan_policy not in ("", "off", "wait", "quarantine"):
            raise BadSetting("DMS_SCAN_POLICY must be off, wait or quarantine.")
        if self.scan_policy in ("wait", "quarantine") and not self.clamd_url:
            raise BadSetting(f"DMS_SCAN_POLICY={self.scan_policy} needs a scanner: set DMS_CLAMD_URL.")
        if self.log_format not in ("json", "text"):
            raise BadSetting("DMS_LOG_FORMAT must be json or text.")
        return replace(self, public_url=self.public_url.rstrip("/"))

    @property
    def clients(self) -> dict[str, str]:
        """The further known clients, secret by id."""
        pairs = (pair.partition(":") for pair in self.client_secrets.split(",") if pair.strip())
        return {id.strip(): secret.strip() for id, _, secret in pairs}


def listed(text: str) -> tuple[str, ...]:
    """The items of a setting that is a list, by comma."""
    return tuple(item.strip() for item in text.split(",") if item.strip())


def _of_file(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text())
    except OSError as error:
        raise BadSetting(f"{file} cannot be read: {error.strerror}.") from None
    except tomllib.TOMLDecodeError as error:
        raise BadSetting(f"{file} is not TOML: {error}.") from None


_TRUTHS = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


def _converted(name: str, value: Any, default: Any) -> Any:
    if name == "services":
        return _services(value)
    try:
        if isinstance(default, bool):
            return value if isinstance(value, bool) else _TRUTHS[str(value).lower()]
        return type(default)(value) if not isinstance(default, Path) else Path(value)
    except (ValueError, TypeError, KeyError):
        wanted = "true or false" if isinstance(default, bool) else f"a {type(default).__name__}"
        raise BadSetting(f"{PREFIX}{name.upper()} must be {wanted}, and is {str(value)[:50]!r}.") from None


def _services(tables: Any) -> tuple[Service, ...]:
    try:
        return read_services(tables)
    except ValueError as error:
        raise BadSetting(f"{error}.") from None
