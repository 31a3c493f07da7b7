"""Schemas that every API of the standard shares: problems (G-30) and lines of the audit trail (G-101)."""

from __future__ import annotations

from typing import Any

_TEXT = {"type": "string"}
_URL = {"type": "string", "format": "uri"}

FOUT: dict[str, Any] = {
    "type": "object",
    "required": ["code", "title", "status", "detail", "instance"],
    "properties": {
        "type": {**_TEXT, "description": "URI van een pagina over deze soort fout."},
        "code": {**_TEXT, "description": "Code van de fout, voor programma's."},
        "title": _TEXT,
        "status": {"type": "integer"},
        "detail": _TEXT,
        "instance": {**_TEXT, "description": "Kenmerk van dit voorval; het staat in het logboek."},
    },
}
VALIDATIE_FOUT: dict[str, Any] = {
    "type": "object",
    "required": [*FOUT["required"], "invalidParams"],
    "properties": {
        **FOUT["properties"],
        "invalidParams": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name", "code", "reason"],
                "properties": {"name": _TEXT, "code": _TEXT, "reason": _TEXT},
            },
        },
    },
}
AUDIT_LINE: dict[str, Any] = {
    "type": "object",
    "required": ["bron", "actie", "resultaat", "hoofdObject", "resource", "resourceUrl", "wijzigingen"],
    "properties": {
        "uuid": {"type": "string", "format": "uuid"},
        "bron": {"type": "string", "enum": ["ac", "nrc", "zrc", "ztc", "drc", "brc", "cmc", "kc", "vrc"]},
        "applicatieId": _TEXT,
        "applicatieWeergave": _TEXT,
        "gebruikersId": _TEXT,
        "gebruikersWeergave": _TEXT,
        "actie": _TEXT,
        "actieWeergave": _TEXT,
        "resultaat": {"type": "integer"},
        "hoofdObject": _URL,
        "resource": _TEXT,
        "resourceUrl": _URL,
        "toelichting": _TEXT,
        "resourceWeergave": _TEXT,
        "aanmaakdatum": {"type": "string", "format": "date-time"},
        "wijzigingen": {
            "type": "object",
            "properties": {"oud": {"type": ["object", "null"]}, "nieuw": {"type": ["object", "null"]}},
        },
    },
}
