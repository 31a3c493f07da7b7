"""Fields from JSON files: `defaults.json` of a folder and those below, and `NAME.json` beside NAME."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from dms.client.bulk.courier import Item, Unusable, fingerprint
from dms.client.bulk.fields import WrongFields, checked, missing, of_file
from dms.client.bulk.hotfolder import SIDECAR, Found

DEFAULTS = "defaults.json"
_LARGEST = 64 * 2**10


class Fields:
    """The fields of files in a hot folder: what the file says of itself, then `given`, then the defaults of
    the folders from the outermost inwards, then those of the sidecar; the later wins."""

    def __init__(self, root: Path, given: Mapping[str, Any]) -> None:
        self._root = root
        self._given = given
        self._defaults: dict[Path, tuple[int, Mapping[str, Any] | WrongFields]] = {}

    def refresh(self) -> None:
        """Look at the defaults anew."""
        self._defaults.clear()

    def fingerprint(self, found: Found) -> str:
        """Tells the file with what is asked of it from any later state of both."""
        moments = [self._default(path)[0] for path in self._places(found)]
        return fingerprint(found.changed, [self._given, found.sidecar, moments])

    def item(self, found: Found) -> Item:
        """What is asked for a file. Raises `WrongFields` if that is wrong, `Unusable` for its folder."""
        values: dict[str, Any] = {**of_file(found.file, found.changed / 1e9), **self._given}
        for path in self._places(found):
            _, defaults = self._default(path)
            if isinstance(defaults, WrongFields):
                raise Unusable(str(defaults))
            values |= defaults
        if found.sidecar:
            values |= _read(found.file.with_name(found.file.name + SIDECAR))
        if lacking := missing(values):
            raise WrongFields(
                [f"{name}: required, and given by no option, {DEFAULTS} or sidecar" for name in lacking]
            )
        return Item(found.bestand, found.file, found.size, values, self.fingerprint(found))

    def _places(self, found: Found) -> Iterator[Path]:
        folders = PurePosixPath(found.bestand).parents
        return (self._root / folder / DEFAULTS for folder in reversed(folders))

    def _default(self, path: Path) -> tuple[int, Mapping[str, Any] | WrongFields]:
        if path not in self._defaults:
            self._defaults[path] = _looked_up(path)
        return self._defaults[path]


def _looked_up(path: Path) -> tuple[int, Mapping[str, Any] | WrongFields]:
    """When it changed, and what it holds; nothing if it is not there."""
    try:
        changed = path.lstat().st_mtime_ns
    except OSError:
        return 0, {}
    try:
        return changed, _read(path)
    except WrongFields as wrong:
        return changed, wrong


def _read(path: Path) -> dict[str, Any]:
    """The fields in a JSON file. Raises `WrongFields`."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            raw = file.read(_LARGEST + 1)
        if len(raw) > _LARGEST:
            raise WrongFields([f"{path} holds more than {_LARGEST} bytes"])
        values = json.loads(raw.decode("utf-8-sig"))
    except OSError as error:
        raise WrongFields([f"{path} cannot be read: {error.strerror}"]) from None
    except (ValueError, RecursionError) as error:
        raise WrongFields([f"{path} is not JSON: {error}"]) from None
    if not isinstance(values, dict):
        raise WrongFields([f"{path} is not an object of fields"])
    try:
        return checked(values)
    except WrongFields as wrong:
        raise WrongFields([f"{path}: {problem}" for problem in wrong.problems]) from None
