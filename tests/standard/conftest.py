"""What the tests of the catalogue's sub types begin with."""

from __future__ import annotations

import pytest

from dms.actions.service import Dms
from tests.standard.sub_types import Maker, selectielijst
from tests.zgw import Zgw


@pytest.fixture
async def maker(dms: Dms, zgw: Zgw) -> Maker:
    """Makes what belongs to zaaktypen of one catalogue, which has one published informatieobjecttype."""
    catalogue = await zgw.catalogue()
    await zgw.document_type(catalogue=catalogue)
    return Maker(zgw, await selectielijst(dms, zgw.origin), catalogue)


@pytest.fixture
async def concept(maker: Maker) -> str:
    """The URL of a zaaktype that is a concept."""
    return await maker.zaaktype()
