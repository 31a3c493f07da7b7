"""The servers that are measured, each a process of its own on a free port, gone when its context is left."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from benchmarks.machine import Process

T = TypeVar("T")
CLIENT_ID, CLIENT_SECRET = "benchmarks", "a secret for benchmarks, of no worth elsewhere"
PING = "/healthz/live"
_PATIENCE = 30.0
_ADDRESS = re.compile(r"dms listens at http://127\.0\.0\.1:(\d+)\n")
_BUFFER = 256
"""KiB that nginx reads at once: with the 16 of its default it is half as fast, and no match."""
_NGINX = """
daemon off; master_process off; pid {home}/nginx.pid; error_log stderr error;
events {{ }}
http {{
  access_log off; sendfile on; keepalive_requests 1000000; client_max_body_size 0;
  client_body_buffer_size {buffer}k;
  client_body_temp_path {home}/incoming; proxy_temp_path {home}/unused; fastcgi_temp_path {home}/unused;
  uwsgi_temp_path {home}/unused; scgi_temp_path {home}/unused;
  server {{
    listen 127.0.0.1:{port}; root {home}/files;
    location / {{ dav_methods PUT; }}
    location = {ping} {{ default_type application/json; return 200 '{{"status":"ok"}}'; }}
  }}
}}
"""


class DidNotStart(RuntimeError):
    """A server ended, or was not there in time; the message is what it said."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs: its name for people, its port, its process, and the directory it keeps files in."""

    name: str
    port: int
    process: Process
    home: Path


def alone_with(settings: Mapping[str, str]) -> dict[str, str]:
    """The environment of a process with these settings and no others."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("DMS_")}
    return others | dict(settings)


@contextmanager
def serving(home: Path, **settings: object) -> Iterator[Server]:
    """The service with these settings and its data under `home`."""
    given = {f"DMS_{name.upper()}": str(value) for name, value in settings.items()}
    own = {
        "DMS_PORT": "0",
        "DMS_DATA_DIR": str(home),
        "DMS_CLIENT_ID": CLIENT_ID,
        "DMS_CLIENT_SECRET": CLIENT_SECRET,
    }
    with _running([sys.executable, "-m", "dms", "serve"], home, alone_with(own | given)) as (process, said):
        found = _until(lambda: _ADDRESS.search(said.read_text()), process, said)
        yield Server("dms", int(found[1]), Process(process.pid), home)


@contextmanager
def baseline(home: Path) -> Iterator[Server]:
    """nginx, with a PUT that keeps the body and a GET that sends it; else a bare copy in aiohttp."""
    (home / "files").mkdir(parents=True, exist_ok=True)
    port, nginx = _free_port(), _nginx()
    if nginx:
        configuration = home / "nginx.conf"
        configuration.write_text(_NGINX.format(home=home, port=port, ping=PING, buffer=_BUFFER))
        command = [nginx, "-p", str(home), "-e", "stderr", "-c", str(configuration)]
    else:
        command = [sys.executable, "-m", "benchmarks.bare_copy", str(home / "files"), str(port)]
    with _running(command, home, os.environ) as (process, said):
        _until(lambda: _listens(port), process, said)
        yield Server("nginx" if nginx else "aiohttp", port, Process(process.pid), home / "files")


def _nginx() -> str | None:
    """Where nginx is, if it was built with PUT."""
    places = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
    found = shutil.which("nginx", path=places)
    if found is None:
        return None
    built = subprocess.run([found, "-V"], capture_output=True, text=True, check=False).stderr
    return found if "--with-http_dav_module" in built else None


@contextmanager
def _running(
    command: list[str], home: Path, environment: Mapping[str, str]
) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """A process, and the file with what it says. Its log goes to another, as it would in earnest."""
    home.mkdir(parents=True, exist_ok=True)
    said, log = home / "said", home / "log"
    with said.open("wb") as out, log.open("wb") as errors:
        process = subprocess.Popen(command, env=dict(environment), stdout=out, stderr=errors)
        try:
            yield process, said
        finally:
            process.terminate()
            try:
                process.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _until(ready: Callable[[], T | None], process: subprocess.Popen[bytes], said: Path) -> T:
    """What `ready` gives once it gives something."""
    deadline = time.monotonic() + _PATIENCE
    while not (given := ready()):
        if process.poll() is not None or time.monotonic() > deadline:
            log = said.with_name("log").read_text(errors="replace")
            raise DidNotStart(f"{process.args!r}\n{log[-2000:]}")
        time.sleep(0.01)
    return given


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
