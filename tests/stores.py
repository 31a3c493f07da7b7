"""A metadata and a content store on the real engines, made for a test and gone after it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from secrets import token_hex
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

from minio import Minio
from pymongo import MongoClient

from tests.engines import mongodb_url, s3
from tests.failing_proxy import FailingProxy


@contextmanager
def mongo_database() -> Iterator[str]:
    """The URL of a database that is empty now and gone afterwards."""
    name = f"dms_test_{token_hex(6)}"
    parts = urlsplit(mongodb_url())
    yield urlunsplit(parts._replace(path=f"/{name}"))
    client: MongoClient[dict[str, Any]] = MongoClient(mongodb_url())
    with client:
        client.drop_database(name)


def mongo_through(line: FailingProxy, url: str) -> str:
    """The URL of the same database, to be reached over this line and no other way."""
    parts = urlsplit(url)
    netloc = parts.netloc.rpartition("@")[0:2]
    return urlunsplit(
        parts._replace(netloc="".join(netloc) + urlsplit(line.address).netloc, query="directConnection=true")
    )


@contextmanager
def s3_bucket() -> Iterator[dict[str, str]]:
    """The settings of a content store in a bucket of its own."""
    engine, name = s3(), f"dms-test-{token_hex(6)}"
    parts = urlsplit(engine.endpoint)
    client = Minio(
        parts.netloc,
        access_key=engine.access_key,
        secret_key=engine.secret_key,
        secure=parts.scheme == "https",
        region="us-east-1",
    )
    client.make_bucket(name)
    try:
        yield {
            "content_url": f"s3://{name}/dms?region=us-east-1&endpoint={quote(engine.endpoint)}",
            "s3_access_key": engine.access_key,
            "s3_secret_key": engine.secret_key,
        }
    finally:
        for found in client.list_objects(name, recursive=True):
            client.remove_object(name, str(found.object_name))
        client.remove_bucket(name)


@dataclass
class Engines:
    """A database and a bucket in which one test after another finds nothing."""

    metadata_url: str
    content: dict[str, str]
    tests: int = 0

    def emptied(self) -> dict[str, str]:
        """The settings of a test: the database emptied, its indexes kept, and a prefix of its own."""
        self.tests += 1
        client: MongoClient[dict[str, Any]] = MongoClient(self.metadata_url)
        with client:
            database = client.get_default_database()
            for name in database.list_collection_names():
                if name != "_schema":
                    database[name].delete_many({})
        content_url = self.content["content_url"].replace("/dms?", f"/test-{self.tests}?")
        return {**self.content, "metadata_url": self.metadata_url, "content_url": content_url}


def as_environment(**settings: str) -> dict[str, str]:
    """Settings as `DMS_*` variables."""
    return {f"DMS_{name.upper()}": value for name, value in settings.items()}
