"""The documentation says what the code does."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from archiver import __version__, registry
from archiver.model import record
from archiver.model.fields import FIELDS

ROOT = Path(__file__).resolve().parent.parent
PAGES = [
    *(path.name for path in ROOT.glob("*.md")),
    *(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")),
]
LINK = re.compile(r"\[[^\]]*\]\(([^)#]*)(?:#[^)]*)?\)")


def text(page: str) -> str:
    """One page."""
    return (ROOT / page).read_text("utf-8")


def generated(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the generator of pages and schemas."""
    return subprocess.run(
        [sys.executable, ROOT / "docs" / "generate.py", *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_generated_pages_are_up_to_date() -> None:
    """`make docs` would change nothing."""
    done = generated("--check")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    """Every relative link of a page names a file of the repository."""
    targets = [target for target in LINK.findall(text(page)) if "://" not in target and target]
    missing = [target for target in targets if not ((ROOT / page).parent / target).exists()]
    assert missing == []


def test_readme_names_every_option() -> None:
    """Each option of `collect` is explained in the README."""
    options = set(re.findall(r"--[a-z][a-z-]+", text("docs/cli.md")))
    assert {option for option in options if option not in text("README.md")} == set()


def test_readme_names_no_command_that_is_not_there() -> None:
    """Each `runarchive <word>` of the README is a command."""
    there = set(re.findall(r"^## runarchive (\w+)", text("docs/cli.md"), re.MULTILINE))
    named = set(re.findall(r"(?:`|^|\$ )runarchive ([a-z]+)", text("README.md"), re.MULTILINE))
    assert named == there


def test_every_field_is_listed() -> None:
    """The page of fields has a row per field."""
    page = text("docs/fields.md")
    assert [item.name for item in FIELDS if f"| `{item.name}` |" not in page] == []


def test_every_reader_is_listed() -> None:
    """The page of readers has a row per reader."""
    page = text("docs/readers.md")
    assert [item.name for item in registry.readers() if f"| `{item.name}` |" not in page] == []


def test_archive_page_names_every_key_of_the_record() -> None:
    """The page on the archive explains each top-level key of the record."""
    keys = [spec.rstrip("_") for spec in record.RunRecord.__dataclass_fields__]
    assert [key for key in keys if f"`{key}`" not in text("docs/archive.md")] == []


def test_archive_page_names_every_column() -> None:
    """The page on the archive explains each column of the tables and each key of the inventory."""
    from archiver.package import tables

    schema: Any = tables._schema()
    names = [*schema.names, *tables._CSV_HEADER.strip().split(",")]
    names += list(record.FileEntry.__dataclass_fields__)
    names += list(record.Accounting.__dataclass_fields__)
    assert [name for name in names if f"`{name}`" not in text("docs/archive.md")] == []


def test_changelog_knows_the_version() -> None:
    """The changelog has a section of the version that the package states."""
    assert f"## [{__version__}]" in text("CHANGELOG.md")


def test_make_targets_of_the_documentation_exist() -> None:
    """Each `make <target>` of a page is a target of the Makefile."""
    targets = set(re.findall(r"^([a-z]+):", text("Makefile"), re.MULTILINE))
    named = {word for page in PAGES for word in re.findall(r"`make ([a-z]+)`", text(page))}
    assert named - targets == set()


def test_pins_cover_what_is_asked_for() -> None:
    """Every dependency of the project and of its groups is pinned to one version."""
    project = tomllib.loads(text("pyproject.toml"))
    wanted = {
        "requirements/dev.txt": [
            *project["project"]["dependencies"], *project["dependency-groups"]["dev"],
        ],
        "requirements/oracles.txt": project["dependency-groups"]["oracles"],
    }  # fmt: skip
    for page, requirements in wanted.items():
        pins = set(re.findall(r"^([A-Za-z0-9._-]+)==\S+", text(page), re.MULTILINE))
        names = {_name(requirement) for requirement in requirements}
        assert names - {_name(pin) for pin in pins} == set(), page


def _name(requirement: str) -> str:
    head = re.split(r"[^A-Za-z0-9._-]", requirement)[0]
    return re.sub(r"[-_.]+", "-", head).lower()
