"""The content of a version: what a change makes of it, and what the record says of it (D-30 to D-54)."""

from __future__ import annotations

from dms.documenten.upload.mediatype import agrees
from dms.documenten.upload.received import Received, received
from dms.locking.lock import take
from dms.model.change import Change, Values


def content_of_the_version(change: Change) -> None:
    """D-31 to D-37, D-45, D-52: the version gets the content that came, keeps what it had, gets none, or
    waits for its parts. A create that waits is locked from the start (D-46)."""
    if change.new is None:
        return
    came, new = received(change), change.new
    nothing_came = came.body is None and not came.sent
    if nothing_came and change.act == "partial_update" and change.before.get("_body"):
        _describe(new)
        return
    put_content(new, came)
    if came.body is not None:
        if change.act != "partial_update":
            new["bestandsomvang"] = change.sent.get("bestandsomvang", came.body.size)
    elif new["bestandsomvang"]:
        new["_upload"] = change.facts["new_upload"]
        if change.act == "create":
            new["_lock"] = take(**change.facts["owner"], since=change.now)
            new["locked"] = True


def put_content(record: Values, came: Received) -> None:
    """What came becomes the content of the record, or it has none from now on; it waits for no parts."""
    key, sha256 = (came.body.key, came.body.sha256) if came.body else (None, None)
    record.update(_body=key, _sha256=sha256, _mediatype=came.mediatype, _upload=None, _sealing=False)
    _describe(record)


def _describe(record: Values) -> None:
    """D-32, D-37, D-54: content is downloaded at a URL that names the version, if there is any. Beside the
    record stands whether it clearly is something else than its formaat says."""
    record["inhoud"] = f"{record['url']}/download?versie={record['versie']}" if record["_body"] else None
    record["_formaat_differs"] = not agrees(record["formaat"], record.get("_mediatype") or "")
