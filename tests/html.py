"""HTML as tests look at it: the elements of a page, in order, and whether it was well made."""

from __future__ import annotations

from collections.abc import Iterable
from html.parser import HTMLParser

_WITHOUT_END = {"meta", "link", "br", "img", "hr", "input"}


class Html(HTMLParser):
    """A page that was read whole. Fails when an element is not closed where it should be."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.headings: list[tuple[int, str]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == [], "elements that were left open"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element begins."""
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in _WITHOUT_END:
            self._open.append(tag)
        if tag in ("h1", "h2", "h3", "h4"):
            self.headings.append((int(tag[1]), ""))

    def handle_endtag(self, tag: str) -> None:
        """An element ends: the last one that began."""
        assert self._open.pop() == tag, f"</{tag}> in the wrong place"

    def handle_data(self, data: str) -> None:
        """Text."""
        self.text += data
        if self._open and self.headings and {"h1", "h2", "h3", "h4"} & set(self._open):
            level, so_far = self.headings[-1]
            self.headings[-1] = (level, so_far + data)

    def named(self, tag: str) -> list[dict[str, str]]:
        """The attributes of every element of this name."""
        return [attributes for name, attributes in self.elements if name == tag]

    def ids(self) -> list[str]:
        """What links may point to."""
        return [attributes["id"] for _, attributes in self.elements if "id" in attributes]

    def references(self) -> Iterable[str]:
        """Every URL that the page names, to follow or to load."""
        for _, attributes in self.elements:
            for name in ("href", "src", "action", "data", "poster", "srcset", "formaction"):
                if name in attributes:
                    yield attributes[name]
