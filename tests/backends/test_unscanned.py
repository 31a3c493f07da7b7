"""A service without a scanner says so of every body, and loses none."""

from __future__ import annotations

import pytest

from dms.storage.scanning.port import Scanner, Unscanned
from dms.storage.scanning.unscanned import NoScanner
from tests.contracts.content import whole
from tests.contracts.scanning import EICAR, ScannerContract, stored_beside


@pytest.fixture
def scanner() -> Scanner:
    return NoScanner()


class TestNoScanner(ScannerContract):
    pass


async def test_without_a_scanner_nothing_is_known_of_any_body(scanner: Scanner) -> None:
    assert scanner.limit is None
    for data in (b"", b"harmless", EICAR):
        assert await scanner.scan(whole(data)) == Unscanned("off")
        assert await stored_beside(scanner, whole(data), 10**15) == (data, Unscanned("off"))
