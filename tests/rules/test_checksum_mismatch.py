"""A document is not the one whose checksum it holds."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from archiver.model.findings import Finding, RunFindings
from tests.rules.made import copied, hits, problem, told

Audit = Callable[..., RunFindings]
Compare = Callable[[RunFindings, RunFindings], list[Finding]]


def test_each_document_once():
    """What the reader met, and nothing of other codes."""
    met = (
        problem("checksum-mismatch", "checksum is 1, the payload's is 2", "a.json", "/checksum"),
        problem("no-digest", "not this rule's", "b"),
    )
    (hit,) = hits("checksum-mismatch", problems=met)
    assert (told([hit]), str(hit.at)) == (["checksum is 1, the payload's is 2"], "a.json#/checksum")


def test_mutation(tmp_path: Path, audited: Audit, new_findings: Compare) -> None:
    """A value that is edited is found, and nothing else."""
    before, after = copied("checksum_mismatch/quiet-untouched", tmp_path)
    (path,) = after.glob("*/pipeline_manifest.json")
    document = json.loads(path.read_text("utf-8"))
    document["pipeline"]["checksum"] = "0" * 64
    path.write_text(json.dumps(document), "utf-8")
    found = new_findings(audited(before), audited(after))
    assert [(item.name, item.at.place) for item in found] == [
        ("checksum-mismatch", "/pipeline/checksum")
    ]
