"""A small set of examples, made up and marked as such, to try the lists with."""

from pathlib import Path

from zaak_adapters.referentielijsten.form import Entry, read

FILE = Path(__file__).with_name("sample.json")


def sample() -> list[Entry]:
    """The entries of the examples."""
    return read(FILE.read_bytes())
