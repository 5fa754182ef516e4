"""What is no file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from archiver.model.record import FileEntry
from tests.rules.artifacts import Audit, Compare, copies, hits


@pytest.mark.parametrize(
    ("kind", "severity", "message"),
    [
        ("fifo", "note", "a named pipe is no file and is not kept"),
        ("socket", "note", "a socket is no file and is not kept"),
        ("device", "warning", "a device is no file and is not kept"),
    ],
)
def test_each_type(kind: str, severity: str, message: str) -> None:
    """Devices weigh more."""
    (hit,) = hits("special-file", files=(FileEntry("run", "x", kind),))
    assert (str(hit.severity), hit.message, hit.at.path) == (severity, message, "x")


def test_many_are_one_finding() -> None:
    """Each type is counted; files, links and directories are none of it."""
    files = [FileEntry("run", f"s{n}", "socket") for n in range(30)]
    plain = [FileEntry("run", kind, kind) for kind in ("file", "symlink", "directory")]
    (hit,) = hits("special-file", files=(*plain, *files))
    assert hit.message == "30 sockets are no files and are not kept"
    assert len(hit.related) == 20


def test_mutation(audited: Audit, new_findings: Compare, tmp_path: Path) -> None:
    """A named pipe is found, and nothing else; nobody waits for its writer."""
    before, after = copies("ambiguous_text/quiet-once", tmp_path)
    os.mkfifo(after / "progress.json")
    found = new_findings(audited(before), audited(after))
    assert [(item.name, item.at.path, str(item.severity)) for item in found] == [
        ("special-file", "progress.json", "note")
    ]
