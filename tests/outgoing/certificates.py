"""Certificates for tests, made by the openssl command when they are wanted."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Certificate:
    """A certificate and its key, in PEM."""

    certificate: Path
    key: Path


class Authority:
    """An authority that signs certificates into a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._openssl = shutil.which("openssl") or pytest.skip("needs the openssl command")
        self.own = Certificate(folder / "ca.pem", folder / "ca.key")
        self._run(
            *("req", "-x509", "-days", "2", "-subj", "/CN=Test authority"),
            *("-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign"),
            *self._new_key(self.own.key),
            *("-out", str(self.own.certificate)),
        )

    def signs(self, name: str, *, passphrase: str = "", san: str = "IP:127.0.0.1") -> Certificate:
        """A certificate for this name, good for `san`."""
        made = Certificate(self._folder / f"{name}.pem", self._folder / f"{name}.key")
        self._run(
            *("req", "-x509", "-days", "2", "-subj", f"/CN={name}", "-addext", f"subjectAltName={san}"),
            *("-addext", "basicConstraints=critical,CA:FALSE"),
            *("-CA", str(self.own.certificate), "-CAkey", str(self.own.key)),
            *self._new_key(made.key, passphrase),
            *("-out", str(made.certificate)),
        )
        return made

    def server_context(self, san: str = "IP:127.0.0.1", *, wants_client: bool = False) -> ssl.SSLContext:
        """What a server with a certificate of this authority needs. It always asks for a client's own."""
        files = self.signs("server", san=san)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=self.own.certificate)
        context.load_cert_chain(files.certificate, files.key)
        context.verify_mode = ssl.CERT_REQUIRED if wants_client else ssl.CERT_OPTIONAL
        return context

    @staticmethod
    def _new_key(key: Path, passphrase: str = "") -> tuple[str, ...]:
        locked = ("-passout", f"pass:{passphrase}") if passphrase else ("-noenc",)
        return ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", *locked, "-keyout", str(key))

    def _run(self, *arguments: str) -> None:
        subprocess.run([self._openssl, *arguments], check=True, capture_output=True, timeout=60)
