"""After a crash: is all there that was acknowledged, nothing half there, and can work go on?"""

from __future__ import annotations

from random import Random
from typing import Any

from tests.crash.journal import UNKNOWN, Document, Journal, Part, State, is_content, path_of
from tests.crash.line import Line, together
from tests.zgw import DOCUMENTS


async def verify(line: Line, journal: Journal, rng: Random) -> None:
    """Hold every document against the journal, and go on with those that were being worked at."""
    shown = await _listed(line)
    by_mark = {document["beschrijving"]: document for document in shown}
    assert len(by_mark) == len(shown), "a document was created twice"
    assert by_mark.keys() <= {document.mark for document in journal.documents}
    numbers = [document["identificatie"] for document in shown]
    assert len(set(numbers)) == len(numbers)
    seeds = [rng.random() for _ in journal.documents]
    await together(
        *(
            _Verification(line, document, Random(seed)).all(by_mark.get(document.mark))
            for document, seed in zip(journal.documents, seeds, strict=True)
        )
    )


async def _listed(line: Line) -> list[dict[str, Any]]:
    documents: list[dict[str, Any]] = []
    page = 1
    while True:
        answer = await line.done("GET", f"{DOCUMENTS}?page={page}")
        documents += answer["results"]
        if answer["next"] is None:
            assert answer["count"] == len(documents)
            return documents
        page += 1


class _Verification:
    """Of one document."""

    def __init__(self, line: Line, document: Document, rng: Random) -> None:
        self._line = line
        self._document = document
        self._rng = rng

    async def all(self, listed: dict[str, Any] | None) -> None:
        """That it is there or not, in one of the states that it may be in; then finish what was begun."""
        document = self._document
        if listed is None:
            assert None in document.may_be, f"{document.mark} was acknowledged and is gone: {document.url}"
            if document.url:
                assert (await self._line.call("GET", document.url)).status == 404
            document.settle(None)
            return
        document.url = document.url or path_of(listed["url"])
        assert document.url == path_of(listed["url"])
        shown = (await self._line.done("GET", document.url)).body
        assert shown == listed
        assert document.identificatie in ("", shown["identificatie"])
        state = self._state(shown)
        document.settle(state)
        await self._versions(state)
        if state.waits_for:
            self._parts(shown)
            if self._rng.random() < 0.7:
                await self._finish(shown, state)
        elif state.lock is not None:
            await self._let_go(state)

    def _state(self, shown: dict[str, Any]) -> State:
        fitting = [state for state in self._document.may_be if state is not None and state.fits(shown)]
        assert len(fitting) == 1, f"is neither before nor after what was in doubt: {shown} {self._document}"
        return fitting[0]

    async def _versions(self, state: State) -> None:
        """Every version has its values and its bytes, and there are no more."""
        document = self._document
        for number, version in enumerate(state.versions, 1):
            shown = await self._line.done("GET", f"{document.url}?versie={number}")
            assert (shown["versie"], shown["titel"]) == (number, version.titel)
            answer = await self._line.done("GET", f"{document.url}/download?versie={number}")
            if version.content is None:
                assert answer.status == 204
            else:
                assert answer.status == 200
                assert is_content(answer.body, version.content), f"{document.mark} version {number}"
                document.content = answer.body
        document.content = None if state.versions[-1].content is None else document.content
        beyond = await self._line.call("GET", f"{document.url}?versie={len(state.versions) + 1}")
        assert beyond.status == 404

    def _parts(self, shown: dict[str, Any]) -> None:
        """Parts that were acknowledged are complete; of those that were in doubt, whether they are is what
        is known from now on."""
        known = {part.url: part for part in self._document.parts}
        parts = []
        for listed in shown["bestandsdelen"]:
            path = path_of(listed["url"])
            part = known.get(path) or Part(path, listed["omvang"])
            assert part.size == listed["omvang"]
            part.may_be = frozenset(p for p in part.may_be if (p is not None) == listed["voltooid"])
            assert part.may_be, f"{self._document.mark}: {listed} is not what was acknowledged"
            parts.append(part)
        self._document.parts = parts

    async def _finish(self, shown: dict[str, Any], state: State) -> None:
        """Send what is missing and unlock: the bytes are those that were sent before and after the crash."""
        document = self._document
        [lock] = {part["lock"] for part in shown["bestandsdelen"]}
        assert state.lock in (UNKNOWN, lock)
        for part in document.parts:
            if None in part.may_be:
                content = self._rng.randbytes(part.size)
                await self._line.send_part(part.url, content, lock)
                part.may_be = frozenset({content})
        await self._line.done("POST", f"{document.url}/unlock", json={"lock": lock})
        found = (await self._line.done("GET", f"{document.url}/download")).body
        assert is_content(found, document.assembled()), f"{document.mark} was not assembled from its parts"
        document.content = found
        document.settle(state.unlocked(document.assembled()))

    async def _let_go(self, state: State) -> None:
        """A lock whose token was heard opens the document; another one can be forced."""
        document = self._document
        if state.lock == UNKNOWN:
            await self._line.done("POST", f"{document.url}/unlock", json={})
        else:
            change = {"lock": state.lock, "auteur": "after the crash"}
            assert (await self._line.done("PATCH", document.url, json=change))["versie"] == len(
                state.versions
            ) + 1
            await self._line.done("POST", f"{document.url}/unlock", json={"lock": state.lock})
        shown = (await self._line.done("GET", document.url)).body
        assert shown["locked"] is False
