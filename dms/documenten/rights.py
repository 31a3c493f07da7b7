"""What belongs to a document has its rights, and is announced where it is (G-52, G-111)."""

from __future__ import annotations

from dms.model.resource import Channel, Guard

DOCUMENT = "enkelvoudiginformatieobjecten"
"""The resource of documents by its name, which is that of the collection that keeps them too."""

OF_THE_DOCUMENT = Guard(
    type="_informatieobjecttype", level="_vertrouwelijkheid", published="_isGereedVoorPublicatie"
)
"""Where a sub resource keeps what its document's rights depend on."""

CHANNEL = Channel(
    "documenten", kenmerken=("bronorganisatie", "informatieobjecttype", "vertrouwelijkheidaanduiding")
)
