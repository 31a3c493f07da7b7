"""The OpenAPI documents that the service publishes, held against what it answers."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import jsonschema_rs

from dms.api.openapi import document
from dms.model.links import root
from dms.wiring import APIS

_WITHOUT_BODY = (204, 304)


class Published:
    """One API's document."""

    def __init__(self, name: str) -> None:
        self._document = document(next(api for api in APIS if api.name == name))
        paths = sorted(self._document["paths"], key=lambda path: path.count("{"))
        self._paths = [(re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), path) for path in paths]

    def judge(self, method: str, path: str, status: int) -> jsonschema_rs.Validator | str | None:
        """What judges the JSON of this answer, or what is not published of it; None if nothing is asked."""
        published = next((known for pattern, known in self._paths if pattern.fullmatch(path)), None)
        return self._judge(method, published, status) if published else None

    @cache  # noqa: B019 - lives as long as the tests
    def _judge(self, method: str, path: str, status: int) -> jsonschema_rs.Validator | str | None:
        operation = self._document["paths"][path].get(method.lower())
        if operation is None or status in _WITHOUT_BODY:
            return None
        answer = operation["responses"].get(str(status))
        if answer is None:
            return f"{method} {path} does not say that it answers {status}"
        (content,) = answer.get("content", {"": None}).values()
        if content is None:
            return f"{method} {path} does not say what it answers with {status}"
        schema = {**content["schema"], "components": self._document["components"]}
        return jsonschema_rs.Draft202012Validator(schema)


@cache
def _published(name: str) -> Published:
    return Published(name)


def as_published(method: str, url: str, status: int, body: Any) -> None:
    """Assert that this JSON is what its API publishes. What no operation of an API answers passes."""
    path = url.partition("?")[0]
    for api in APIS:
        if path.startswith(f"{root(api.name)}/"):
            judged = _published(api.name).judge(method, path.removeprefix(root(api.name)), status)
            assert not isinstance(judged, str), judged
            if judged is not None:
                problem = next(judged.iter_errors(body), None)
                assert problem is None, f"{method} {path} answers {status}: {problem}"
