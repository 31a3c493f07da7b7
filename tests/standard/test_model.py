"""Documents, versions, locks, parts and gebruiksrechten, against a model: whatever the order of the calls.

`MODEL_STEPS` is how many calls are made at least; each is followed by reads of all that it may have touched.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, note
from hypothesis import settings as examples
from hypothesis import strategies as st

from dms.actions.collect import remove_dropped
from dms.actions.service import Dms
from dms.autorisaties.access import Grant
from dms.settings import Settings
from tests.standard.documents import USAGE, WRONG_LOCK, usage_of
from tests.standard.model import ABSENT, OTHER, PART, Change, Document, refused
from tests.standard.stored import bodies, everything, uploads
from tests.zgw import ALL, DOCUMENTS, Answer, Zgw, refusal

T = TypeVar("T")
STEPS = int(os.environ.get("MODEL_STEPS", "250"))
STEPS_A_RUN = 50
MOST_DOCUMENTS = 3
Act = Callable[[Document], Awaitable[None]]
LIKELY: list[tuple[Any, Any]] = [
    *((ABSENT, ABSENT), (None, 9), (None, 7), (b"1234567", 7), (b"abc", 3), (None, 0), (b"", 0)),
    *((None, None), (ABSENT, 9), (b"abc", ABSENT)),
]
ANY = [*product([ABSENT, None, b"", b"abc", b"1234567"], [ABSENT, None, 0, 3, 7, 9])]
"""Content and size as they are sent: pairs that documents often accept, and any."""
PLAIN, FORCEFUL = "plain", "forceful"


@pytest.fixture
def settings(tmp_path: Path, store_settings: dict[str, Any]) -> Settings:
    return Settings(data_dir=tmp_path / "data", part_size=PART, durable=False, **store_settings)


@pytest.fixture
def made(capsys: pytest.CaptureFixture[str]) -> Iterator[Counter[str]]:
    """The steps that were made, by what they were; told at the end."""
    steps: Counter[str] = Counter()
    yield steps
    told = ", ".join(f"{count} {name}" for name, count in steps.most_common())
    with capsys.disabled():
        print(f"\n{steps.total()} steps: {told}")


def codes(answer: Answer) -> set[str]:
    """The codes of the problems in a refusal."""
    assert answer.status == 400, answer
    return {problem["code"] for problem in answer["invalidParams"]}


class Run:
    """One run: draws calls, makes them, and holds the answers against the model."""

    def __init__(self, zgw: Zgw, dms: Dms, type_: str, data: st.DataObject, made: Counter[str]) -> None:
        self.zgw, self.dms, self.type, self.made = zgw, dms, type_, made
        self.documents: list[Document] = []
        self._data = data

    def one_of(self, choices: Sequence[T]) -> T:
        return self._data.draw(st.sampled_from(choices))

    async def step(self) -> None:
        """Make one call, and compare what it may have touched. The simplest is to read."""
        few = len(self.documents) < MOST_DOCUMENTS
        if not self.documents or (few and self.one_of(range(8)) == 7):
            self.made["create"] += 1
            await self.create()
        else:
            document = self.one_of(self.documents)
            any_act = [self.read, self.change, self.lock, self.unlock, self.use, self.delete]
            act = self.one_of([*any_act, *self.likely(document) * 2])
            note(f"{act.__name__} {document}")
            self.made[act.__name__] += 1
            await act(document)
            if document in self.documents:
                await self.compare(document)
        await self.compare_lists()

    def likely(self, document: Document) -> list[Act]:
        """What gets a document further."""
        if document.lock is None:
            return [self.lock, self.lock, self.use]
        return (
            [self.change, self.change, self.unlock]
            if document.parts is None
            else [self.parts, self.part, self.unlock]
        )

    def draw_change(self, document: Document | None = None) -> Change:
        """Any content, any size, and mostly what the document needs to accept it."""
        lock = (document and document.lock) or OTHER
        states = True if document and document.usage else None
        inhoud, size = self.one_of([*LIKELY * 4, *ANY])
        return Change(
            partial=document is not None and self.one_of([True, False]),
            titel=self.one_of(["Een", "Twee"]),
            inhoud=inhoud,
            size=size,
            stated=self.one_of([*[states] * 12, ABSENT, True, False]),
            lock=self.one_of([*[lock] * 12, ABSENT, OTHER]),
        )

    async def create(self) -> None:
        change = self.draw_change()
        answer = await self.zgw.post(DOCUMENTS, change.sent(self.type))
        version = change.version(None)
        if change.stated is True:
            assert refusal(answer) == refused("missing-gebruiksrechten", "indicatieGebruiksrecht")
        elif version is None:
            assert refusal(answer) == refused("file-size")
        else:
            assert answer.status == 201
            document = Document(answer["url"], [], answer["lock"] or None)
            document.become(version, answer)
            assert (document.lock is None) == (document.parts is None)
            self.documents.append(document)
            await self.compare(document)

    async def lock(self, document: Document) -> None:
        answer = await self.zgw.post(f"{document.url}/lock")
        if document.lock is not None:
            assert refusal(answer) == refused("existing-lock")
        else:
            document.lock = answer["lock"]

    async def change(self, document: Document) -> None:
        """A PUT or a PATCH."""
        change = self.draw_change(document)
        method = "PATCH" if change.partial else "PUT"
        refuses, version = document.refuses(change), change.version(document.latest)
        answer = await self.zgw.call(method, document.url, json=change.sent(self.type))
        if refuses or version is None:
            assert refusal(answer) == refuses
        else:
            assert answer.status == 200, answer
            document.become(version, answer)
            document.trail.append("partial_update" if change.partial else "update")

    async def part(self, document: Document) -> None:
        """A part that is right, of another size, without lock or file, or not expected any more."""
        for url in document.stale[-2:]:
            assert refusal(await self.zgw.upload(url, b"x", document.lock)) == (404, "not_found")
        if document.parts is None:
            return
        number = self.one_of(range(len(document.parts)))
        size, last = document.size_of(number), self.one_of([False, True])
        content = self.one_of([b"a", b"b", b"c"]) * (size + self.one_of([0, 0, 0, 1, -1]))
        file = self.one_of([content, content, content, None])
        lock = self.one_of([document.lock or OTHER, document.lock or OTHER, OTHER, None])
        answer = await self.zgw.upload(document.urls[number], file, lock, lock_last=last)
        wrong = {"required"} if lock is None else {WRONG_LOCK[1]} if lock != document.lock else set()
        if file is not None and len(file) != size:
            wrong.add("file-size" if file else "empty")
        if wrong:
            assert codes(answer) <= wrong
            return
        document.parts[number] = document.parts[number] if file is None else file
        assert (answer.status, answer["voltooid"]) == (200, document.parts[number] is not None)

    async def parts(self, document: Document) -> None:
        """Parts in any order, some of them twice with other bytes, and perhaps not all."""
        if document.parts is None or document.lock is None:
            return
        numbers = range(len(document.parts))
        order = self._data.draw(st.permutations([*numbers, *numbers[:2]]))
        for at, number in enumerate(order[: self.one_of([len(order), len(order), 1, 2])]):
            content = bytes([at]) * document.size_of(number)
            answer = await self.zgw.upload(document.urls[number], content, document.lock)
            assert (answer.status, answer["voltooid"]) == (200, True)
            document.parts[number] = content

    async def unlock(self, document: Document) -> None:
        """By the lock, another or none, by clients that may force and one that may not."""
        client, lock = self.one_of([ALL, PLAIN, FORCEFUL]), self.one_of([document.lock, OTHER, None])
        body = {} if lock is None else {"lock": lock}
        answer = await self.zgw.post(f"{document.url}/unlock", body, client=client)
        refuses = document.refuses_unlock(lock, forceful=client != PLAIN)
        if refuses:
            assert refusal(answer) == refuses
        else:
            assert answer.status == 204
            document.unlock()

    async def use(self, document: Document) -> None:
        """Gebruiksrechten that come, change or go; the document states that there are some (drc-006)."""
        act = self.one_of(["create", "partial_update", "destroy"]) if document.usage else "create"
        if act == "create":
            document.usage.append((await usage_of(self.zgw, document.url))["url"])
        elif act == "destroy":
            gone = document.usage.pop(self.one_of(range(len(document.usage))))
            assert (await self.zgw.delete(gone)).status == 204
        else:
            changed = {"omschrijvingVoorwaarden": "Anders"}
            assert (await self.zgw.patch(self.one_of(document.usage), changed)).status == 200
        document.trail.append(act)
        document.latest.stated = True if document.usage else None

    async def delete(self, document: Document) -> None:
        answer = await self.zgw.delete(document.url)
        if document.lock is not None:
            assert refusal(answer) == refused("destroy-locked")
            return
        assert answer.status == 204
        self.documents.remove(document)
        for url in (document.url, f"{document.url}?versie=1", f"{document.url}/audittrail", *document.usage):
            assert refusal(await self.zgw.get(url)) == (404, "not_found")
        for url in document.urls:
            assert refusal(await self.zgw.upload(url, b"x", OTHER)) == (404, "not_found")

    async def read(self, document: Document) -> None:
        """All that there is of a document."""
        for number in range(1, len(document.versions) + 1):
            await self.compare_version(document, number)
        history = (await self.zgw.get(f"{document.url}/versies"))["results"]
        assert [each["titel"] for each in reversed(history)] == [each.titel for each in document.versions]
        for query in (f"versie={len(history) + 1}", "registratieOp=2001-01-01T00:00:00Z"):
            assert refusal(await self.zgw.get(f"{document.url}?{query}")) == (404, "not_found")
        usage = (await self.zgw.get(f"{USAGE}?informatieobject={document.url}")).body
        assert [each["url"] for each in usage] == document.usage[::-1]
        trail = (await self.zgw.get(f"{document.url}/audittrail")).body
        assert [line["actie"] for line in trail] == document.trail

    async def compare(self, document: Document) -> None:
        """The document itself, and one of its versions with its content."""
        shown = await self.zgw.get(document.url)
        assert (shown["versie"], shown["locked"]) == (len(document.versions), document.lock is not None)
        came = [part is not None for part in document.parts or []]
        assert [part["voltooid"] for part in shown["bestandsdelen"]] == came
        assert {part["lock"] for part in shown["bestandsdelen"]} <= {document.lock or ""}
        assert (await self.zgw.get(f"{document.url}?versie={shown['versie']}")).body == shown.body
        await self.compare_version(document, self.one_of(range(len(document.versions), 0, -1)))

    async def compare_version(self, document: Document, number: int) -> None:
        """A version by its number and by its moment, and its content."""
        version, moment = document.versions[number - 1], quote(document.versions[number - 1].began)
        told = await self.zgw.get(f"{document.url}?versie={number}")
        assert (told["titel"], told["bestandsomvang"]) == (version.titel, version.size)
        assert (told["indicatieGebruiksrecht"], told["beginRegistratie"]) == (version.stated, version.began)
        assert (await self.zgw.get(f"{document.url}?registratieOp={moment}")).body == told.body
        url = f"{document.url}/download?versie={number}"
        assert told["inhoud"] == (url if version.body else None)
        for at in (url, f"{document.url}/download?registratieOp={moment}"):
            content = await self.zgw.get(at)
            assert content.status == (200 if version.body else 204)
            assert content.body == (version.body.content if version.body else b"")

    async def compare_lists(self) -> None:
        """Lists and searches show what a detail shows, newest first."""
        listed = (await self.zgw.get(DOCUMENTS))["results"]
        details = [(await self.zgw.get(document.url)).body for document in reversed(self.documents)]
        assert listed == details
        locked = (await self.zgw.get(f"{DOCUMENTS}?locked=true"))["results"]
        assert locked == [each for each in details if each["locked"]]
        if details:
            search = {"uuid__in": [each["url"].rpartition("/")[2] for each in details]}
            assert (await self.zgw.post(f"{DOCUMENTS}/_zoek", search))["results"] == details

    async def compare_stores(self) -> None:
        """Every body is that of a version, and every upload that of a document that waits for parts."""
        await remove_dropped(self.dms)
        versions = [version for document in self.documents for version in document.versions]
        assert len(await bodies(self.dms)) == len({version.body for version in versions} - {None})
        waiting = [document for document in self.documents if document.parts]
        begun = [document for document in waiting if document.came]
        assert len(begun) <= len(await uploads(self.dms)) <= len(waiting)

    async def clear(self) -> None:
        """Remove all that there is, by force."""
        for shown in (await self.zgw.get(DOCUMENTS))["results"]:
            await self.zgw.post(f"{shown['url']}/unlock", {})
            await self.zgw.delete(shown["url"])
        await remove_dropped(self.dms)


@pytest.fixture
def begin(zgw: Zgw, dms: Dms, type_: str, made: Counter[str]) -> Callable[[st.DataObject], Run]:
    """Begins a run. Hypothesis prints the arguments of a test that fails, and trips over a whole service."""
    zgw.register(PLAIN, [Grant("drc", frozenset({"documenten.lock"}))])
    zgw.register(FORCEFUL, [Grant("drc", frozenset({"documenten.geforceerd-unlock"}))])

    def begin(data: st.DataObject) -> Run:
        return Run(zgw, dms, type_, data, made)

    return begin


@examples(max_examples=-(-STEPS // STEPS_A_RUN), deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
async def test_documents_are_as_the_model_has_them_after_any_calls(
    begin: Callable[[st.DataObject], Run], data: st.DataObject
) -> None:
    run = begin(data)
    try:
        for _ in range(STEPS_A_RUN):
            await run.step()
        for document in run.documents:
            await run.read(document)
        await run.compare_stores()
    finally:
        await run.clear()
    assert not any((await everything(run.dms)).values())
