"""The rights on what belongs to a document are those on the document (G-52)."""

from __future__ import annotations

from dms.model.resource import Guard

DOCUMENT = "enkelvoudiginformatieobjecten"
"""The resource of documents by its name, which is that of the collection that keeps them too."""

OF_THE_DOCUMENT = Guard(
    type="_informatieobjecttype", level="_vertrouwelijkheid", published="_isGereedVoorPublicatie"
)
"""Where a sub resource keeps what its document's rights depend on."""
