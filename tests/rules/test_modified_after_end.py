"""Artifacts that were written to after the end."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from archiver.model.record import FileEntry
from tests.rules.timelines import FIXTURES, Audit, Compare, field, hits, mutated, status

NAME = "modified-after-end"
END = {"summary.finished_at": field("2026-01-01T00:00:00+00:00"), **status("success")}


def file(path, time, kind="codex_ml.config", **more):
    """A file of a known kind."""
    facts = {"scope": "run", "type": "file", **more}
    return FileEntry(path=path, mtime=f"2026-01-01T{time}+00:00", kind=kind, **facts)


EARLY = [file(f"old-{n}", "00:00:00") for n in range(3)]


def test_all_artifacts_are_one_finding():
    """The first is the place, the others are named."""
    late = [file("a.json", "01:00:00"), file("b.json", "05:00:00")]
    (hit,) = hits(NAME, files=[*EARLY, *late], fields=END)
    assert hit.message == (
        "2 artifacts were modified after the run's last sign of life at"
        " 2026-01-01T00:00:00+00:00: a.json 60 min later, b.json 5.0 h later"
    )
    assert (hit.at.path, hit.related[0].at.path) == ("a.json", "b.json")


@pytest.mark.parametrize(
    "late",
    [
        file("a.json", "00:29:00"),
        file("a.json", "05:00:00", kind=None),
        file("a.json", "05:00:00", kind="hf.export"),
        file("a.json", "05:00:00", kind="inspect_ai.log"),
        file("a.json", "05:00:00", scope="experiment"),
        file("a.json", "05:00:00", type="directory"),
    ],
)
def test_what_may_be_late(late):
    """The margin, unknown files, what evaluates a finished run, what is not the run's own."""
    assert hits(NAME, files=[*EARLY, late], fields=END) == []


def test_a_copy_makes_every_file_new():
    """File times are then evidence of nothing."""
    late = [file(f"new-{n}", "05:00:00") for n in range(4)]
    assert hits(NAME, files=[*EARLY, *late], fields=END) == []


@pytest.mark.parametrize(
    "fields",
    [
        {**END, **status("running")},
        {**END, **status("unknown")},
        {"summary.finished_at": field("2026-01-01T00:00:00"), **status("success")},
        {"summary.finished_at": END["summary.finished_at"]},
        status("success"),
    ],
)
def test_runs_without_a_known_end(fields):
    """A local stamp is no end that a file time could be later than."""
    late = [file("a.json", "05:00:00")]
    assert hits(NAME, files=[*EARLY, *late], fields=fields) == []


def test_the_threshold():
    """Minutes that writing may take."""
    files = [*EARLY, file("a.json", "02:00:00")]
    assert len(hits(NAME, files=files, fields=END)) == 1
    assert hits(NAME, files=files, fields=END, thresholds={"margin_minutes": 180}) == []


def test_a_configuration_that_was_touched(
    tmp_path: Path, audited: Audit, new_findings: Compare
) -> None:
    """One file of a run whose times are those of the run."""
    end = 1_795_144_848  # 2026-11-20T03:20:48Z, its `completed_at`
    copies = tmp_path / "before", tmp_path / "after"
    for copy in copies:
        shutil.copytree(FIXTURES / "rules/stale_running/quiet-completed/input", copy)
        (copy / "notes.txt").write_text("none\n")
        for path in copy.iterdir():
            os.utime(path, (end, end))
    os.utime(copies[1] / "experiment.json", (end + 86_400, end + 86_400))
    assert mutated(audited, new_findings, copies) == [("RA405", "experiment.json", "")]
