"""A configuration includes a file that is not there, or the same file twice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from archiver.model.findings import Finding, RunFindings
from tests.rules.provenance import hits, mutated, problem, told

Audit = Callable[..., RunFindings]
Compare = Callable[[RunFindings, RunFindings], list[Finding]]


def test_each_file_is_told_at_its_first_include() -> None:
    """The includes of a file that fail are one finding; other problems are not this rule's."""
    found = hits(
        "unresolved-include",
        problems=(
            problem("include-missing", "a.py", "L3", "b.py is included and not there"),
            problem("include-unresolved", "a.py", "L4", "INCLUDE is no path"),
            problem("include-twice", "c.py", "L1", "a.py is included more than once"),
            problem("truncated", "a.py"),
        ),
    )
    assert told(found) == [
        "b.py is included and not there (1 more include fails)",
        "a.py is included more than once",
    ]
    assert [hit.at.place for hit in found] == ["L3", "L1"]
    assert [place.at.place for place in found[0].related] == ["L4"]


def test_mutation(tmp_path: Path, audited: Audit, new_findings: Compare) -> None:
    """An included file that is taken away is found, and nothing else."""
    before, after = mutated(
        tmp_path, "unresolved_include/quiet-kept", {"configs/common/base.py": None}
    )
    found = new_findings(audited(before), audited(after))
    assert [item.name for item in found] == ["unresolved-include"]
