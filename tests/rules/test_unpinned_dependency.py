"""A package came from a checkout whose state is not recorded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from archiver.model.claims import Location
from archiver.model.findings import Finding, RunFindings
from archiver.model.record import Dependency, Repository
from tests.rules.made import copied, hits, told

Audit = Callable[..., RunFindings]
Compare = Callable[[RunFindings, RunFindings], list[Finding]]

COMMIT = "9c1e7f0b6a52d4c83e11f7f0d0a4b5c6d7e8f901"


def package(note=None, kind="installed", **facts):
    """One package of a list."""
    return Dependency(
        at=Location("freeze.txt", "L1"), name="tool", version=None, kind=kind, note=note, **facts
    )


@pytest.mark.parametrize(
    "note",
    [
        "editable",
        "editable, from /src/tool",
        "from git+https://h/tool.git@main",
        "git, from https://h/tool",
    ],
)
def test_checkout_without_a_commit(note):
    """However it was installed."""
    found = hits("unpinned-dependency", dependencies=(package(note),))
    assert told(found) == ["1 package came from a checkout of unknown state: tool (no commit)"]
    assert hits("unpinned-dependency", dependencies=(package(note, commit=COMMIT),)) == []


@pytest.mark.parametrize(
    "item",
    [
        package("editable, from .", kind="locked"),
        package("from file:///wheels/tool-1.0-py3-none-any.whl"),
        package("build py311_0"),
        package("no version pinned"),
        package(),
        package(dirty=False),
        package("editable", state="not_installed"),
        package("from digital+https://h"),
    ],
)
def test_no_checkout(item):
    """The project in its own lockfile, a wheel, a release."""
    assert hits("unpinned-dependency", dependencies=(item,)) == []


def test_changed_checkout():
    """A commit does not help where there were changes; several lists count once."""
    found = hits(
        "unpinned-dependency",
        dependencies=(package(commit=COMMIT, dirty=True), package("editable")),
    )
    assert told(found) == [
        "1 package came from a checkout of unknown state: tool (commit 9c1e7f0b6a52, with changes)"
    ]
    assert told(hits("unpinned-dependency", dependencies=(package(dirty=True),))) == [
        "1 package came from a checkout of unknown state: tool (no commit, with changes)"
    ]


def test_repository_that_was_looked_at():
    """Its changes are reported with its state, not again here."""
    repository = Repository(
        at=Location("m.json"), role="dependency", name="tool", commit=COMMIT, dirty=True
    )
    item = package(commit=COMMIT, dirty=True)
    assert hits("unpinned-dependency", dependencies=(item,), repositories=(repository,)) == []


def test_mutation(tmp_path: Path, audited: Audit, new_findings: Compare) -> None:
    """A commit that is exchanged for a branch is missed, and nothing else."""
    before, after = copied("unpinned_dependency/quiet-commits", tmp_path)
    listed = after / "toy-ctx/provenance/pip-freeze.txt"
    listed.write_text(listed.read_text("utf-8").replace(COMMIT, "main"), "utf-8")
    found = new_findings(audited(before), audited(after))
    assert [(item.name, item.line) for item in found] == [("unpinned-dependency", 2)]
