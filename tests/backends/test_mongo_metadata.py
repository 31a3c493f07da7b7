"""The MongoDB metadata store: the contract, and what is MongoDB's own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from dms.storage.metadata.mongo import MongoMetadataStore
from tests.contracts.metadata import COLLECTIONS, MetadataStoreContract
from tests.stores import mongo_database

pytestmark = pytest.mark.engines


@pytest.fixture
def url() -> Iterator[str]:
    with mongo_database() as url:
        yield url


@pytest.fixture
async def store(url: str) -> AsyncIterator[MongoMetadataStore]:
    store = await MongoMetadataStore.open(url, COLLECTIONS)
    yield store
    await store.close()


class TestMongoMetadataStore(MetadataStoreContract):
    """All that the port promises."""
