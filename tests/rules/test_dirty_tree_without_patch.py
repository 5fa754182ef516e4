"""The code had uncommitted changes, and nothing kept them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from archiver.model.findings import Finding, RunFindings
from tests.rules.provenance import claim, entries, hits, mutated, repository, told

Audit = Callable[..., RunFindings]
Compare = Callable[[RunFindings, RunFindings], list[Finding]]

COMMIT = "36dabb4dac84522f4ece7f5a779a82e1bbbe5f38"


def test_flag_alone() -> None:
    """A dirty flag without a checkout is told at the flag."""
    (hit,) = hits("dirty-tree-without-patch", fields={"summary.git_dirty": claim(True, "a.json")})
    assert hit.message == "the training code was dirty, and no patch was kept"
    assert hit.at.path == "a.json"


def test_own_code_comes_first() -> None:
    """Several checkouts are one finding, the run's own first; repeated ones count once."""
    log = repository(role="dependency", name="task", commit=COMMIT, dirty=True)
    own = repository(commit=COMMIT, dirty=True, status=("?? a", "?? b"))
    assert told(hits("dirty-tree-without-patch", repositories=(log, log, own))) == [
        (
            'CoordExp was dirty at 36dabb4dac84 (2 entries, all untracked: "?? a", "?? b"); '
            "task was dirty at 36dabb4dac84, and no patch was kept"
        )
    ]


def test_list_that_was_cut_says_so() -> None:
    """A cut list has that many entries or more; hostile names are cut, too."""
    status = tuple("M " + "x" * 10_000 for _ in range(200))
    (hit,) = hits(
        "dirty-tree-without-patch",
        repositories=(repository(dirty=True, status=status, status_cut=True),),
    )
    assert "(200 or more entries: " in hit.message
    assert len(hit.message) < 400


@pytest.mark.parametrize(
    "path",
    ["code/diff.patch", "diff.patch.gz", "GIT.DIFF", "git_diff.txt", "repo-git-diff", "a/b.diff"],
)
def test_patch_was_kept(path: str) -> None:
    """A file that is a patch by its name settles it."""
    found = hits(
        "dirty-tree-without-patch",
        repositories=(repository(dirty=True),),
        files=entries("a.json", path),
    )
    assert found == []


@pytest.mark.parametrize("path", ["patch_embed.pt", "diffusion.json", "dispatch.log"])
def test_other_names_are_no_patch(path: str) -> None:
    """Names that only contain the word do not settle it."""
    found = hits(
        "dirty-tree-without-patch", repositories=(repository(dirty=True),), files=entries(path)
    )
    assert len(found) == 1


def test_clean_and_unknown_trees_are_quiet() -> None:
    """A clean tree, and one of which nobody knows, are no finding."""
    clean = (repository(dirty=False), repository(dirty=None))
    fields = {"summary.git_dirty": claim("true", "a.json")}
    assert hits("dirty-tree-without-patch", repositories=clean, fields=fields) == []


def test_mutation(tmp_path: Path, audited: Audit, new_findings: Compare) -> None:
    """A patch that is taken away is missed, and nothing else."""
    before, after = mutated(
        tmp_path, "dirty_tree_without_patch/quiet-patch-kept", {"code/diff.patch": None}
    )
    found = new_findings(audited(before), audited(after))
    assert [item.name for item in found] == ["dirty-tree-without-patch"]
