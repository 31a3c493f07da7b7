"""A data directory: where in it the embedded stores lie, and the client that was made at first start."""

from __future__ import annotations

import os
from pathlib import Path

DATA_DIR = Path("var")
"""Where one lies unless the settings say otherwise."""
METADATA = "metadata.db"
CONTENT = "content"
CLIENT = "client"
RESTORING = "restoring"
"""A file that is there for as long as the directory is being restored."""


def read_client(data_dir: Path) -> tuple[str, str]:
    """The id and the secret of the client. Raises `OSError` if they are not kept there, `ValueError` if what
    is kept is something else."""
    id, secret = (data_dir / CLIENT).read_text().splitlines()[:2]
    return id, secret


def keep_client(data_dir: Path, id: str, secret: str) -> None:
    """Whole or not at all, readable by its owner only, and the first of several processes wins."""
    file = data_dir / CLIENT
    draft = file.with_name(f"{file.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as opened:
        opened.write(f"{id}\n{secret}\n")
    try:
        os.link(draft, file)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
