"""A file of a rotated log is missing between the others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from archiver.model.findings import Finding, RunFindings
from tests.rules.made import CASES, copied, hits, problem, told

Audit = Callable[..., RunFindings]
Compare = Callable[[RunFindings, RunFindings], list[Finding]]


def test_each_stream_once():
    """A gap and a lost end of one stream are one finding."""
    met = (
        problem("missing-shard", "rotated files are missing between others: 2", "m.3"),
        problem("missing-shard", "the file that was written to last is missing", "m.3"),
        problem("missing-shard", "rotated files are missing between others: 4", "n.9"),
        problem("truncated", "not this rule's", "m.1"),
    )
    assert told(hits("missing-shard", problems=met)) == [
        "rotated files are missing between others: 2 (and 1 more of this kind)",
        "rotated files are missing between others: 4",
    ]


def test_mutation(tmp_path: Path, audited: Audit, new_findings: Compare) -> None:
    """A file in the middle that is taken away is missed, and nothing else."""
    before, after = copied("missing_shard/quiet-oldest-dropped", tmp_path)
    oldest = CASES / "missing_shard/fires-gap/input/toy-ctx/metrics.ndjson.2"
    for run in (before, after):
        (run / "toy-ctx/metrics.ndjson.2").write_bytes(oldest.read_bytes())
    (after / "toy-ctx/metrics.ndjson.1").unlink()
    found = new_findings(audited(before, "missing-shard"), audited(after, "missing-shard"))
    assert [(item.name, item.at.path) for item in found] == [("missing-shard", "metrics.ndjson.2")]
