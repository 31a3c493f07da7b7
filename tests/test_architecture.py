"""The rules of the house, kept by tests: docstrings, sizes, documented settings, rules with a test each."""

from __future__ import annotations

import ast
import re
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from dms.model.links import target
from dms.model.resource import Resource
from dms.settings import PREFIX, Settings
from dms.wiring import APIS
from zaak_adapters.catalogi.api import CATALOGI

ROOT = Path(__file__).parent.parent
PACKAGES = ("dms", "zaak_adapters")
LONGEST_FILE, LONGEST_FUNCTION = 400, 60
_KINDS = "drc|ztc|zrc|brc|ac|Q?[ABCDGNRXZ]"  # X: rules of our own, beside the standard
_RULE = re.compile(rf"\b(?:{_KINDS})-\d+\b")
_TESTED = re.compile(rf"def test((?:_(?:{_KINDS.lower()})_\d+)+)_")


def modules() -> list[Path]:
    return [module for package in PACKAGES for module in sorted((ROOT / package).rglob("*.py"))]


@pytest.mark.parametrize("module", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_says_what_it_is_for_and_stays_small(module: Path) -> None:
    text = module.read_text()
    tree = ast.parse(text)
    assert ast.get_docstring(tree), "a module begins with what it promises"
    assert sum(1 for line in text.splitlines() if line.strip()) <= LONGEST_FILE
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < LONGEST_FUNCTION, node.name


def test_every_setting_is_documented_with_its_variable_its_default_and_its_meaning() -> None:
    page = (ROOT / "docs" / "settings.md").read_text().splitlines()
    rows = [line for line in page if line.startswith(f"| `{PREFIX}")]
    assert rows == [
        f"| `{PREFIX}{f.name.upper()}` | {shown_default(f.default)} | {f.metadata['meaning']} |"
        for f in fields(Settings)
    ]


def shown_default(value: object) -> str:
    """A default as the page about settings shows it."""
    if value in ("", ()):
        return "empty"
    if isinstance(value, bool):
        return str(value).lower()
    return (
        f"{value:.15g}"
        if isinstance(value, float)
        else f"{value}"
        if isinstance(value, int)
        else f"`{value}`"
    )


def resources() -> list[Resource]:
    return [resource for api in APIS for resource in api.resources]


def test_names_of_resources_are_unique_over_all_apis() -> None:
    names = [resource.name for resource in resources()]
    assert len(names) == len(set(names))


def test_a_link_to_a_record_names_its_resource_whatever_its_url_calls_it() -> None:
    id = "0f9ddb1c-1c1b-4c0c-9a0e-3a7b0c5d9e11"
    for resource in resources():
        assert target(resource.url(id)) == (resource.api, resource.name, id)


def test_every_rule_of_a_resource_begins_with_its_number_or_its_setting() -> None:
    without = [
        rule.__name__
        for resource in resources()
        for stage in resource.stages
        for rule in stage
        if not re.match(rf"(?:{_KINDS})-\d+|DMS_[A-Z]+", rule.__doc__ or "")
    ]
    assert without == []


def test_a_need_of_a_type_is_called_neither_as_a_field_nor_as_a_collection() -> None:
    collections = {resource.name for resource in resources()}
    alike = [
        (resource.name, need.name)
        for resource in CATALOGI.resources
        for need in resource.needs
        if need.name in collections.union(resource.shape.answered)
    ]
    assert alike == []


def held() -> set[str]:
    """The numbers of the rules that tests/rules.toml claims are held."""
    claimed: dict[str, str] = tomllib.loads((ROOT / "tests" / "rules.toml").read_text())["held"]
    return {number.lower() for numbers in claimed.values() for number in numbers.split()}


def test_every_rule_that_is_claimed_and_no_other_has_a_test_by_its_number() -> None:
    tests = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("*.py"))
    tested = {
        f"{kind}-{number}"
        for numbers in _TESTED.findall(tests)
        for kind, number in re.findall(r"_([a-z]+)_(\d+)", numbers)
    }
    assert tested == held()


def test_every_numbered_rule_in_the_code_is_one_that_is_claimed() -> None:
    in_code = {found.group().lower() for module in modules() for found in _RULE.finditer(module.read_text())}
    assert in_code - held() == set()


def test_the_environment_is_read_in_one_place_only() -> None:
    readers = {
        str(module.relative_to(ROOT))
        for module in modules()
        if re.search(r"os\.(environ\b(?!\[\"PROMETHEUS)|getenv)", module.read_text())
    }
    assert readers <= {"dms/cli/running.py", "dms/client/state.py"}


def test_reads_are_bound_to_rights_in_one_place_only() -> None:
    bound = {
        module.name
        for module in (ROOT / "dms" / "actions").rglob("*.py")
        if re.search(r"access\.restriction\(|access\.allows\([^)]*read=", module.read_text())
    }
    assert bound == {"readable.py"}
    unbound = {
        name
        for name in ("answers.py", "overviews.py", "search.py")
        if "dms.metadata." in (ROOT / "dms" / "actions" / name).read_text()
    }
    assert unbound == set()


def test_links_in_the_documentation_lead_to_files() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "changes").glob("*.md")]
    broken = [
        f"{page.name}: {link}"
        for page in pages
        for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text())
        if not (page.parent / link).exists()
    ]
    assert broken == []
