"""Links that lead out of the run."""

from __future__ import annotations

from pathlib import Path

import pytest

from archiver.model.record import FileEntry
from tests.rules.artifacts import Audit, Compare, copies, hits


def link(path: str, target: str) -> FileEntry:
    """A symbolic link as the inventory lists it."""
    return FileEntry("run", path, "symlink", target=target)


@pytest.mark.parametrize(
    ("path", "target", "severity"),
    [
        ("a", "b", None),
        ("ckpt/last", "../best", None),
        ("a/b/c", "../../x/../y", None),
        ("a", "../run-1/b", None),
        ("a", "/data/exp/run-1/b", None),
        ("a", "/data/exp/run-1", None),
        ("a", "../b", "note"),
        ("a/b", "../../b", "note"),
        ("a", "/mnt/data", "note"),
        ("a", "/dev/shm/cache", "note"),  # noqa: S108
        ("a", "/data/run-1/../../b", "note"),
        ("a", "/etc/passwd", "warning"),
        ("a", "/etc/run-1/passwd", "warning"),
        ("a", "../../../../etc/shadow", "warning"),
        ("a", "/proc/self/environ", "warning"),
        ("a", "/home/lab/.ssh/id_ed25519", "warning"),
        ("a", "/etcetera/x", "note"),
    ],
)
def test_where_a_link_leads(path: str, target: str, severity: str | None) -> None:
    """Decided by the text of the target alone."""
    found = hits("link-leaving-run", files=(link(path, target),))
    assert [str(hit.severity) for hit in found] == ([severity] if severity else [])


def test_many_links_are_one_finding() -> None:
    """They are counted; what is no link, or has no target, is left alone."""
    files = [link(f"d/{n}", f"/mnt/{n}") for n in range(1500)]
    found = hits("link-leaving-run", files=(*files, FileEntry("run", "x", "file", target="/etc/x")))
    (hit,) = found
    assert hit.message == "1,500 links lead out of the run, the first to /mnt/0"
    assert len(hit.related) == 20
    assert hits("link-leaving-run", files=(FileEntry("run", "y", "symlink"),)) == []


def test_long_targets_are_bounded() -> None:
    """A target is told in part."""
    (hit,) = hits("link-leaving-run", files=(link("a", "/x" * 100_000),))
    assert len(hit.message) < 300


def test_mutation(audited: Audit, new_findings: Compare, tmp_path: Path) -> None:
    """A link to another disk is found, and nothing else."""
    before, after = copies("link_leaving_run/quiet-inside", tmp_path)
    (after / "weights").symlink_to("/mnt/models/tiny")
    found = new_findings(audited(before), audited(after))
    assert [(item.name, item.at.path, str(item.severity)) for item in found] == [
        ("link-leaving-run", "weights", "note")
    ]
