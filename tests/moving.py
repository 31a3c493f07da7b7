"""Documents of a running service, and what a data directory holds, for tests of moves and backups."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dms.actions.check import Findings, check
from dms.outgoing.jwts import make_token
from dms.settings import Settings
from dms.wiring import wired
from tests.process import ServiceProcess, alone_with
from tests.zgw import DOCUMENTS, document_values


def made_document(service: ServiceProcess, type_: str, content: bytes | None = None, **fields: Any) -> Any:
    """A new document, with this content if any."""
    status, document = service.call("POST", DOCUMENTS, document_values(type_, content=content, **fields))
    assert status == 201, document
    return document


def content_of(service: ServiceProcess, document: Any) -> bytes:
    """What the service gives as the content of a document."""
    status, content = service.call("GET", f"{document['url']}/download")
    assert status == 200, content
    assert isinstance(content, bytes)
    return content


def half_uploaded(service: ServiceProcess, type_: str) -> Any:
    """A document that waits for one of its two parts of 100 bytes."""
    document = made_document(service, type_, bestandsomvang=200)
    part = document["bestandsdelen"][0]
    assert sent(service, part["url"], b"x" * 100, document["lock"]) == 200
    return document


def sent(service: ServiceProcess, part: str, content: bytes, lock: str) -> int:
    """Send a part as a form, and return the status, also that of a refusal."""
    head = 'Content-Disposition: form-data; name="{}"'
    form = (
        f"--limit\r\n{head.format('lock')}\r\n\r\n{lock}\r\n"
        f"--limit\r\n{head.format('inhoud')}; filename=part\r\n\r\n"
    ).encode()
    request = urllib.request.Request(
        part,
        method="PUT",
        data=form + content + b"\r\n--limit--\r\n",
        headers={
            "Authorization": f"Bearer {make_token(service.client_id, service.client_secret)}",
            "Content-Type": "multipart/form-data; boundary=limit",
        },
    )
    try:
        with urllib.request.urlopen(request, timeout=120) as response:
            return int(response.status)
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code


def checked(data_dir: Path, **settings: Any) -> Findings:
    """What a check finds that reads every file."""

    async def checking() -> Findings:
        async with wired(Settings(data_dir=data_dir, **settings)) as service:
            return await check(service.dms, read_bodies=True)

    return asyncio.run(checking())


def killed_when(condition: Callable[[], object], environment: dict[str, str], *arguments: str) -> None:
    """Run a command in a process of its own, and kill it once the condition holds."""
    command = [sys.executable, "-m", "dms", *arguments]
    with subprocess.Popen(command, env=alone_with(environment), stderr=subprocess.DEVNULL) as process:
        until = time.monotonic() + 30
        while not condition() and process.poll() is None and time.monotonic() < until:
            time.sleep(0.002)
        process.kill()
    assert process.returncode == -signal.SIGKILL, "it was done before it could be killed"
