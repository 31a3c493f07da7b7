"""The real service as a process of its own: started, stopped, killed, started again at its address."""

from __future__ import annotations

import json
import os
import random
import select
import signal
import string
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from dms.outgoing.jwts import make_token
from tests.zgw import informatieobjecttype_values

CLIENT_ID = "dms"
CLIENT_SECRET = "a secret of thirty-two bytes or more"
_START_TIME = 30
_STOP_TIME = 30


def alone_with(settings: Mapping[str, str]) -> dict[str, str]:
    """The environment of a process of its own: that of these tests, with these settings and no others."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("DMS_")}
    return others | dict(settings)


class ServiceProcess:
    """`python -m dms serve` on a free port, with its data in a folder that outlives it.

    `environment` holds settings that go before those here, such as `DMS_PART_SIZE="65536"`. Once started,
    `address` stays the same, also when the service is started again. Use it as a context, or call `start`
    and `stop`.
    """

    def __init__(self, data_dir: Path, **environment: str) -> None:
        self.data_dir = data_dir
        self.log = data_dir.with_name(f"{data_dir.name}.log")
        self.client_id, self.client_secret = CLIENT_ID, CLIENT_SECRET
        self.address = ""
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> ServiceProcess:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """Of the process that runs."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start the service, and return when it listens."""
        port = self.address.rpartition(":")[2] or "0"
        settings = {
            "DMS_PORT": port,
            "DMS_DATA_DIR": str(self.data_dir),
            "DMS_CLIENT_ID": self.client_id,
            "DMS_CLIENT_SECRET": self.client_secret,
            "DMS_DURABLE": "false",
            **self._environment,
        }
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "dms", "serve"],
                env=alone_with(settings),
                stdout=subprocess.PIPE,
                stderr=log,
            )
        self.address = self._first_line().removeprefix("dms listens at ")

    def _first_line(self) -> str:
        assert self._process is not None
        assert self._process.stdout is not None
        readable, _, _ = select.select([self._process.stdout], [], [], _START_TIME)
        line = self._process.stdout.readline().decode().strip() if readable else ""
        if not line.startswith("dms listens at "):
            self.kill()
            raise AssertionError(f"The service did not start: {line}\n{self.log.read_text()[-4000:]}")
        return line

    def stop(self) -> int:
        """Ask the service to stop, wait until it has, and return its exit code."""
        return self._end(signal.SIGTERM)

    def kill(self) -> int:
        """End the service as a power cut does, as far as a process can tell."""
        return self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> int:
        if self._process is None:
            return 0
        self._process.send_signal(how)
        try:
            code = self._process.wait(_STOP_TIME)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise
        finally:
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None
        return code

    def call(self, method: str, url: str, body: Any = None) -> tuple[int, Any]:
        """A request as the client with all rights: the status, and the JSON or the bytes of the answer."""
        request = urllib.request.Request(
            url if url.startswith("http") else self.address + url,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Authorization": f"Bearer {make_token(self.client_id, self.client_secret)}",
                "Content-Type": "application/json",
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                status, kind, raw = response.status, response.headers.get_content_type(), response.read()
        except urllib.error.HTTPError as refusal:
            with refusal:
                status, kind, raw = refusal.code, refusal.headers.get_content_type(), refusal.read()
        return status, json.loads(raw) if kind.endswith("json") and raw else raw

    def document_type(self, *, published: bool = True) -> str:
        """The URL of a new informatieobjecttype, in a new catalogue."""
        catalogue = {
            "domein": "".join(random.choices(string.ascii_uppercase, k=5)),
            "rsin": "000000000",
            "contactpersoonBeheerNaam": "Beheer",
        }
        made = self._made("/catalogi/api/v1/catalogussen", catalogue)["url"]
        type_ = informatieobjecttype_values(made, vertrouwelijkheidaanduiding="zaakvertrouwelijk")
        url = str(self._made("/catalogi/api/v1/informatieobjecttypen", type_)["url"])
        if published:
            assert self.call("POST", f"{url}/publish")[0] == 200
        return url

    def _made(self, path: str, body: Any) -> Any:
        status, answer = self.call("POST", path, body)
        assert status == 201, answer
        return answer


def memory_peak(pid: int) -> int:
    """The most memory, in bytes, that a process that runs has held at once."""
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024
