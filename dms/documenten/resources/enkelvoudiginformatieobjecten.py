"""Enkelvoudiginformatieobject: a document, its versions one after another under one URL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

from pydantic import Field

from dms.documenten import content, operations, rules, versions
from dms.documenten.resources.bestandsdelen import BestandsDeel, shown_in_document
from dms.documenten.rights import CHANNEL, DOCUMENT
from dms.documenten.upload import parts, scans
from dms.model.change import Values
from dms.model.fields import (
    RSIN,
    SHA256,
    Datum,
    Moment,
    Omvang,
    OwnLink,
    OwnUrl,
    Plain,
    ReadOnly,
    Taal,
    Text,
    To,
    Url,
    Uuid,
    Vertrouwelijkheidaanduiding,
    WriteOnly,
)
from dms.model.filters import (
    Filter,
    all_in_list,
    any_in_list,
    between,
    contains,
    equals,
    extra,
    in_list,
    link,
    link_in_list,
    one_of,
)
from dms.model.looked_up import Reverse
from dms.model.record import Group, GroupOf, Record
from dms.model.resource import (
    Guard,
    Need,
    Numbering,
    Operation,
    Ordering,
    Resource,
    Scopes,
    pointing_here,
)

Status: TypeAlias = Literal["in_bewerking", "ter_vaststelling", "definitief", "gearchiveerd"]
Algoritme: TypeAlias = Literal[
    "crc_16",
    "crc_32",
    "crc_64",
    "fletcher_4",
    "fletcher_8",
    "fletcher_16",
    "fletcher_32",
    "hmac",
    "md5",
    "sha_1",
    "sha_256",
    "sha_512",
    "sha_3",
]


class Integriteit(Group):
    """A checksum of the content, by whoever sent it (D-02)."""

    unset: ClassVar[Mapping[str, Any] | None] = {"algoritme": "", "waarde": "", "datum": None}

    algoritme: Algoritme
    waarde: Annotated[str, Text(128, shortest=1)]
    datum: Datum


class Ondertekening(Group):
    """How and when the document was signed (D-02)."""

    unset: ClassVar[Mapping[str, Any] | None] = {"soort": "", "datum": None}

    soort: Literal["analoog", "digitaal", "pki"]
    datum: Datum


class EnkelvoudigInformatieObject(Record):
    """A document as it is answered. `inhoud` is where its content is downloaded, or null (D-37)."""

    url: OwnLink = ""
    identificatie: Annotated[str, Text(40)] = ""
    bronorganisatie: RSIN
    creatiedatum: Datum
    titel: Annotated[str, Text(200, shortest=1)]
    vertrouwelijkheidaanduiding: Vertrouwelijkheidaanduiding | Literal[""] = ""
    is_gereed_voor_publicatie: bool | None = None
    tonen_aan_initiator: bool = False
    auteur: Annotated[str, Text(200, shortest=1)]
    status: Status | Literal[""] = ""
    inhoud_is_vervallen: bool | None = None
    formaat: Annotated[str, Text(255)] = ""
    taal: Taal
    versie: Annotated[int, ReadOnly()] = 1
    begin_registratie: Annotated[Moment, ReadOnly()] = ""
    bestandsnaam: Annotated[str, Text(255)] = ""
    inhoud: Annotated[OwnLink | None, ReadOnly(), OwnUrl()] = None
    bestandsomvang: Omvang | None = None
    link: Annotated[str, Url(200, blank=True)] = ""
    beschrijving: Annotated[str, Text(1000)] = ""
    ontvangstdatum: Datum | None = None
    verzenddatum: Datum | None = None
    indicatie_gebruiksrecht: bool | None = None
    verschijningsvorm: Plain = ""
    ondertekening: Annotated[Ondertekening | None, GroupOf(Ondertekening)] = None
    integriteit: Annotated[Integriteit | None, GroupOf(Integriteit)] = None
    informatieobjecttype: Annotated[str, Url(200), To("informatieobjecttypen", published=True)]
    locked: Annotated[bool, ReadOnly()] = False
    bestandsdelen: Annotated[tuple[BestandsDeel, ...], ReadOnly()] = ()
    trefwoorden: list[Annotated[str, Text(100)]] = Field(default_factory=list)


class EnkelvoudigInformatieObjectWithLock(EnkelvoudigInformatieObject):
    """A document as it is changed: the lock must come along (D-10)."""

    lock: Annotated[str, Text(100, shortest=1), WriteOnly()]


class EnkelvoudigInformatieObjectCreateLock(EnkelvoudigInformatieObject):
    """A document as a create answers it: with the lock that its upload in parts needs, or "" (D-06)."""

    lock: Annotated[str, ReadOnly()] = ""


class LockRequest(Record):
    """What taking a lock may tell, beside the standard: why it is taken, for those who wait for it."""

    reden: Annotated[str, Text(1000)] = ""


class LockEnkelvoudigInformatieObject(Record):
    """What taking a lock answers."""

    lock: Annotated[str, ReadOnly()] = ""


class UnlockEnkelvoudigInformatieObject(Record):
    """What letting go of a lock needs."""

    lock: Annotated[str, Text(100)] = ""


def _label(record: Values) -> str:
    return f"{record['identificatie']} - {record['titel']}"


_OBJECTTYPEN = Literal["besluit", "zaak", "verzoek"]

FILTERS = (
    equals("identificatie"),
    equals("bronorganisatie"),
    link_in_list("objectinformatieobjecten_object", field="_objecten"),
    in_list("objectinformatieobjecten_objectType", _OBJECTTYPEN, field="_objecttypen"),
    all_in_list("trefwoorden"),
    *extra(
        link_in_list("objectinformatieobjecten__object", field="_objecten"),
        in_list("objectinformatieobjecten__objectType", _OBJECTTYPEN, field="_objecttypen"),
        contains("auteur"),
        contains("titel"),
        contains("beschrijving"),
        *between("creatiedatum", Datum, "gte", "lte"),
        link("informatieobjecttype"),
        equals("locked", bool),
        equals("vertrouwelijkheidaanduiding", Vertrouwelijkheidaanduiding),
        any_in_list("trefwoorden__overlap", field="trefwoorden"),
        equals("inhoud__sha256", SHA256, field="_sha256"),
        versions.WITHOUT_RELATIONS,
    ),
)
"""D-95, and what we add: documents with the same content, and documents that nothing refers to."""

ORDERING = Ordering(
    {
        **{name: name for name in ("auteur", "bestandsomvang", "creatiedatum", "formaat", "status", "titel")},
        "vertrouwelijkheidaanduiding": "_vertrouwelijkheid",
    },
    experimental=True,
)

VERSION_PARAMETERS: tuple[Filter, ...] = (versions.VERSIE, versions.REGISTRATIE_OP)

ENKELVOUDIGINFORMATIEOBJECTEN = Resource(
    api="documenten",
    component="drc",
    name=DOCUMENT,
    singular="enkelvoudiginformatieobject",
    summary="Documenten, met hun versies en hun inhoud.",
    record=EnkelvoudigInformatieObject,
    update_record=EnkelvoudigInformatieObjectWithLock,
    created_record=EnkelvoudigInformatieObjectCreateLock,
    streamed="inhoud",
    label=_label,
    scopes=Scopes(
        read=("documenten.lezen",),
        create=("documenten.aanmaken",),
        update=("documenten.bijwerken", "documenten.geforceerd-bijwerken"),
        remove=("documenten.verwijderen",),
    ),
    guard=Guard(type="informatieobjecttype", published="isGereedVoorPublicatie"),
    filters=FILTERS,
    criteria=(one_of("uuid__in", Uuid, field="_id"),),
    ordering=ORDERING,
    indexed=("_body", "_upload", "locked"),
    reading=VERSION_PARAMETERS,
    expands={"informatieobjecttype": ("informatieobjecttypen",), "link": (), "bestandsdelen": ()},
    reverses=(
        Reverse(
            field="bestandsdelen",
            collection=parts.PARTS,
            by="informatieobject",
            show=shown_in_document,
            when=parts.is_uploading,
            order="volgnummer",
        ),
    ),
    numbering=Numbering(
        field="identificatie", prefix="DOCUMENT", organisation="bronorganisatie", year_of="creatiedatum"
    ),
    needs=(
        Need(
            parts.PARTS,
            parts.PARTS,
            pointing_here("informatieobject"),
            when=lambda change: parts.is_uploading(change.before),
        ),
        Need("versies", versions.COLLECTION, pointing_here("_document"), acts=frozenset({"destroy"})),
    ),
    derivations=(
        versions.next_version,
        rules.level_of_the_type,
        rules.numbers_stay,
        content.content_of_the_version,
    ),
    stages=(
        (
            rules.a_received_document_is_no_draft,
            rules.usage_rights_are_stated_truly,
            rules.content_can_be_read,
            rules.the_kind_of_file_is_allowed,
            rules.the_content_is_acceptable,
        ),
        (rules.size_is_that_of_the_content,),
        (rules.a_change_has_the_lock,),
        (rules.a_document_in_use_stays, rules.a_locked_document_stays),
    ),
    effects=(
        versions.keep_the_previous,
        parts.parts_to_come,
        scans.scan_of_the_content,
        versions.nothing_stays,
    ),
    channel=CHANNEL,
    audited=True,
    operations=(
        Operation(
            "download",
            "GET",
            "download",
            scopes=("documenten.lezen",),
            media_type="application/octet-stream",
            parameters=VERSION_PARAMETERS,
            summary="Download de inhoud, geheel of een bereik ervan.",
        ),
        Operation(
            "lock",
            "POST",
            "lock",
            scopes=("documenten.lock",),
            answer=LockEnkelvoudigInformatieObject,
            summary="Vergrendel het document om het te kunnen wijzigen.",
        ),
        Operation(
            "unlock",
            "POST",
            "unlock",
            scopes=("documenten.lock", *operations.FORCE),
            status=204,
            request=UnlockEnkelvoudigInformatieObject,
            summary="Ontgrendel het document, en rond een upload in delen af.",
        ),
        *operations.EXTRA,
    ),
)
