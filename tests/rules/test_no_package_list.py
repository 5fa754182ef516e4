"""No artifact lists the packages that the run was made with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from archiver.model.claims import Location
from archiver.model.findings import Finding, RunFindings
from archiver.model.record import Dependency
from tests.rules.provenance import TRAIN, hits, mutated, told

Audit = Callable[..., RunFindings]
Compare = Callable[[RunFindings, RunFindings], list[Finding]]


def packages(number: int, kind: str) -> tuple[Dependency, ...]:
    """That many packages."""
    return tuple(
        Dependency(at=Location("a"), name=f"package-{n}", version="1", kind=kind)
        for n in range(number)
    )


def test_imports_are_no_list() -> None:
    """Versions of what was imported are counted and do not count as a list."""
    found = hits("no-package-list", dependencies=packages(1, "imported"))
    assert told(found) == [
        "neither a lockfile nor a list of installed packages is there; only 1 version is known"
    ]


def test_either_list_is_enough() -> None:
    """A lockfile or a list of what was installed is a list."""
    assert hits("no-package-list", dependencies=packages(3, "locked")) == []
    assert hits("no-package-list", dependencies=packages(3, "installed")) == []


def test_package_of_a_framework_is_no_list() -> None:
    """An evaluation log names the packages of its framework alone."""
    assert len(hits("no-package-list", dependencies=packages(2, "installed"))) == 1


def test_run_that_did_nothing_is_not_asked() -> None:
    """Without a step, or before anything was measured, there is nothing to repeat."""
    from dataclasses import replace

    assert hits("no-package-list", steps=()) == []
    assert hits("no-package-list", steps=(replace(TRAIN, status="failed"),), series=()) == []


def test_mutation(tmp_path: Path, audited: Audit, new_findings: Compare) -> None:
    """A list that is taken away is missed, and nothing else."""
    before, after = mutated(tmp_path, "no_package_list/quiet-frozen", {"pip_freeze.txt": None})
    found = new_findings(audited(before), audited(after))
    assert [item.name for item in found] == ["no-package-list"]
