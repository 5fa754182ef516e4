"""Runs of which nobody knows how they ended."""

from __future__ import annotations

import json
from pathlib import Path

from tests.rules.timelines import AT, Audit, Compare, hits, mutated, status, step, told

NAME = "unknown-outcome"


def test_what_was_seen_instead_is_told():
    """How far it came is worth knowing; a note that no place stands behind is not evidence."""
    assert told(hits(NAME, fields=status("unknown", from_=(AT,), note="log#L1: step 3"))) == [
        "nothing in the run says how it ended; log#L1: step 3"
    ]
    plain = ["nothing in the run says how it ended"]
    assert told(hits(NAME, fields=status("unknown", note="nothing"))) == plain
    assert len(told(hits(NAME, fields=status("unknown", from_=(AT,), note="x" * 9999)))[0]) < 400


def test_what_is_no_unknown_run():
    """Runs that ended, dry runs, records without a status."""
    dry = (step(status="skipped"), step(status="skipped"))
    assert hits(NAME, fields=status("unknown"), steps=dry) == []
    assert hits(NAME, fields=status("success")) == []
    assert hits(NAME) == []
    half = (step(status="skipped"), step(status="unknown"))
    assert len(hits(NAME, fields=status("unknown"), steps=half)) == 1


def test_an_end_that_was_cut_off(tmp_path: Path, audited: Audit, new_findings: Compare) -> None:
    """The row that codex_ml writes when training is over, and that is gone."""
    rows = [json.dumps({"epoch": 1, "loss": 1 / n, "phase": "train", "step": n}) for n in (1, 2)]
    end = json.dumps({"metric": "final/loss", "phase": "final", "step": 2, "value": 0.5})
    copies = tmp_path / "before", tmp_path / "after"
    for copy, told_rows in zip(copies, ([*rows, end], rows), strict=True):
        place = copy / "mlflow" / "metrics.ndjson"
        place.parent.mkdir(parents=True)
        place.write_text("\n".join(told_rows) + "\n")
    assert mutated(audited, new_findings, copies) == [("RA409", "", "")]
