"""Every directory of the corpus is archived: no crash, every file accounted for."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

NAMED = os.environ.get("RUNARCHIVE_CORPUS", "")
DIRECTORIES = sorted(
    path.relative_to(NAMED).as_posix()
    for group in (Path(NAMED).iterdir() if NAMED else ())
    if group.is_dir() and group.name != "expected"
    for path in group.iterdir()
    if path.is_dir()
)


@pytest.mark.skipif(not NAMED, reason="RUNARCHIVE_CORPUS does not name a directory of real runs")
@pytest.mark.parametrize("name", DIRECTORIES)
def test_every_directory_is_archived(
    name: str, corpus: Path, cli: Callable[..., Any], tmp_path: Path
) -> None:
    """Exit 0, no crash of a reader, and each file of the directory in an inventory."""
    directory = corpus / name
    ran = cli(
        "collect", directory, "-o", tmp_path / "archives", "--copy", "none", "--format", "json"
    )
    assert (ran.code, ran.err) == (0, "")
    archives = [Path(item["archive"]) for item in json.loads(ran.out)["archives"]]
    assert archives
    listed: set[str] = set()
    for archive in archives:
        record = json.loads((archive / "record.json").read_bytes())
        codes = [problem["code"] for problem in record["problems"]]
        assert "reader-crash" not in codes
        assert record["fields"]["summary.status"]["value"] in {
            "success", "failed", "interrupted", "running", "unknown",
        }  # fmt: skip
        assert all(point["read"] >= 0 and point["corrupt"] >= 0 for point in _books(record))
        lines = (archive / "inventory.ndjson").read_text("utf-8").splitlines()
        listed |= {Path(json.loads(line)["path"]).name for line in lines}
    there = {path.name for path in directory.rglob("*") if path.is_symlink() or path.is_file()}
    assert there <= listed


def _books(record: dict[str, Any]) -> list[dict[str, int]]:
    return [{"read": 0, "corrupt": 0} | item for item in record.get("accounting", ())]
