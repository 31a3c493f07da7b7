"""URLs of this installation: stored without their origin, answered with it.

`/documenten/api/v1/enkelvoudiginformatieobjecten/<uuid>` is how a record keeps the URL of another, so that
the service can move to another host without touching its data. Any other URL is kept as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_RECORD = re.compile(rf"/(?P<api>[a-z]+)/api/v1/(?P<path>[a-z-]+)/(?P<id>{UUID})")
_SITE = re.compile(r"(https?)://([^/?#@\\\s]+)(?=[/?#]|\Z)", re.IGNORECASE | re.ASCII)
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


NAMED_ALIKE = {("referentielijsten", "resultaten"): "selectielijstresultaten"}
"""Where two APIs call a resource the same in their URLs: by API and that word, the name of one of the two."""


class Target(NamedTuple):
    """What a stored link points to; `resource` is its name."""

    api: str
    resource: str
    id: str


def root(api: str) -> str:
    """The path under which an API is served (G-01)."""
    return f"/{api}/api/v1"


def own(api: str, path: str, id: str) -> str:
    """The stored link to a record."""
    return f"{root(api)}/{path}/{id}"


def target(link: object) -> Target | None:
    """What a stored link points to, or None if it is no link to a record of ours."""
    found = _RECORD.fullmatch(link) if isinstance(link, str) else None
    if found is None:
        return None
    api, path, id = found.groups()
    return Target(api, NAMED_ALIKE.get((api, path), path), id)


def relative(url: Any, origin: str) -> Any:
    """A URL, or a list of them, as it is stored; what is not under `origin` stays as it is.

    Scheme and host know no case, and a default port may be written or not.
    """
    if isinstance(url, str):
        site, rest = _split(url)
        own_site, prefix = _split(origin)
        is_ours = bool(site) and site == own_site and rest.startswith(prefix + "/")
        return rest[len(prefix) :] if is_ours else url
    if isinstance(url, list):
        return [relative(element, origin) for element in url]
    return url


def _split(url: str) -> tuple[str, str]:
    """Scheme and host in one spelling, and what follows them. A URL with a user is of no site of ours."""
    found = _SITE.match(url)
    if found is None:
        return "", url
    scheme, host = found[1].lower(), found[2].lower()
    return f"{scheme}://{host.removesuffix(_DEFAULT_PORTS[scheme])}", url[found.end() :]


def absolute(url: Any, origin: str) -> Any:
    """A stored link, or a list of them, as it is answered."""
    if isinstance(url, str):
        return origin + url if url.startswith("/") else url
    if isinstance(url, list):
        return [absolute(element, origin) for element in url]
    return url


def with_relative(values: Mapping[str, Any], names: Iterable[str], origin: str) -> dict[str, Any]:
    """The values with these fields as they are stored; a name may be a path into groups and lists of them."""
    return with_each(values, names, lambda url: relative(url, origin))


def with_absolute(values: Mapping[str, Any], names: Iterable[str], origin: str) -> dict[str, Any]:
    """The values with these fields as they are answered."""
    return with_each(values, names, lambda url: absolute(url, origin))


def at(value: Any, path: str) -> Iterator[Any]:
    """What stands at a path into groups and lists of them."""
    head, _, rest = path.partition(".")
    for group in value if isinstance(value, list) else (value,):
        if isinstance(group, Mapping) and head in group:
            yield from at(group[head], rest) if rest else (group[head],)


def with_each(
    values: Mapping[str, Any], names: Iterable[str], change: Callable[[Any], Any]
) -> dict[str, Any]:
    """The values with these fields changed; a name may be a path into groups and lists of them."""
    changed = dict(values)
    for name in names:
        head, _, rest = name.partition(".")
        if head in changed:
            changed[head] = _inside(changed[head], rest, change) if rest else change(changed[head])
    return changed


def _inside(value: Any, path: str, change: Callable[[Any], Any]) -> Any:
    if isinstance(value, list):
        return [_inside(group, path, change) for group in value]
    return with_each(value, (path,), change) if isinstance(value, Mapping) else value
