"""What the pages are sent as: HTML from templates, escaped, and tagged so that it is sent once."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from dms import __version__
from dms.api.json_response import has_already
from dms.api.pages.reference import anchor

_HERE = Path(__file__).parent
_CODE = re.compile(r"`([^`]+)`")
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_TYPES = {".css": "text/css", ".svg": "image/svg+xml"}


@dataclass(frozen=True)
class Content:
    """Bytes that are the same for everyone who asks; `cache` is how long they may be kept unasked."""

    body: bytes
    media_type: str
    cache: str = "no-cache"

    @cached_property
    def etag(self) -> str:
        """Changes when the bytes do."""
        return hashlib.sha256(self.body).hexdigest()[:32]

    def answer(self, request: web.Request) -> web.Response:
        """The answer with these bytes, or 304 when the client has them already."""
        if has_already(request, self.etag):
            response = web.Response(status=304)
        else:
            charset = "utf-8" if self.media_type.startswith("text/") else None
            response = web.Response(body=self.body, content_type=self.media_type, charset=charset)
        response.headers["ETag"] = f'"{self.etag}"'
        response.headers["Cache-Control"] = self.cache
        response.headers["Content-Security-Policy"] = _POLICY
        response.headers["Referrer-Policy"] = "no-referrer"
        return response


def assets() -> dict[str, Content]:
    """The files that pages refer to, by name. Read once: no name of a client becomes a path."""
    return {
        file.name: Content(file.read_bytes(), _TYPES[file.suffix], "public, max-age=86400")
        for file in sorted((_HERE / "assets").iterdir())
    }


def prose(text: str) -> Markup:
    """Text of a document as paragraphs, with what stands between backticks as code. All else is escaped."""
    paragraphs = (part for part in re.split(r"\n\s*\n", text.strip()) if part)
    return Markup("").join(Markup("<p>{}</p>").format(_with_code(part)) for part in paragraphs)


def _with_code(text: str) -> Markup:
    pieces = (
        Markup("<code>{}</code>").format(piece) if number % 2 else escape(piece)
        for number, piece in enumerate(_CODE.split(text))
    )
    return Markup("").join(pieces)


class Templates:
    """Makes pages; the stylesheet is referred to by what it holds, so that a new one is seen at once."""

    def __init__(self, files: dict[str, Content]) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters["prose"] = prose
        self._environment.globals["anchor"] = anchor
        self._environment.globals["release"] = __version__
        self._environment.globals["edition"] = {name: file.etag[:8] for name, file in files.items()}

    def page(self, template: str, *, depth: int, **values: object) -> Content:
        """A page that lies `depth` folders deep. Links are relative, so they hold behind any proxy."""
        html = self._environment.get_template(template).render(up="../" * depth, **values)
        return Content(html.encode(), "text/html")
