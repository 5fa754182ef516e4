"""Packages were not those that are locked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from archiver.model.claims import Location, Origin
from archiver.model.findings import Finding, RunFindings
from archiver.model.record import Dependency
from tests.rules.made import book, copied, hits, told

Audit = Callable[..., RunFindings]
Compare = Callable[[RunFindings, RunFindings], list[Finding]]

PLACES = {"locked": "uv.lock", "installed": "freeze.txt", "imported": "env.json"}


def package(kind, name, version, note=None, **more):
    """One package of a list."""
    at = Location(more.pop("path", PLACES[kind]), f"/{name}")
    return Dependency(at=at, name=name, version=version, kind=kind, note=note, **more)


@pytest.mark.parametrize(
    ("locked", "there"),
    [
        ("2.3.4", "2.3.4"),
        ("2.3", "2.3.0"),
        ("2.9.0", "2.9.0+cu128"),
        ("1.0rc1", "1.0-rc.1"),
        ("v1.0", "1.0"),
        ("2024a", "2024a"),
        (None, "1.0"),
    ],
)
def test_one_version_in_two_spellings(locked, there):
    """As PEP 440 reads them; without a version there is nothing to compare."""
    pair = (package("locked", "a", locked), package("installed", "a", there))
    assert hits("package-drift", dependencies=pair) == []


@pytest.mark.parametrize(
    ("locked", "there"),
    [("2.3.4", "2.3.5"), ("2.9.0+cpu", "2.9.0+cu128"), ("2024a", "2024b"), ("1.0", "1" * 5000)],
)
def test_two_versions(locked, there):
    """Also of packages whose versions are no PEP 440, or absurd."""
    pair = (package("locked", "a", locked), package("installed", "a", there))
    assert len(hits("package-drift", dependencies=pair)) == 1


def test_names_are_normalised():
    """`Typing_Extensions` and `typing-extensions` are one package."""
    pair = (
        package("locked", "typing-extensions", "4.1"),
        package("installed", "Typing_Extensions", "4.2"),
    )
    (hit,) = hits("package-drift", dependencies=pair)
    assert hit.message == (
        "1 of 1 locked packages differs from what was there: Typing_Extensions 4.2 (locked: 4.1)"
    )
    assert (str(hit.at), str(hit.related[0].at)) == (
        "freeze.txt#/Typing_Extensions",
        "uv.lock#/typing-extensions",
    )


def test_one_of_several_locked_versions_is_enough():
    """A lockfile pins a package once per platform."""
    locked = (package("locked", "a", "1.0"), package("locked", "a", "2.0"))
    assert hits("package-drift", dependencies=(*locked, package("installed", "a", "2.0"))) == []


def test_pins_that_do_not_bind():
    """Under a condition that may not have held, and the project itself."""
    locked = (
        package("locked", "a", "1.0", "only where python_version < '3.9'"),
        package("locked", "b", "0.1", "editable, from ."),
    )
    there = (package("installed", "a", "2.0"), package("installed", "b", "0.2"))
    assert hits("package-drift", dependencies=(*locked, *there)) == []


def test_imported_against_installed():
    """What the program reported is held against the list; what a file tells of its maker is not."""
    there = (
        package("installed", "torch", "2.8.0"),
        package("imported", "torch", "2.9.0"),
        package("installed", "transformers", "4.57.1"),
        package("imported", "transformers", "4.51.0", origin=Origin.DERIVED),
        package("imported", "vllm", "1", state="not_installed"),
    )
    assert told(hits("package-drift", dependencies=there)) == [
        "1 package that the program reported is of another version: torch 2.9.0 (installed: 2.8.0)"
    ]


def test_imported_against_locked():
    """Where there is no list of installed packages, what was imported stands for it."""
    pair = (package("locked", "torch", "2.9.0"), package("imported", "torch", "2.8.0"))
    assert told(hits("package-drift", dependencies=pair)) == [
        "1 of 1 locked packages differs from what was there: torch 2.8.0 (locked: 2.9.0)"
    ]


@pytest.mark.parametrize(
    ("counts", "path", "found"),
    [
        ({}, "requirements.txt", 1),
        ({"dropped": 1}, "requirements.txt", 0),
        ({"read": 9}, "requirements.txt", 0),
        ({}, "uv.lock", 0),
        ({}, "requirements-dev.txt", 0),
    ],
)
def test_locked_and_not_installed(counts, path, found):
    """Only of a plain list against a whole one: other lockfiles hold more than is installed."""
    packages = (
        package("locked", "tqdm", "4.67", path=path),
        package("installed", "torch", "2.9.0"),
    )
    books = (book("freeze.txt", "packages.pip_freeze", **{"read": 12, **counts}),)
    assert len(hits("package-drift", dependencies=packages, accounting=books)) == found


def test_many_are_one_finding():
    """The first are named, the others counted."""
    names = [f"p{n}" for n in range(20_000)]
    locked = [package("locked", name, "1") for name in names]
    there = [package("installed", name, "2") for name in names]
    (hit,) = hits("package-drift", dependencies=(*locked, *there))
    assert hit.message.startswith("20000 of 20000 locked packages differ from what was there: p0 2")
    assert hit.message.endswith("and 19995 more")


def test_many_versions_of_one_package():
    """Two long lists of one package are compared in bounded time."""
    locked = [package("locked", "a", f"1.{n}") for n in range(20_000)]
    there = [package("installed", "a", f"2.{n}") for n in range(20_000)]
    assert len(hits("package-drift", dependencies=(*locked, *there))) == 1


def test_mutation(tmp_path: Path, audited: Audit, new_findings: Compare) -> None:
    """Another version in the list of installed packages is found, and nothing else."""
    before, after = copied("package_drift/quiet-same-in-other-words", tmp_path)
    listed = after / "toy-ctx/provenance/pip-freeze.txt"
    listed.write_text(listed.read_text("utf-8").replace("4.57.1", "4.57.2"), "utf-8")
    found = new_findings(audited(before), audited(after))
    assert [(item.name, item.line) for item in found] == [("package-drift", 3)]
