"""What is recorded of a checkout contradicts itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from archiver.model.findings import Finding, RunFindings
from tests.rules.provenance import entries, hits, mutated, repository, told

Audit = Callable[..., RunFindings]
Compare = Callable[[RunFindings, RunFindings], list[Finding]]


def test_clean_with_changes() -> None:
    """A clean flag beside changed files is a contradiction; nothing known is none."""
    changed = repository(dirty=False, status=(" M a",))
    assert told(hits("contradictory-tree-state", repositories=(changed,))) == [
        'CoordExp is said to be clean, and 1 changed file is listed: " M a"'
    ]
    unknown = repository(dirty=None, status=(" M a",))
    assert hits("contradictory-tree-state", repositories=(unknown,)) == []


def test_dirty_without_changes_depends_on_the_producer() -> None:
    """Only a producer that lists changes contradicts itself by listing none."""
    dirty = repository(dirty=True)
    assert hits("contradictory-tree-state", repositories=(dirty,)) == []
    files = entries("run_metadata.json", kind="coordexp.run_metadata")
    assert len(hits("contradictory-tree-state", repositories=(dirty,), files=files)) == 1
    checkout = repository(dirty=True, role="dependency", name="ms-swift")
    assert hits("contradictory-tree-state", repositories=(checkout,), files=files) == []


def test_several_commits_of_a_dependency() -> None:
    """Different commits of one repository are one finding; abbreviations and the run's are none."""
    task = [
        repository(role="dependency", name="task", commit=commit)
        for commit in ("a659e51", "a659e51ff", "b1c2d3e", "b1c2d3e")
    ]
    (hit,) = hits("contradictory-tree-state", repositories=tuple(task))
    assert hit.message == ('task is at commit "a659e51" here and at "b1c2d3e" in run_metadata.json')
    assert len(hit.related) == 1
    own = (repository(commit="a659e51"), repository(commit="b1c2d3e"))
    assert hits("contradictory-tree-state", repositories=own) == []
    elsewhere = (task[0], repository(role="dependency", name="other", commit="b1c2d3e"))
    assert hits("contradictory-tree-state", repositories=elsewhere) == []


def test_mutation(tmp_path: Path, audited: Audit, new_findings: Compare) -> None:
    """A change beside a clean flag is found, and nothing else."""
    before, after = mutated(
        tmp_path,
        "dirty_tree_without_patch/quiet-clean",
        {"run_metadata.json#/git_status_porcelain": [" M src/train.py"]},
    )
    found = new_findings(audited(before), audited(after))
    assert [item.name for item in found] == ["contradictory-tree-state"]
