"""Documents, versions, locks and parts, against a model of a few lines: whatever the order of the calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from dms.actions.collect import remove_dropped
from dms.actions.service import Dms
from dms.autorisaties.access import Grant
from dms.settings import Settings
from tests.standard.stored import bodies, everything, uploads
from tests.zgw import ALL, DOCUMENTS, Answer, Zgw, document_values, refusal

T = TypeVar("T")
PART = 4
ABSENT: Any = "absent"
NON_FIELD = "nonFieldErrors"


@pytest.fixture
def settings(tmp_path: Path, store_settings: dict[str, Any]) -> Settings:
    return Settings(data_dir=tmp_path / "data", part_size=PART, durable=False, **store_settings)


@dataclass(eq=False)
class Body:
    """Content that versions may share."""

    content: bytes


@dataclass
class Version:
    """What a version shows: its title, its content, and its size, which it may have without content."""

    titel: str
    body: Body | None
    size: int | None


@dataclass
class Document:
    """A document as it ought to be. `parts` is None unless it waits for them; those that came are bytes."""

    url: str
    versions: list[Version]
    lock: str | None = None
    parts: list[bytes | None] | None = None
    urls: list[str] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)

    @property
    def latest(self) -> Version:
        return self.versions[-1]

    def begin_upload(self, answer: Answer) -> None:
        """Parts that were there are stale now; those of the answer are to come, if there are any."""
        self.stale += self.urls
        self.urls = [part["url"] for part in answer["bestandsdelen"]]
        waits = self.latest.body is None and bool(self.latest.size)
        self.parts = [None] * -(-(self.latest.size or 0) // PART) if waits else None


class Run:
    """One run: draws calls, makes them, and holds the answers against the model."""

    def __init__(self, zgw: Zgw, dms: Dms, type_: str, data: st.DataObject, plain: str) -> None:
        self.zgw, self.dms, self.type, self.plain = zgw, dms, type_, plain
        self.documents: list[Document] = []
        self._data = data

    def one_of(self, choices: Sequence[T]) -> T:
        return self._data.draw(st.sampled_from(choices))

    async def step(self) -> None:
        """Make one call and compare all that it may have touched."""
        acts = [
            self.lock,
            self.change,
            self.change,
            self.part,
            self.part,
            self.part,
            self.unlock,
            self.delete,
        ]
        if not self.documents or self.one_of(range(6)) == 0:
            document = await self.create()
        else:
            document = self.one_of(self.documents)
            await self.one_of(acts)(document)
        if document in self.documents:
            await self.compare(document)
        await self.compare_list()

    def content(self) -> tuple[Any, Any]:
        """`inhoud` and `bestandsomvang` as they may be sent, each perhaps not at all."""
        inhoud = self.one_of([ABSENT, ABSENT, None, b"", b"abc", b"1234567"])
        return inhoud, self.one_of([ABSENT, ABSENT, None, 0, 3, 7, 9])

    def sent(self, inhoud: Any, size: Any) -> dict[str, Any]:
        fields = {} if size is ABSENT else {"bestandsomvang": size}
        if isinstance(inhoud, bytes):
            return {**document_values(self.type, content=inhoud), **fields}
        values = document_values(self.type, **fields)
        return values if inhoud is ABSENT else {**values, "inhoud": None}

    async def create(self) -> Document:
        inhoud, size = self.content()
        version = version_of("Aanvraag", inhoud, size)
        while version is None:  # which is refused, as a change shows as well
            inhoud, size = self.content()
            version = version_of("Aanvraag", inhoud, size)
        answer = await self.zgw.post(DOCUMENTS, self.sent(inhoud, size))
        assert answer.status == 201
        document = Document(answer["url"], [version], answer["lock"] or None)
        document.begin_upload(answer)
        assert (document.lock is not None) == (document.parts is not None)
        self.documents.append(document)
        return document

    async def lock(self, document: Document) -> None:
        answer = await self.zgw.post(f"{document.url}/lock")
        if document.lock is not None:
            assert refusal(answer) == (400, "existing-lock", NON_FIELD)
        else:
            document.lock = answer["lock"]

    async def change(self, document: Document) -> None:
        """A PUT or a PATCH with some content, some size, and a lock that may be right."""
        partial, (inhoud, size) = self.one_of([True, False]), self.content()
        titel, lock = self.one_of(["Een", "Twee"]), self.one_of([document.lock, document.lock, "ander"])
        sent = {**self.sent(inhoud, size), "titel": titel, "lock": lock or "ander"}
        old = document.latest
        if partial:
            keeps = inhoud is ABSENT and old.body is not None
            came = (old.body if keeps else None) if inhoud is ABSENT else inhoud
            version = version_of(titel, came, old.size if size is ABSENT else size)
            sent = {
                name: sent[name] for name in ("inhoud", "bestandsomvang", "titel", "lock") if name in sent
            }
        else:
            version = version_of(titel, inhoud, size)
        answer = await self.zgw.call("PATCH" if partial else "PUT", document.url, json=sent)
        if version is None:
            assert refusal(answer) == (400, "file-size", NON_FIELD)
        elif document.lock is None:
            assert refusal(answer) == (400, "unlocked", NON_FIELD)
        elif lock != document.lock:
            assert refusal(answer) == (400, "incorrect-lock-id", NON_FIELD)
        else:
            assert answer.status == 200
            document.versions.append(version)
            document.begin_upload(answer)

    async def part(self, document: Document) -> None:
        """A part that is right, of another size, under another lock, or not expected any more."""
        if not document.urls:
            for url in document.stale[-1:]:
                assert refusal(await self.zgw.upload(url, b"x", "x")) == (404, "not_found")
            return
        assert document.parts is not None
        number = self.one_of(range(len(document.urls)))
        size = min(PART, (document.latest.size or 0) - number * PART)
        content = self.one_of([b"a", b"b", b"c"]) * (size + self.one_of([0, 0, 0, 0, 1, -1]))
        lock = self.one_of([document.lock or "ander", document.lock or "ander", "ander"])
        answer = await self.zgw.upload(
            document.urls[number], content, lock, lock_last=self.one_of([True, False])
        )
        wrong = {"incorrect-lock-id"} if lock != document.lock else set()
        if len(content) != size:
            wrong.add("file-size" if content else "empty")
        if wrong:
            assert refusal(answer)[1] in wrong
        else:
            assert (answer.status, answer["voltooid"]) == (200, True)
            document.parts[number] = content

    async def unlock(self, document: Document) -> None:
        """By the lock or another, by a client that may force or one that may not."""
        client, lock = self.one_of([ALL, self.plain]), self.one_of([document.lock or "ander", "ander"])
        right = lock == document.lock
        answer = await self.zgw.post(f"{document.url}/unlock", {"lock": lock}, client=client)
        if not right and client == self.plain:
            assert refusal(answer) == (400, "incorrect-lock-id", NON_FIELD)
            return
        parts = document.parts or []
        came = [part for part in parts if part is not None]
        if right and len(came) < len(parts):
            assert refusal(answer) == (400, "incomplete-upload" if came else "file-size", NON_FIELD)
            return
        assert answer.status == 204
        document.lock = None
        if came:
            whole = len(came) == len(parts)
            document.latest.body = Body(b"".join(came)) if whole else None
            document.latest.size = document.latest.size if whole else None
            document.stale, document.urls, document.parts = [*document.stale, *document.urls], [], None

    async def delete(self, document: Document) -> None:
        answer = await self.zgw.delete(document.url)
        if document.lock is not None:
            assert refusal(answer) == (400, "destroy-locked", NON_FIELD)
        else:
            assert answer.status == 204
            self.documents.remove(document)
            assert (await self.zgw.get(document.url)).status == 404

    async def compare(self, document: Document) -> None:
        """The document, and each of its versions with its content."""
        shown = await self.zgw.get(document.url)
        assert (shown["versie"], shown["locked"]) == (len(document.versions), document.lock is not None)
        came = [part is not None for part in document.parts or []]
        assert [part["voltooid"] for part in shown["bestandsdelen"]] == came
        assert {part["lock"] for part in shown["bestandsdelen"]} <= {document.lock or ""}
        for number, version in enumerate(document.versions, start=1):
            told = await self.zgw.get(f"{document.url}?versie={number}")
            assert (told["titel"], told["bestandsomvang"]) == (version.titel, version.size)
            content = await self.zgw.get(f"{document.url}/download?versie={number}")
            assert content.status == (204 if version.body is None else 200)
            assert content.body == (version.body.content if version.body else b"")
            assert (told["inhoud"] is None) == (version.body is None)

    async def compare_list(self) -> None:
        listed = (await self.zgw.get(DOCUMENTS))["results"]
        newest_first = [(document.url, len(document.versions)) for document in reversed(self.documents)]
        assert [(shown["url"], shown["versie"]) for shown in listed] == newest_first

    async def compare_stores(self) -> None:
        """Every body is that of a version, and every upload that of a document that waits for parts."""
        await remove_dropped(self.dms)
        versions = [version for document in self.documents for version in document.versions]
        assert len(await bodies(self.dms)) == len({version.body for version in versions} - {None})
        waiting = [document for document in self.documents if document.parts]
        assert len(await uploads(self.dms)) <= len(waiting)

    async def clear(self) -> None:
        """Remove all that there is, by force."""
        for shown in (await self.zgw.get(DOCUMENTS))["results"]:
            await self.zgw.post(f"{shown['url']}/unlock", {})
            await self.zgw.delete(shown["url"])
        await remove_dropped(self.dms)


def version_of(titel: str, inhoud: Any, size: Any) -> Version | None:
    """The version that is made of these, or None if content and size differ. Without a size it is that of
    the content; no content and a size of 0 are an empty file."""
    if inhoud is ABSENT or inhoud is None:
        size = None if size is ABSENT else size
        return Version(titel, Body(b"") if size == 0 else None, size)
    body = inhoud if isinstance(inhoud, Body) else Body(inhoud)
    size = len(body.content) if size is ABSENT else size
    return Version(titel, body, size) if size == len(body.content) else None


@examples(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
async def test_documents_are_as_the_model_has_them_after_any_calls(
    zgw: Zgw, dms: Dms, type_: str, data: st.DataObject
) -> None:
    plain = zgw.register("plain", [Grant("drc", frozenset({"documenten.lock"}))])
    run = Run(zgw, dms, type_, data, plain)
    try:
        for _ in range(data.draw(st.integers(1, 25))):
            await run.step()
        for document in run.documents:
            await run.compare(document)
        await run.compare_stores()
    finally:
        await run.clear()
    assert not any((await everything(dms)).values())
